"""The target groups that an edit of one has to reach: of a blue/green pair, both."""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.causes.cause import Facts
from diagnostics.facts import EcsService, TargetGroup, TargetHealth
from diagnostics.rules.health_case import checked
from diagnostics.rules.proven_check import other_of_the_pair
from diagnostics.rules.routing import service_rolls

OTHER_NOT_KNOWN = "the other target group of the service's pair is not known here; set the same there"


@dataclass(frozen=True, slots=True)
class Colours:
    """`groups` have the same wrong setting, the one that was asked about first; `filled` have targets at present."""

    groups: tuple[TargetGroup, ...]
    filled: tuple[TargetGroup, ...]
    nobody_is_healthy: bool
    warnings: tuple[str, ...] = ()


def colours(facts: Facts, group: TargetGroup, *fields: str) -> Colours:
    """`fields`: those of the health check by which the other group of the pair is seen to be set the same."""
    other = other_of_the_pair(facts, group)
    same = other is not None and all(_value(other, name) == _value(group, name) for name in fields)
    groups = (group, other) if other is not None and same else (group,)
    health = facts[TargetHealth].by_group
    targets = {one.arn: checked(health.get(one.arn, ())) for one in groups}
    service = facts.maybe(EcsService)
    alone = isinstance(service, EcsService) and not service_rolls(service) and other is None
    return Colours(
        groups=groups,
        filled=tuple(one for one in groups if targets[one.arn]) or (group,),
        nobody_is_healthy=not any(target.state == "healthy" for found in targets.values() for target in found),
        warnings=(OTHER_NOT_KNOWN,) if alone else (),
    )


def _value(group: TargetGroup, name: str) -> object:
    return getattr(group.health_check, name)
