"""What every finding about a health check that fails now says alike."""

from __future__ import annotations

from collections.abc import Iterable

from diagnostics.causes.cause import Evidence, Facts, Finding
from diagnostics.report import Band
from diagnostics.rules.health_case import HealthCase, replaced


def finding_of(
    case: HealthCase,
    facts: Facts,
    *,
    summary: str,
    supports: Iterable[Evidence],
    overturned_by: str,
    advice: str,
    against: Iterable[Evidence] = (),
    at_most: Band | None = None,
) -> Finding:
    """What fails the checks of this group; what it means for users, and what ECS did about it, is told with it."""
    return Finding(
        resource=case.group.arn,
        summary=f"{summary}{fail_open_words(case)}",
        supports=(*supports, *replaced(case)),
        against=tuple(against),
        effect_seen=True,
        affects=case.affects,
        explains=case.explains(facts.observed),
        since=case.since,
        overturned_by=overturned_by,
        advice=advice,
        at_most=at_most,
    )


def fail_open_words(case: HealthCase) -> str:
    """What no healthy target means for users; empty while there is one, and where a cause of its own tells it."""
    if not case.all_sick or case.group.target_type != "lambda":
        return ""
    if case.traffic.served:
        return "; no target is healthy, and users are served only because the load balancer fails open"
    if case.traffic.suffers:
        return "; no target is healthy: the load balancer fails open, and users get the targets' errors"
    return "; no target is healthy, so the load balancer sends requests to all of them"
