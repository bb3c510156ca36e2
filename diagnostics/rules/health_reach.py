"""Whether the network lets the load balancer's health checks through to failing targets."""

from __future__ import annotations

from typing import Literal

from diagnostics.causes.cause import Facts
from diagnostics.facts import LoadBalancers
from diagnostics.facts.fact import Fact
from diagnostics.rules.health_case import CASE_NEEDS, CASE_USES, HealthCase
from diagnostics.rules.reachability import Allowed, Blocked, paths
from diagnostics.rules.terrain import TERRAIN_USES, Terrain

REACH_NEEDS: tuple[type[Fact], ...] = (*CASE_NEEDS, LoadBalancers)
REACH_USES: tuple[type[Fact], ...] = tuple(dict.fromkeys((*CASE_USES, *TERRAIN_USES)))
"""What a cause declares to ask for health cases and for the way to their targets."""


def way_to(case: HealthCase, facts: Facts) -> Literal["open", "blocked", "unknown"]:
    """The rules' verdict for the health checks of the failing targets; where ECS replaced them, of the others."""
    verdicts = [
        path.verdict
        for path in paths(Terrain.of(facts))
        if path.target_group == case.group.arn
        and "health-check" in path.purposes
        and (not case.sick.keys or path.target.key in case.sick.keys)
    ]
    if any(isinstance(verdict, Blocked) for verdict in verdicts):
        return "blocked"
    return "open" if verdicts and all(isinstance(verdict, Allowed) for verdict in verdicts) else "unknown"
