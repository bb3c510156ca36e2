from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import Changes, Metrics
from diagnostics.rules import health_case, health_over
from diagnostics.rules.app_lines import LINE_USES
from diagnostics.rules.health_answers import explanation, protocols_differ
from diagnostics.rules.health_case import HealthCase
from diagnostics.rules.health_finding import finding_of


@cause(
    code="health-check-protocol-mismatch",
    title="The health check speaks another protocol than the application",
    needs=health_case.CASE_NEEDS,
    uses=health_case.CASE_USES,
    clear_needs=(*health_case.CASE_CLEAR_NEEDS, Changes, Metrics, *LINE_USES),
    docs=(health_case.CHECKS_DOC, health_case.TROUBLE_DOC),
    replaces=("port-not-listening", "health-check-grace-period-too-short"),
    leads_to=health_case.LEADS_TO,
    helped_by=health_case.HELPED_BY,
)
def health_check_protocol_mismatch(facts: Facts) -> Iterator[Finding]:
    """Decided by a check over HTTPS that breaks, or over HTTP that breaks or gets 400, on a port whose requests go over
    the other protocol and are answered well. The same protocol for both refutes it, unless the check's protocol was
    changed before, or the port is one for TLS: then it is possible.
    """
    for case in health_case.health_cases(facts):
        if explanation(case) == "protocol":
            yield health_over.finding(case, facts, "healthCheckProtocol", "healthCheckPort") or _finding(case, facts)


def _finding(case: HealthCase, facts: Facts) -> Finding:
    check, differ = case.group.health_check, protocols_differ(case)
    change = case.changed("healthCheckProtocol")
    when = f" since {change.at:%H:%M} UTC" if change else ""
    other = "HTTPS" if check.protocol == "HTTP" else "HTTP"
    said = health_case.of_the_log(case, "plain-to-tls-port" if check.protocol == "HTTP" else "tls-to-plain-port")
    known = bool(said) or (differ and case.traffic.served)
    answers = health_case.answers(case)
    return finding_of(
        case,
        facts,
        summary=f"the health check speaks {check.protocol}{when}, the port {'speaks' if known else 'seems to speak'}"
        f" {other}",
        supports=(
            answers if known or change else supporting(answers.text, answers.source, value=answers.value),
            *said,
            *_settings(case, differ),
            *health_case.change_of(case, "healthCheckProtocol", "the health check's protocol"),
            *(health_case.served(case) if known else ()),
        ),
        against=() if known else (_unproven(case),),
        overturned_by=f"an answer over {check.protocol}: {health_case.ask_the_target(case)}",
        advice=f"Let the application speak {check.protocol} there, or set the health check's protocol to {other}:"
        f" `{health_case.set_check(case, f'--health-check-protocol {other}')}`.",
        at_most=None if differ or said else "likely",
    )


def _settings(case: HealthCase, differ: bool) -> Iterator[Evidence]:
    text = f"{health_case.wants(case)}; requests go over {case.group.protocol}"
    setting = decisive if differ and case.traffic.served else supporting
    yield setting(text, "elbv2:DescribeTargetGroups", value=case.group.health_check.protocol)


def _unproven(case: HealthCase) -> Evidence:
    text = "no good answers to users were counted that would show which protocol the port speaks"
    if not protocols_differ(case):
        text = "requests go over the same protocol as the check; the application's log, which was not read, would tell"
    return supporting(text, "elbv2:DescribeTargetGroups")
