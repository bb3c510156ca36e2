"""Whether the network lets the load balancer's health checks through to failing targets."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from diagnostics.causes.cause import Facts
from diagnostics.facts import Changes, Fact, LoadBalancers, TargetGroup
from diagnostics.rules.health_case import CASE_NEEDS, CASE_USES, HealthCase
from diagnostics.rules.reachability import Allowed, Blocked, paths
from diagnostics.rules.terrain import TERRAIN_USES, Terrain
from diagnostics.rules.timeouts_over import OPENS

Way = Literal["open", "blocked", "unknown"]
REACH_NEEDS: tuple[type[Fact], ...] = (*CASE_NEEDS, LoadBalancers)
REACH_USES: tuple[type[Fact], ...] = tuple(dict.fromkeys((*CASE_USES, *TERRAIN_USES)))
"""What a cause declares to ask for health cases and for the way to their targets."""


def may_have_been_opened(case: HealthCase, facts: Facts) -> bool:
    """True when somebody changed rules of the network so lately that health checks may not have noticed yet."""
    changes = facts.maybe(Changes)
    check = case.group.health_check
    recovery = timedelta(seconds=check.interval_s * check.healthy_threshold)
    since = facts.window.end - recovery if case.sick.targets else case.sick.reports[0].at
    return any(
        change.name in OPENS and change.error is None and change.at >= since
        for change in (changes.items if isinstance(changes, Changes) else ())
    )


def way_to(case: HealthCase, facts: Facts) -> Way:
    """The rules' verdict for the health checks of the failing targets; where ECS replaced them, of the others."""
    return way_into(case.group, facts, case.sick.keys)


def way_into(group: TargetGroup, facts: Facts, keys: frozenset[str] = frozenset()) -> Way:
    """The rules' verdict for the health checks of these targets of the group, by default of all."""
    verdicts = [
        path.verdict
        for path in paths(Terrain.of(facts))
        if path.target_group == group.arn and "health-check" in path.purposes and (not keys or path.target.key in keys)
    ]
    if any(isinstance(verdict, Blocked) for verdict in verdicts):
        return "blocked"
    return "open" if verdicts and all(isinstance(verdict, Allowed) for verdict in verdicts) else "unknown"
