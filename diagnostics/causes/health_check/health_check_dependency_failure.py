from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, supporting
from diagnostics.facts import Changes, Gap, Metrics
from diagnostics.printable import part_of
from diagnostics.rules import health_case
from diagnostics.rules.app_lines import LINE_USES, WAITING, Lines, health_requests, lines_of
from diagnostics.rules.health_answers import explanation
from diagnostics.rules.health_case import HealthCase
from diagnostics.rules.health_finding import fail_open_words
from diagnostics.rules.health_reach import REACH_NEEDS, REACH_USES, way_to
from diagnostics.rules.health_reasons import codes_in_words
from diagnostics.rules.load import LOAD_USES
from diagnostics.rules.processor import PROCESSOR_USES, processor_of

FEW = 2


@cause(
    code="health-check-dependency-failure",
    title="The health check fails because of something behind the application",
    needs=(*REACH_NEEDS, *LINE_USES),
    uses=(*REACH_USES, *PROCESSOR_USES, *LOAD_USES),
    clear_needs=health_case.CASE_CLEAR_NEEDS,
    shows=("unhealthy", "task-stops", "deployment"),
    docs=(
        health_case.CHECKS_DOC,
        "https://aws.amazon.com/builders-library/implementing-health-checks/",
    ),
    replaces=("health-check-app-error",),
    leads_to=(
        *health_case.LEADS_TO,
        "target-generated-5xx",
        "target-dependency-hang",
        "target-slow-response",
        "container-health-check-failing",
        "client-disconnected-460",
    ),
    helped_by=(*health_case.HELPED_BY, "health-check-timeout-too-short", "health-check-thresholds-too-aggressive"),
)
def health_check_dependency_failure(facts: Facts) -> Iterator[Finding]:
    """Decided by several targets that fail their health check at about the same time, with 5xx or without an answer in
    time, while the application's log names what it waits for: a pool of connections, a database, another service.
    Refuted by one target alone, by a path that was changed, by a network that blocks, by a processor at its limit, and
    by a health path that the log shows answering 200, only slowly.
    """
    for case in health_case.health_cases(facts):
        kind = explanation(case)
        if case.mended is not None or kind not in {"app-error", "timeout"} or _only_one(case):
            continue
        start = case.since or facts.observed.onset or facts.window.start
        early = start - timedelta(seconds=case.group.health_check.detection_s)
        waits = lines_of(facts, early, facts.window.end, *WAITING)
        if waits is None or not waits.tells:
            continue
        if kind == "timeout" and (way_to(case, facts) == "blocked" or _answers_well(case, facts)):
            continue
        used = processor_of(facts, start, facts.window.end)
        if used is None or not used.is_full or used.long_full:
            yield _finding(case, facts, waits, start)


def _only_one(case: HealthCase) -> bool:
    """One of several equal targets: what stands behind all of them is not at fault."""
    who = case.sick.keys or case.sick.task_ids
    return len(who) < FEW and case.registered > 1


def _answers_well(case: HealthCase, facts: Facts) -> bool:
    """The log shows the health path answered with success, and users do not wait: the check is only too slow."""
    seen = [one.details.get("status", "") for one in health_requests(facts, case.path)]
    slow = case.traffic.slow_s is not None and case.traffic.slow_s >= case.group.health_check.timeout_s
    return bool(seen) and all(status.startswith("2") for status in seen) and not slow


def _finding(case: HealthCase, facts: Facts, waits: Lines, start: datetime) -> Finding:
    did = f"with {codes_in_words(case.sick.codes)}" if case.sick.kind == "answer" else "not in time"
    who = part_of(len(case.sick.targets), case.in_all, "target") if case.sick.targets else "targets, replaced since,"
    return Finding(
        resource=case.group.arn,
        summary=(
            f"{who} answer the health check on {case.path} {did}, because of something behind the application:"
            f" {waits.words}{fail_open_words(case)}"
        ),
        supports=(
            waits.record(),
            health_case.answers(case),
            *health_case.replaced(case),
            *_users(case, facts),
        ),
        against=tuple(_against(case, facts, waits)),
        effect_seen=True,
        affects=case.affects,
        explains=case.explains(facts.observed) | _errors(case, facts),
        since=min(waits.first, start) if waits.in_step else start,
        at_most="possible" if _may_be_another_path(case, facts) else None,
        overturned_by=f"a 200 of the health path while such lines are written: {health_case.ask_the_target(case)}",
        advice=(
            "Mend what the lines name first. Then let the health path answer for the process alone: a check that asks a"
            " shared database takes all targets out at once, and ECS replaces tasks that are not at fault."
        ),
    )


def _may_be_another_path(case: HealthCase, facts: Facts) -> bool:
    """Users do well, and nobody knows whether the check was edited before the targets failed it."""
    return case.traffic.served and isinstance(facts.maybe(Changes), Gap)


def _errors(case: HealthCase, facts: Facts) -> frozenset[str]:
    """What users get from the same trouble."""
    if case.traffic.served:
        return frozenset()
    own = {"target_5xx"} | ({"elb_504"} if facts.observed.errors_are_ours else set())
    return frozenset(own) & facts.observed.symptoms


def _users(case: HealthCase, facts: Facts) -> Iterator[Evidence]:
    if case.traffic.server_errors and facts.observed.saw("target_5xx"):
        text = f"users got {case.traffic.server_errors:,} answers of 5xx from the same targets"
        yield supporting(text, "cloudwatch:GetMetricData", value=case.traffic.server_errors)


def _against(case: HealthCase, facts: Facts, waits: Lines) -> Iterator[Evidence]:
    if not waits.in_step:
        text = f"such lines were written before the checks failed too, since {waits.first:%H:%M} UTC"
        yield supporting(text, waits.source, at=waits.first)
    if case.sick.kind == "timeout" and way_to(case, facts) == "unknown":
        text = "part of the security groups or network ACLs could not be judged, and blocked packets look the same"
        yield supporting(text, "ec2:DescribeSecurityGroups")
    if _may_be_another_path(case, facts):
        text = "changes were not read: the check may ask another path since, and users get their answers"
        yield supporting(text, "cloudtrail:LookupEvents")
    if not isinstance(facts.maybe(Metrics), Metrics):
        yield supporting("whether the processor was at its limit was not read", "cloudwatch:GetMetricData")
