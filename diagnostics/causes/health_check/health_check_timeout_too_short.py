from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import Gap, StoppedTasks
from diagnostics.report import Band
from diagnostics.rules import health_case, health_over
from diagnostics.rules.app_lines import LINE_USES, health_requests
from diagnostics.rules.health_answers import explanation
from diagnostics.rules.health_case import HealthCase
from diagnostics.rules.health_finding import finding_of
from diagnostics.rules.health_reach import REACH_NEEDS, REACH_USES, may_have_been_opened, way_to
from diagnostics.rules.processor import PROCESSOR_USES, SUSTAINED, processor_of
from diagnostics.rules.row_evidence import own_clusters, seconds

RECENT = timedelta(minutes=15)
EQUALS = 3


@cause(
    code="health-check-timeout-too-short",
    title="The health check's time-out is shorter than the health path needs",
    needs=REACH_NEEDS,
    uses=(*REACH_USES, *PROCESSOR_USES, *LINE_USES),
    clear_needs=health_case.CASE_CLEAR_NEEDS,
    docs=(health_case.CHECKS_DOC, health_case.TROUBLE_DOC),
    leads_to=health_case.LEADS_TO,
    helped_by=health_case.HELPED_BY,
)
def health_check_timeout_too_short(facts: Facts) -> Iterator[Finding]:
    """Decided by health checks that time out although the security groups and network ACLs let them through, requests
    connect, and users are answered well within the time-out. Refuted by rules that block, by connection errors, by
    slow answers to users, and by a processor at its limit. The application's log says how long the health path takes;
    without such a line it is likely at most.
    """
    for case in health_case.health_cases(facts):
        over = health_over.finding(case, facts, "healthCheckTimeoutSeconds") if explanation(case) == "timeout" else None
        if over is not None:
            yield over
        elif explanation(case) == "timeout" and not _has_another_reason(case, facts):
            way = way_to(case, facts)
            if way != "blocked":
                yield _finding(case, facts, way_is_open=way == "open")


def _has_another_reason(case: HealthCase, facts: Facts) -> bool:
    slow = case.traffic.slow_s is not None and case.traffic.slow_s >= case.group.health_check.timeout_s
    mended = may_have_been_opened(case, facts)
    return slow or bool(case.traffic.connection_errors) or mended or _cpu_is_full(facts) or _hangs(case, facts)


def _hangs(case: HealthCase, facts: Facts) -> bool:
    """These targets, and no others, do not answer users either."""
    found = own_clusters(facts, "response-timeout")
    silent = frozenset[str]().union(*(one.targets for one in found if one.population == "target"))
    return bool(case.affects) and case.affects <= silent


def _finding(case: HealthCase, facts: Facts, *, way_is_open: bool) -> Finding:
    timeout_s = case.group.health_check.timeout_s
    change = case.changed("healthCheckTimeoutSeconds")
    when = f" since {change.at:%H:%M} UTC" if change else ""
    sound = way_is_open and case.traffic.served
    silent = health_case.answers(case)
    took = tuple(_took(case, facts))
    alone = _is_ill_itself(case, facts) and not change and not took
    ends_unread = not case.sick.targets and isinstance(facts.maybe(StoppedTasks), Gap)
    return finding_of(
        case,
        facts,
        summary=f"the health path {case.path} does not answer within the check's {timeout_s} s{when}, though the"
        f" network is {'open' if way_is_open else 'not known to block'}",
        supports=(
            silent if sound or change else supporting(silent.text, silent.source, value=silent.value),
            *took,
            *_network(way_is_open),
            *health_case.change_of(case, "healthCheckTimeoutSeconds", "the health check's time-out in seconds"),
            *_users(case),
        ),
        against=_against(case, way_is_open=way_is_open, alone=alone, ends_unread=ends_unread),
        overturned_by=f"an answer well under {timeout_s} s from the target: {health_case.ask_the_target(case)}",
        advice=(
            "Let the health path answer for the process alone and at once; until then raise the check's time-out, below"
            f" its interval: `{health_case.set_check(case, '--health-check-timeout-seconds SECONDS')}`."
        ),
        at_most=_at_most(took=bool(took), way_is_open=way_is_open, doubtful=alone or ends_unread),
    )


def _at_most(*, took: bool, way_is_open: bool, doubtful: bool) -> Band | None:
    if took and way_is_open:
        return None
    return "likely" if (took or way_is_open) and not doubtful else "possible"


def _is_ill_itself(case: HealthCase, facts: Facts) -> bool:
    """One of several equal targets is silent, and some users wait in vain as well."""
    return len(case.sick.keys) == 1 and case.registered >= EQUALS and facts.observed.saw("elb_504")


def _took(case: HealthCase, facts: Facts) -> Iterator[Evidence]:
    """The application's own line about a health check that was answered too late."""
    for one in health_requests(facts, case.group.health_check.path or "/"):
        took_s = _number(one.details.get("seconds", ""))
        if took_s >= case.group.health_check.timeout_s and one.details.get("status", "").startswith("2"):
            text = f"the application's log: the health path answered {one.details['status']} after {took_s:.1f} s"
            yield decisive(text, "logs:FilterLogEvents", at=one.at, value=took_s)
            return


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _network(way_is_open: bool) -> Iterator[Evidence]:
    if way_is_open:
        text = "security groups and network ACLs let the health checks through, evaluated rule by rule"
        yield supporting(text, "ec2:DescribeSecurityGroups")


def _users(case: HealthCase) -> Iterator[Evidence]:
    yield from (supporting(one.text, one.source, value=one.value) for one in health_case.served(case))
    if case.traffic.slow_s is not None:
        text = f"99 of 100 answers to users took {seconds(case.traffic.slow_s)} at most"
        yield supporting(text, "cloudwatch:GetMetricData", value=case.traffic.slow_s)


def _against(case: HealthCase, *, way_is_open: bool, alone: bool, ends_unread: bool) -> Iterator[Evidence]:
    if alone:
        text = f"{case.registered - 1} equal targets answer the same check in time"
        yield supporting(text, "elbv2:DescribeTargetHealth", value=case.registered - 1)
    if not way_is_open:
        text = "part of the security groups or network ACLs could not be judged, and blocked packets look the same"
        yield supporting(text, "ec2:DescribeSecurityGroups")
    if not case.traffic.served:
        text = "no good answers to users were counted, so the targets may be silent altogether"
        yield supporting(text, "cloudwatch:GetMetricData")
    if ends_unread:
        text = "how these tasks ended could not be read: one that had crashed answers nobody either"
        yield supporting(text, "ecs:DescribeTasks")


def _cpu_is_full(facts: Facts) -> bool:
    """For longer than a start or a job by the clock takes; a busy processor is late with its health checks, too."""
    used = processor_of(facts, facts.now - RECENT, facts.now)
    return used is not None and used.full_minutes >= SUSTAINED and not used.boots_only
