"""Which targets are registered with which target group, and which of them are still draining."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from demo.clock import Clock

MAX_TARGETS_PER_GROUP = 1_000
DEFAULT_DEREGISTRATION_DELAY_S = 300.0


@dataclass(frozen=True, slots=True)
class Target:
    """One registration. A function has no port; `draining_until_s` is None while it is registered."""

    id: str
    port: int | None
    availability_zone: str | None
    registered_at_s: float
    draining_until_s: float | None = None

    @property
    def key(self) -> tuple[str, int | None]:
        return (self.id, self.port)


class TargetRegistry:
    """Registrations by target group ARN, each known by (id, port): one address may serve on several ports.

    Guard it with the layer's lock when threads share it.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._registered: dict[str, dict[tuple[str, int | None], Target]] = defaultdict(dict)
        self._draining: dict[str, dict[tuple[str, int | None], Target]] = defaultdict(dict)
        self._listed: dict[str, tuple[Target, ...]] = {}

    def register(self, tg_arn: str, id: str, port: int | None, az: str | None = None) -> Target:  # noqa: A002
        """Register a target, or return it as it is when it already is registered.

        A draining target serves again at once. Raises ValueError beyond MAX_TARGETS_PER_GROUP.
        """
        group = self._registered[tg_arn]
        if (id, port) in group:
            return group[(id, port)]
        if len(group) >= MAX_TARGETS_PER_GROUP:
            raise ValueError(f"a target group holds at most {MAX_TARGETS_PER_GROUP} targets")
        target = Target(id, port, az, self._clock())
        self._draining[tg_arn].pop(target.key, None)
        group[target.key] = target
        self._listed.pop(tg_arn, None)
        return target

    def deregister(
        self,
        tg_arn: str,
        id: str,  # noqa: A002
        port: int | None,
        delay_s: float = DEFAULT_DEREGISTRATION_DELAY_S,
    ) -> Target | None:
        """Take a target out; it drains for `delay_s`. None when it was not registered."""
        found = self._registered[tg_arn].pop((id, port), None)
        if found is None:
            return None
        self._listed.pop(tg_arn, None)
        until_s = self._clock() + delay_s
        leaving = Target(found.id, found.port, found.availability_zone, found.registered_at_s, until_s)
        if delay_s > 0:
            self._draining[tg_arn][leaving.key] = leaving
        return leaving

    def registered(self, tg_arn: str) -> tuple[Target, ...]:
        """Registered targets, in the order of their registration; the same tuple until that changes."""
        listed = self._listed.get(tg_arn)
        if listed is None:
            listed = self._listed[tg_arn] = tuple(self._registered.get(tg_arn, {}).values())
        return listed

    def draining(self, tg_arn: str, now: float) -> tuple[Target, ...]:
        """Targets whose deregistration delay is running at `now` (epoch seconds)."""
        leaving = self._draining.get(tg_arn, {})
        for key in [key for key, target in leaving.items() if (target.draining_until_s or 0.0) <= now]:
            del leaving[key]
        return tuple(leaving.values())

    def forget(self, tg_arn: str) -> None:
        """Drop everything about a target group that is gone."""
        self._registered.pop(tg_arn, None)
        self._draining.pop(tg_arn, None)
        self._listed.pop(tg_arn, None)


def delay_s_of(attributes: Mapping[str, object]) -> float:
    """The deregistration delay that target group attributes ask for."""
    return float(str(attributes.get("deregistration_delay.timeout_seconds", DEFAULT_DEREGISTRATION_DELAY_S)))
