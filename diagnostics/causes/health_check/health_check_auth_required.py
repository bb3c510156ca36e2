from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Facts, Finding, cause, decisive, supporting
from diagnostics.facts import Changes, Gap
from diagnostics.rules import health_case, health_over
from diagnostics.rules.health_answers import explanation
from diagnostics.rules.health_case import HealthCase
from diagnostics.rules.health_finding import finding_of
from diagnostics.rules.health_reasons import codes_in_words

UNREAD = "whether the path was changed before could not be read; then the path would be wrong"


@cause(
    code="health-check-auth-required",
    title="The health check's path asks for a login",
    needs=health_case.CASE_NEEDS,
    uses=health_case.CASE_USES,
    clear_needs=health_case.CASE_CLEAR_NEEDS,
    docs=(health_case.CHECKS_DOC, health_case.TROUBLE_DOC),
    leads_to=health_case.LEADS_TO,
    helped_by=health_case.HELPED_BY,
)
def health_check_auth_required(facts: Facts) -> Iterator[Finding]:
    """Decided by targets that answer 401 or 403 to the health check, whose requests carry no credentials. Where the
    check's path was changed before, the path is the cause. Refuted by a 200 of the path without credentials.
    """
    for case in health_case.health_cases(facts):
        if explanation(case) == "auth":
            yield health_over.finding(case, facts, "healthCheckPath", "matcher") or _finding(case, facts)


def _finding(case: HealthCase, facts: Facts) -> Finding:
    codes = codes_in_words(case.sick.codes)
    unread = isinstance(facts.maybe(Changes), Gap)
    return finding_of(
        case,
        facts,
        summary=f"the health check's path {case.path} asks for credentials ({codes})",
        supports=(
            health_case.answers(case),
            decisive(health_case.wants(case), "elbv2:DescribeTargetGroups", value=case.group.health_check.path),
            *health_case.change_of(case, "matcher", "the matcher"),
            *health_case.served(case),
        ),
        overturned_by=f"a 200 without credentials: {health_case.ask_the_target(case)}",
        advice="Give the health check a path that needs no login; health checks cannot carry a header or a cookie.",
        against=(supporting(UNREAD, "cloudtrail:LookupEvents"),) if unread else (),
        at_most="likely" if unread else None,
    )
