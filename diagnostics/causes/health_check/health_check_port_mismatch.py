from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import Changes, StoppedTasks, TaskDefinitions
from diagnostics.rules import health_case, health_over
from diagnostics.rules.health_answers import explanation, nothing_maps_the_port
from diagnostics.rules.health_case import HealthCase
from diagnostics.rules.health_finding import finding_of
from diagnostics.rules.proven_port import PROVEN_PORT_USES, check_port_was_closed


@cause(
    code="health-check-port-mismatch",
    title="The health check asks a port on which nothing answers",
    needs=health_case.CASE_NEEDS,
    uses=(*health_case.CASE_USES, *PROVEN_PORT_USES),
    clear_needs=(*health_case.CASE_CLEAR_NEEDS, StoppedTasks, TaskDefinitions, Changes),
    docs=(health_case.CHECKS_DOC, health_case.TROUBLE_DOC),
    replaces=(
        "sg-ingress-missing",
        "sg-ephemeral-range-missing",
        "port-not-listening",
        "health-check-grace-period-too-short",
    ),
    leads_to=health_case.LEADS_TO,
    helped_by=health_case.HELPED_BY,
)
def health_check_port_mismatch(facts: Facts) -> Iterator[Finding]:
    """Decided by a health check port of its own that differs from where requests go, fails to connect, and is not
    among the ports that the tasks open; good answers on the traffic port confirm it. A check on the traffic port
    refutes it, and so do users who cannot connect either, or time-outs since a rule for this port was removed: then
    the port is right and closed.
    """
    for case in health_case.health_cases(facts):
        if explanation(case) != "port":
            continue
        over = health_over.finding(case, facts, "healthCheckPort")
        if over is not None:
            yield over
        if over is not None or case.explicit_port is None:
            continue
        if case.sick.kind != "timeout" or not check_port_was_closed(case.group, facts):
            yield _finding(case, facts, case.explicit_port)


def _finding(case: HealthCase, facts: Facts, port: int) -> Finding:
    change = case.changed("healthCheckPort")
    when = f" since {change.at:%H:%M} UTC" if change else ""
    own = sorted({t.port for t in case.sick.targets if t.port} | {r.port for r in case.reports if r.port})
    serving = ", ".join(str(one) for one in own[:3]) or "another port"
    return finding_of(
        case,
        facts,
        summary=f"the health check asks port {port}{when}, requests go to {serving}",
        supports=(
            health_case.answers(case),
            *_mapping(case, port),
            *health_case.change_of(case, "healthCheckPort", "the health check's port"),
            *health_case.served(case),
        ),
        against=() if nothing_maps_the_port(case) else (_may_be_open(case, port),),
        overturned_by=f"a listener on the port, inside the container: ss -tlnp | grep {port}",
        advice="Set the health check's port to traffic-port, or to the port on which the application answers checks:"
        f" `{health_case.set_check(case, '--health-check-port traffic-port')}`.",
        at_most=None if nothing_maps_the_port(case) or change else "likely",
    )


def _mapping(case: HealthCase, port: int) -> Iterator[Evidence]:
    setting = decisive if case.traffic.served else supporting
    yield setting(health_case.wants(case), "elbv2:DescribeTargetGroups", value=port)
    if nothing_maps_the_port(case) and case.mapped_ports:
        opened = ", ".join(str(one) for one in sorted(case.mapped_ports)[:5])
        yield decisive(f"the tasks open port {opened} and not {port}", "ecs:DescribeTaskDefinition")


def _may_be_open(case: HealthCase, port: int) -> Evidence:
    if case.mapped_ports is None:
        return supporting(f"whether the targets open port {port} was not read", "ecs:DescribeTaskDefinition")
    text = f"the task definition does map port {port}; whether the application listens there was not read"
    return supporting(text, "ecs:DescribeTaskDefinition")
