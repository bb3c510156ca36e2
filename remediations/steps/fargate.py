"""Which sizes of task Fargate runs.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html#task_size
"""

from __future__ import annotations

from itertools import chain

from diagnostics.facts import EcsService

_GIB = 1024
_MEMORY: dict[int, tuple[int, ...]] = {
    256: (512, 1 * _GIB, 2 * _GIB),
    512: tuple(range(1 * _GIB, 4 * _GIB + 1, _GIB)),
    1024: tuple(range(2 * _GIB, 8 * _GIB + 1, _GIB)),
    2048: tuple(range(4 * _GIB, 16 * _GIB + 1, _GIB)),
    4096: tuple(range(8 * _GIB, 30 * _GIB + 1, _GIB)),
    8192: tuple(range(16 * _GIB, 60 * _GIB + 1, 4 * _GIB)),
    16384: tuple(range(32 * _GIB, 120 * _GIB + 1, 8 * _GIB)),
}
"""MiB by CPU units."""


def runs_on_fargate(service: EcsService) -> bool:
    providers = service.capacity_providers
    return service.launch_type == "FARGATE" or any(name.startswith("FARGATE") for name in providers)


def is_legal(cpu: int, memory: int) -> bool:
    return memory in _MEMORY.get(cpu, ())


def with_memory(cpu: int, at_least: int) -> tuple[int, int] | None:
    """The smallest size with so much memory and no less CPU."""
    sizes = chain.from_iterable(((units, size) for size in sizes) for units, sizes in _MEMORY.items() if units >= cpu)
    return next((size for size in sizes if size[1] >= at_least), None)


def with_cpu(at_least: int, memory: int) -> tuple[int, int] | None:
    """The smallest size with so much CPU and no less memory."""
    return with_memory(at_least, memory)
