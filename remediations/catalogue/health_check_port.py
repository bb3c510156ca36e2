"""Let the health check ask the port on which the application answers."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.rules.health_answers import explanation
from diagnostics.rules.health_case import CASE_NEEDS, CASE_USES, CHECKS_DOC, HealthCase, health_cases
from diagnostics.rules.proven_check import PROVEN_CHECK_USES, former, proven_traffic_port
from diagnostics.rules.proven_port import PROVEN_PORT_USES
from remediations.fix import Case, fix
from remediations.plan import Plan
from remediations.steps import health_checks
from remediations.steps.colours import colours
from remediations.steps.new_target_groups import TRAFFIC_PORT


@fix(
    id="health-check-port",
    title="Let the health check ask the port on which the application answers",
    risk="low",
    causes=("health-check-port-mismatch",),
    calls=("elasticloadbalancing:ModifyTargetGroup",),
    needs=CASE_NEEDS,
    uses=(*CASE_USES, *PROVEN_CHECK_USES, *PROVEN_PORT_USES),
    docs=(CHECKS_DOC,),
)
def health_check_port(case: Case) -> Iterator[Plan]:
    """Sets HealthCheckPort to what it was before the change that brought the trouble, or to the port of the requests
    where a record shows that the same check passes there: the only port that the tasks open, or the one that the
    container's own health check asks. Offered only while no target is healthy, since it applies to all of them at
    once. The undo sets the former port again.
    """
    for item in health_cases(case.facts):
        if item.group.arn not in case.cause.resources or item.mended or explanation(item) != "port":
            continue
        both = colours(case.facts, item.group, "port")
        found = _proven(case, item)
        if found is None or not both.nobody_is_healthy:
            continue
        port, why = found
        yield health_checks.plan(
            both,
            {"port": port},
            fix="health-check-port",
            change=f"port {item.group.health_check.port} → {port}",
            risk="low",
            while_nobody_is_healthy=True,
            warnings=(why,),
            replaces_tasks=bool(item.killed),
        )


def _proven(case: Case, item: HealthCase) -> tuple[str, str] | None:
    before, change = str(former(item, "healthCheckPort") or ""), item.changed("healthCheckPort")
    if change is not None and (before == TRAFFIC_PORT or before.isdigit()):
        return before, f"the port was {before} until {change.at:%H:%M} UTC, and targets were healthy with it"
    why = proven_traffic_port(item, case.facts)
    return (TRAFFIC_PORT, why) if why else None
