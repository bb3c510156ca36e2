from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import Changes, Metrics
from diagnostics.rules import health_case, health_over
from diagnostics.rules.health_answers import NOT_THERE, explanation, is_not_its_own_path
from diagnostics.rules.health_case import HealthCase
from diagnostics.rules.health_finding import finding_of
from diagnostics.rules.health_reasons import codes_in_words


@cause(
    code="health-check-path-mismatch",
    title="The health check asks for a path that the application does not answer",
    needs=health_case.CASE_NEEDS,
    uses=health_case.CASE_USES,
    clear_needs=(*health_case.CASE_CLEAR_NEEDS, Changes, Metrics),
    docs=(health_case.CHECKS_DOC, health_case.TROUBLE_DOC),
    leads_to=health_case.LEADS_TO,
    helped_by=health_case.HELPED_BY,
)
def health_check_path_mismatch(facts: Facts) -> Iterator[Finding]:
    """Decided by targets that answer 404, 405 or 410 to the health check, or that answer an error since somebody
    changed the check's path: a path that the application does not own may answer 500 or ask for a login as well.
    Good answers to users, or a container health check that passes on another path, confirm it. Refuted by a good
    answer of the same path on the same port. Where the path was changed after the failures began and no target fails
    any more, the path before the change was the wrong one, and it is over.
    """
    for case in health_case.health_cases(facts):
        if explanation(case) == "path":
            yield health_over.finding(case, facts, "healthCheckPath", "matcher") or _finding(case, facts)


def _finding(case: HealthCase, facts: Facts) -> Finding:
    codes = codes_in_words(case.sick.codes)
    changed = case.changed("healthCheckPath")
    sure = case.sick.codes <= NOT_THERE or changed is not None
    setting = decisive if sure else supporting
    when = f" since its path was changed at {changed.at:%H:%M} UTC" if changed else ""
    return finding_of(
        case,
        facts,
        summary=f"the health check's path {case.path} answers {codes}{when}",
        supports=(
            health_case.answers(case),
            setting(health_case.wants(case), "elbv2:DescribeTargetGroups", value=case.group.health_check.path),
            *health_case.change_of(case, "healthCheckPath", "the health check's path"),
            *health_case.served(case),
            *_other_path(case),
        ),
        against=_against(case, changed is not None),
        overturned_by=f"a good answer of this path from the target itself: {health_case.ask_the_target(case)}",
        advice=_advice(case, changed is not None),
        at_most=None if sure else "likely",
    )


def _other_path(case: HealthCase) -> Iterator[Evidence]:
    if case.probe and case.probe.path != case.group.health_check.path:
        text = f"the container's own health check asks {case.probe.path}"
        if case.probe.passes:
            yield decisive(f"{text} and passes", "ecs:DescribeTasks", value=case.probe.path)
        else:
            yield supporting(text, "ecs:DescribeTaskDefinition", value=case.probe.path)


def _against(case: HealthCase, changed: bool) -> Iterator[Evidence]:
    if not changed and is_not_its_own_path(case) and not case.sick.codes & NOT_THERE:
        text = "an error can also come from the application's own check; its log, which was not read, would tell"
        yield supporting(text, "elbv2:DescribeTargetHealth")


def _advice(case: HealthCase, changed: bool) -> str:
    if case.sick.codes and max(case.sick.codes) < 300:
        return "Let the matcher accept the code that the path answers, or let the path answer what the matcher accepts."
    known = f" The container's own check asks {case.probe.path}." if case.probe else ""
    set_path = health_case.set_check(case, "--health-check-path PATH")
    if changed:
        return f"Set the health check's path back to what it was before the change: `{set_path}`.{known}"
    return (
        "Set the health check's path to one that the application answers with 200 without a login:"
        f" `{set_path}`.{known}"
    )
