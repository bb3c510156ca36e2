from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, supporting
from diagnostics.facts import Changes, Gap, Metrics
from diagnostics.printable import part_of
from diagnostics.rules import health_case, health_over
from diagnostics.rules.health_answers import explanation
from diagnostics.rules.health_case import HealthCase
from diagnostics.rules.health_finding import fail_open_words
from diagnostics.rules.health_reasons import codes_in_words


@cause(
    code="health-check-app-error",
    title="The application answers its health check with an error",
    needs=health_case.CASE_NEEDS,
    uses=health_case.CASE_USES,
    clear_needs=health_case.CASE_CLEAR_NEEDS,
    docs=(health_case.CHECKS_DOC, health_case.TROUBLE_DOC),
    leads_to=(*health_case.LEADS_TO, "target-generated-5xx", "container-health-check-failing"),
    helped_by=health_case.HELPED_BY,
)
def health_check_app_error(facts: Facts) -> Iterator[Finding]:
    """Decided by targets that answer 5xx to the health check on a path that worked before. Why the application fails
    stands in its own log, so it is likely at most. Where the path was changed before,
    or no target was ever healthy on it while users are answered well, the path is the cause.
    """
    for case in health_case.health_cases(facts):
        if explanation(case) == "app-error":
            yield health_over.finding(case, facts, "healthCheckPath", "matcher") or _finding(case, facts)


def _finding(case: HealthCase, facts: Facts) -> Finding:
    codes = codes_in_words(case.sick.codes)
    own_errors = frozenset({"target_5xx"}) & facts.observed.symptoms
    unread = isinstance(facts.maybe(Changes), Gap) or isinstance(facts.maybe(Metrics), Gap)
    return Finding(
        resource=case.group.arn,
        summary=f"{_how_many(case)} answered the health check on {case.path} with {codes}{fail_open_words(case)}",
        supports=(
            health_case.answers(case),
            supporting(health_case.wants(case), "elbv2:DescribeTargetGroups"),
            *_users_too(case),
            *health_case.replaced(case),
        ),
        against=tuple(_against(case, unread)),
        effect_seen=True,
        affects=case.affects,
        explains=case.explains(facts.observed) | own_errors,
        since=case.since,
        overturned_by=f"a 200 of the health path on the same target: {health_case.ask_the_target(case)}",
        advice=(
            "Read the application's log at the first failed check. When the health path also asks a database or "
            "another service, let it answer for the process alone."
        ),
        at_most="possible" if case.may_be_starting else "likely",
        circumstantial=case.may_be_starting,
    )


def _how_many(case: HealthCase) -> str:
    if not case.sick.targets:
        return "targets that ECS has replaced since"
    return part_of(len(case.sick.targets), case.in_all, "target")


def _users_too(case: HealthCase) -> Iterator[Evidence]:
    if case.traffic.server_errors and not case.traffic.served:
        text = f"users got {case.traffic.server_errors:,} answers of 5xx from the same targets"
        yield supporting(text, "cloudwatch:GetMetricData", value=case.traffic.server_errors)


def _against(case: HealthCase, unread: bool) -> Iterator[Evidence]:
    if unread:
        text = "whether the path was changed before, or ever answered well, could not be read"
        yield supporting(text, "elbv2:DescribeTargetHealth")
    if case.may_be_starting:
        text = "how long these tasks have run, or may take to start, could not be read: they may be new"
        yield supporting(text, "ecs:DescribeTasks")
    if case.traffic.served:
        text = (
            f"users got {case.traffic.good:,} good answers meanwhile: only the health path fails, as when it "
            "asks something behind the application that is down; the application's log would tell"
        )
        yield supporting(text, "cloudwatch:GetMetricData", value=case.traffic.good)
