"""Let the health check ask a path that the application answers."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.rules.health_answers import explanation
from diagnostics.rules.health_case import CASE_NEEDS, CASE_USES, CHECKS_DOC, HealthCase, health_cases
from diagnostics.rules.proven_check import PROVEN_CHECK_USES, Proven, proven_paths, usable_path
from remediations.fix import Case, fix
from remediations.plan import Plan
from remediations.steps import health_checks
from remediations.steps.colours import Colours, colours

ANSWERED_AMISS = frozenset({"path", "redirect", "auth"})


@fix(
    id="health-check-path",
    title="Let the health check ask a path that the application answers",
    risk="medium",
    causes=("health-check-path-mismatch", "health-check-redirect", "health-check-auth-required"),
    calls=("elasticloadbalancing:ModifyTargetGroup",),
    needs=CASE_NEEDS,
    uses=(*CASE_USES, *PROVEN_CHECK_USES),
    docs=(CHECKS_DOC,),
)
def health_check_path(case: Case) -> Iterator[Plan]:
    """Sets HealthCheckPath to a path that is proven to answer: what it was before the change that brought the trouble,
    what the container's own health check asks and passes, what another target group of the same service asks, or what
    the application's log shows it to answer to health checks. Such a line counts only for minutes in which CloudWatch
    counts no request: anybody can send a request that calls itself a health check. Without a record it is not offered.

    Dangerous where a target is healthy: it applies to all targets at once. So it is offered only while none is, and
    stops when one has become healthy in the meantime. In a blue/green pair both target groups are set. The undo sets
    the former path again.
    """
    for item in health_cases(case.facts):
        if item.group.arn in case.cause.resources and item.mended is None and explanation(item) in ANSWERED_AMISS:
            proven = next((one for one in proven_paths(item, case.facts) if usable_path(one.value)), None)
            both = colours(case.facts, item.group, "path")
            if proven is not None and both.nobody_is_healthy:
                yield _plan(item, both, proven)


def _plan(item: HealthCase, both: Colours, proven: Proven) -> Plan:
    return health_checks.plan(
        both,
        {"path": proven.value},
        fix="health-check-path",
        change=f"path {item.path} → {proven.value}",
        risk="medium",
        while_nobody_is_healthy=True,
        warnings=(f"{proven.value} is taken because {proven.why}",),
        replaces_tasks=bool(item.killed),
    )
