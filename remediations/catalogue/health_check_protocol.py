"""Let the health check speak the protocol that the port speaks."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.rules.app_lines import LINE_USES
from diagnostics.rules.health_answers import explanation, protocols_differ
from diagnostics.rules.health_case import CASE_NEEDS, CASE_USES, CHECKS_DOC, HealthCase, health_cases, of_the_log
from diagnostics.rules.proven_check import PROVEN_CHECK_USES
from remediations.fix import Case, fix
from remediations.plan import Plan
from remediations.steps import health_checks
from remediations.steps.colours import colours


@fix(
    id="health-check-protocol",
    title="Let the health check speak the protocol of the port",
    risk="low",
    causes=("health-check-protocol-mismatch",),
    calls=("elasticloadbalancing:ModifyTargetGroup",),
    needs=CASE_NEEDS,
    uses=(*CASE_USES, *PROVEN_CHECK_USES, *LINE_USES),
    docs=(CHECKS_DOC,),
)
def health_check_protocol(case: Case) -> Iterator[Plan]:
    """Sets HealthCheckProtocol to the other of HTTP and HTTPS where the application says in its log that the two meet
    there, where users are answered well over the other one on the same port, or where targets were healthy until
    somebody changed it. The protocol of the target group itself stays. Offered only while no target is healthy, since
    it applies to all of them at once. The undo sets the former protocol again.
    """
    for item in health_cases(case.facts):
        why = _proof(item) if item.group.arn in case.cause.resources and item.mended is None else None
        both = colours(case.facts, item.group, "protocol", "port")
        if why is None or explanation(item) != "protocol" or not both.nobody_is_healthy:
            continue
        now = item.group.health_check.protocol
        other = "HTTPS" if now == "HTTP" else "HTTP"
        yield health_checks.plan(
            both,
            {"protocol": other},
            fix="health-check-protocol",
            change=f"protocol {now} → {other}",
            risk="low",
            while_nobody_is_healthy=True,
            warnings=(why,),
            replaces_tasks=bool(item.killed),
        )


def _proof(item: HealthCase) -> str | None:
    now, change = item.group.health_check.protocol, item.changed("healthCheckProtocol")
    if of_the_log(item, "plain-to-tls-port" if now == "HTTP" else "tls-to-plain-port"):
        return "the application's log says that the check meets the other protocol"
    if protocols_differ(item) and item.traffic.served and item.explicit_port is None:
        return f"requests on the same port go over {item.group.protocol}, and users are answered well"
    if change is not None and item.ever_healthy:
        return f"targets were healthy until the protocol was changed at {change.at:%H:%M} UTC"
    return None
