from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import EcsService, TaskDefinitions
from diagnostics.rules import health_case, health_over
from diagnostics.rules.app_lines import LINE_USES
from diagnostics.rules.health_answers import explanation
from diagnostics.rules.health_case import HealthCase
from diagnostics.rules.health_finding import finding_of
from diagnostics.rules.health_reasons import codes_in_words
from diagnostics.rules.runtimes import host_lines_of
from diagnostics.rules.served_by import serving_container
from diagnostics.rules.written import read_in_full, were_read

MISDIRECTED = 421
_NAMES_HOSTS = ("ALLOWED_HOSTS", "ALLOWED_HOST", "TRUSTED_HOSTS", "HOST_WHITELIST", "ALLOWEDHOSTS")


@cause(
    code="health-check-host-rejected",
    title="The application refuses the health check's Host header",
    needs=health_case.CASE_NEEDS,
    uses=health_case.CASE_USES,
    clear_needs=(*health_case.CASE_CLEAR_NEEDS, *LINE_USES),
    docs=(health_case.TROUBLE_DOC, health_case.CHECKS_DOC),
    leads_to=health_case.LEADS_TO,
    helped_by=health_case.HELPED_BY,
)
def health_check_host_rejected(facts: Facts) -> Iterator[Finding]:
    """Decided by targets that answer 400 or 421 to the health check while they answer users, whose requests name a
    host: the load balancer's checks carry the target's IP address as Host. A line of the log in which the application
    refuses the host proves it; without one it is likely at most. Refuted by a 200 to a request with the bare address
    as Host.
    """
    for case in health_case.health_cases(facts):
        if explanation(case) == "host":
            over = health_over.finding(case, facts, "healthCheckPath", "matcher", "healthCheckProtocol")
            yield over or _finding(case, facts)


def _finding(case: HealthCase, facts: Facts) -> Finding:
    codes = codes_in_words(case.sick.codes)
    told_by_answer = MISDIRECTED in case.sick.codes or case.traffic.served
    first = health_case.answers(case)
    if not told_by_answer:
        first = supporting(first.text, first.source, value=first.value)
    return finding_of(
        case,
        facts,
        summary=f"the application answers {codes} to the health check, which names the target's IP address as Host",
        supports=(
            first,
            supporting(health_case.wants(case), "elbv2:DescribeTargetGroups"),
            *health_case.served(case),
            *health_case.of_the_log(case, "host-refused"),
            *_host_list(facts),
        ),
        against=_against(case, facts, codes),
        overturned_by=f"a 200 with the bare address as Host: {health_case.ask_the_target(case)}",
        advice=_advice(case, facts),
        at_most=None if health_case.of_the_log(case, "host-refused") else "likely",
    )


def _advice(case: HealthCase, facts: Facts) -> str:
    path = case.group.health_check.path or "/"
    said = next((one for one in case.log_lines if one.signature == "host-refused"), None)
    framework, lines = host_lines_of(serving_container(facts, case.group.arn), said.runtime if said else None, path)
    known = f" For {framework}: {lines}." if lines else ""
    return (
        f"Let the application accept its own IP address as Host, at least on {path}; health checks cannot send another"
        f" one.{known} The listener's rules can check the name instead (a host-header condition, and a default action"
        " that refuses the rest)."
    )


def _against(case: HealthCase, facts: Facts, codes: str) -> Iterator[Evidence]:
    if health_case.of_the_log(case, "host-refused"):
        return
    text = f"{codes} has other reasons too, TLS on the port among them"
    if not were_read(facts):
        yield supporting(f"{text}; the application's log was not read", "elbv2:DescribeTargetHealth")
    elif read_in_full(facts):
        yield supporting(f"{text}; the application's log names no host that it refused", "logs:FilterLogEvents")


def _host_list(facts: Facts) -> Iterator[Evidence]:
    """A setting of the container whose name says that it lists hosts."""
    service, definitions = facts.maybe(EcsService), facts.maybe(TaskDefinitions)
    if not isinstance(service, EcsService) or not isinstance(definitions, TaskDefinitions):
        return
    definition = definitions.of(service.task_definition)
    for container in definition.containers if definition else ():
        for name in container.environment_names:
            if any(known in name.upper() for known in _NAMES_HOSTS):
                text = f"container {container.name} has a list of hosts that it answers, {name[:60]}"
                yield decisive(text, "ecs:DescribeTaskDefinition", value=name[:60])
                return
