from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Facts, Finding, cause, decisive
from diagnostics.rules import health_case, health_over
from diagnostics.rules.health_answers import explanation
from diagnostics.rules.health_case import HealthCase
from diagnostics.rules.health_finding import finding_of
from diagnostics.rules.health_reasons import codes_in_words


@cause(
    code="health-check-redirect",
    title="The health check is answered with a redirect",
    needs=health_case.CASE_NEEDS,
    uses=health_case.CASE_USES,
    clear_needs=health_case.CASE_CLEAR_NEEDS,
    docs=(health_case.CHECKS_DOC, health_case.TROUBLE_DOC),
    leads_to=health_case.LEADS_TO,
    helped_by=health_case.HELPED_BY,
)
def health_check_redirect(facts: Facts) -> Iterator[Finding]:
    """Decided by targets that answer only 3xx codes outside the matcher: a missing slash at the end of the path, a
    redirect to a login page, or an application that sends plain HTTP to HTTPS. The load balancer does not follow
    redirects. Refuted by a matcher that accepts the code.
    """
    for case in health_case.health_cases(facts):
        if explanation(case) == "redirect":
            yield health_over.finding(case, facts, "healthCheckPath", "matcher") or _finding(case, facts)


def _finding(case: HealthCase, facts: Facts) -> Finding:
    path, matcher = case.changed("healthCheckPath"), case.changed("matcher")
    what = f" since its path was changed at {path.at:%H:%M} UTC" if path else ""
    if matcher and not path:
        what = f" and the matcher refuses it since {matcher.at:%H:%M} UTC"
    codes = codes_in_words(case.sick.codes)
    return finding_of(
        case,
        facts,
        summary=f"the health check's path {case.path} answers with a redirect ({codes}){what}",
        supports=(
            health_case.answers(case),
            decisive(health_case.wants(case), "elbv2:DescribeTargetGroups", value=case.group.health_check.matcher),
            *health_case.change_of(case, "healthCheckPath", "the health check's path"),
            *health_case.change_of(case, "matcher", "the matcher"),
            *health_case.served(case),
        ),
        overturned_by=f"an answer without a Location header: {health_case.ask_the_target(case)}",
        advice=_advice(case, path is not None, matcher is not None),
    )


def _advice(case: HealthCase, path_changed: bool, matcher_changed: bool) -> str:
    set_path = health_case.set_check(case, "--health-check-path PATH")
    if path_changed:
        return (
            "Set the health check's path back, or to where the redirect leads (often only its last slash is missing):"
            f" `{set_path}`."
        )
    if matcher_changed:
        return "Let the matcher accept the code again, or give the check a path that answers 200 by itself."
    return (
        "Ask the path that the redirect leads to, of which often only the slash at the end is missing:"
        f" `{set_path}`. Where the application sends HTTP to HTTPS, exempt the health path. Accepting"
        " 3xx in the matcher hides failures: the last choice."
    )
