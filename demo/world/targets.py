"""Registered targets, as the rest of the simulation asks for them."""

from __future__ import annotations

from moto.elbv2.models import elbv2_backends

from demo.aws.elbv2 import target_group_attributes
from demo.aws.targets import TargetRegistry, delay_s_of
from demo.world.probe import Target
from demo.world.timing import Timing


class Targets:
    """The registry in the world's time: what is registered serves, what is taken out drains."""

    def __init__(self, registry: TargetRegistry, timing: Timing) -> None:
        self._registry = registry
        self._timing = timing

    def active(self, group: str) -> list[Target]:
        """Targets with a port, in the order of their registration."""
        return [Target(group, t.id, t.port) for t in self._registry.registered(group) if t.port is not None]

    def draining(self, group: str) -> list[Target]:
        """Targets whose deregistration delay is running."""
        leaving = self._registry.draining(group, self._timing.now())
        return [Target(group, t.id, t.port) for t in leaving if t.port is not None]

    def register(self, target_group: str, target_id: str, port: int) -> None:
        """What ECS does when a task runs."""
        self._registry.register(target_group, target_id, port)

    def deregister(self, target_group: str, target_id: str, port: int) -> float:
        """What ECS does when a task stops; returns the delay in seconds, before any speeding up."""
        delay_s = self._delay_s(target_group)
        self._registry.deregister(target_group, target_id, port, self._timing.span_s(delay_s))
        return delay_s

    @staticmethod
    def _delay_s(target_group: str) -> float:
        _, _, _, region, account, _ = target_group.split(":", 5)
        group = elbv2_backends[account][region].target_groups.get(target_group)
        return delay_s_of(target_group_attributes(group)) if group is not None else 0.0
