"""What can be broken and mended from the page: the shape of a fault, and all of them in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from demo.page.place import Place


@dataclass(frozen=True, slots=True)
class Fault:
    """`is_broken` looks at the world, so that it does not matter who mends it. `mend` None: it mends itself."""

    name: str
    label: str
    tells: str
    break_it: Callable[[Place], None]
    is_broken: Callable[[Place], bool]
    mend: Callable[[Place], None] | None


def by_name(faults: Iterable[Fault]) -> dict[str, Fault]:
    return {fault.name: fault for fault in faults}


def all_faults() -> dict[str, Fault]:
    """Every way to break the service, those of the network first."""
    from demo.page import balancer_faults, network_faults, service_faults

    return by_name((*network_faults.FAULTS, *balancer_faults.FAULTS, *service_faults.FAULTS))
