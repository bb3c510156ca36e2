"""Requests take longer than a leaving target is given to finish them."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import AccessLogs, Changes, Metrics, StoppedTasks, TargetGroupAttributes
from diagnostics.printable import counted
from diagnostics.rules.lost_at_stop import (
    LOST_USES,
    PROPAGATION_S,
    Lost,
    delay_of,
    errors_at,
    longest_request,
    lost_at_stops,
    ordered_stops,
    rows_as_evidence,
    stops_as_evidence,
)
from diagnostics.rules.row_evidence import NOT_READ, rows_were_read, seconds

SETTING = "elbv2:DescribeTargetGroupAttributes"
SPARE = 1.2
MAX_DELAY_S = 3600


@cause(
    code="deregistration-delay-too-short",
    title="The deregistration delay is shorter than the longest requests",
    needs=(TargetGroupAttributes,),
    uses=LOST_USES,
    clear_needs=(AccessLogs, Metrics, StoppedTasks, Changes),
    shows=("elb_502", "elb_504"),
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html",
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/load-balancer-connection-draining.html",
    ),
    replaces=("target-closed-mid-request",),
    helped_by=("deployment-min-healthy-too-low",),
)
def deregistration_delay_too_short(facts: Facts) -> Iterator[Finding]:
    """Decided by access log rows of 502 on targets that were leaving, whose requests were as old as the deregistration
    delay or older when they broke off. Refuted by a delay that is longer than every request, and where the stop did
    not wait for the drain: a person's StopTask, Spot, a crash. A delay that is shorter than the longest request is a
    risk as long as nothing was lost. A shorter delay makes deployments faster and never cures a 502.
    """
    drained = lost_at_stops(facts, "scheduler", "deregistered")
    outlasted = [lost for lost in drained if lost.mechanism == "delay"]
    spread = [lost for lost in drained if lost.mechanism == "shutdown" and _is_below_propagation(lost.delay_s)]
    yield from (_seen(facts, lost) for lost in outlasted)
    yield from (_too_short_to_spread(facts, lost) for lost in spread)
    if not outlasted and not spread:
        yield from _by_setting(facts)


def _is_below_propagation(delay_s: int | None) -> bool:
    return delay_s is not None and delay_s < PROPAGATION_S


def _seen(facts: Facts, lost: Lost) -> Finding:
    oldest = max((row.elapsed_s or 0.0 for row in lost.broken_off), default=0.0)
    return Finding(
        resource=_group(lost),
        summary=f"{counted(lost.count, 'request')} {'was' if lost.count == 1 else 'were'} cut off when {lost.who}:"
        f" older than the deregistration delay of {lost.delay_s} s",
        supports=(*rows_as_evidence(facts, lost), *_setting(facts, lost.delay_s, oldest)),
        effect_seen=True,
        affects=lost.affects,
        explains=lost.explains,
        since=lost.since,
        overturned_by="A delay at that time that was longer than these requests: aws cloudtrail lookup-events"
        f" --lookup-attributes AttributeKey=ResourceName,AttributeValue={_group(lost)}",
        advice=_advice(max(oldest, longest_request(facts) or 0.0)),
    )


def _too_short_to_spread(facts: Facts, lost: Lost) -> Finding:
    text = f"the deregistration delay is {lost.delay_s} s; all nodes know of a leaving target after 2-15 s"
    return Finding(
        resource=_group(lost),
        summary=f"the deregistration delay of {lost.delay_s} s is over before every node of the load balancer has"
        " stopped sending",
        supports=(decisive(text, SETTING, value=lost.delay_s), *stops_as_evidence(lost.tasks, decides=False)),
        effect_seen=True,
        role="contributing",
        affects=lost.affects,
        explains=lost.explains,
        since=lost.since,
        advice=_advice(max(float(PROPAGATION_S), longest_request(facts) or 0.0)),
    )


def _by_setting(facts: Facts) -> Iterator[Finding]:
    longest = longest_request(facts)
    for group in facts.subject.target_groups:
        delay = delay_of(facts, group)
        if delay is None or longest is None or longest <= delay:
            continue
        stops = ordered_stops(facts, "scheduler")
        hurt = _counters_fit(facts) and errors_at(stops, facts)
        yield Finding(
            resource=group,
            summary=f"requests take up to {seconds(longest)}, a leaving target is given {delay} s"
            + ("; errors came with the stops" if hurt else "; no request was lost to it"),
            supports=(
                *_setting(facts, delay, 0.0),
                *(stops_as_evidence(stops, decides=False) if hurt else ()),
            ),
            against=(supporting(NOT_READ, "cloudwatch:GetMetricData"),) if hurt else (),
            effect_seen=hurt,
            affects=frozenset(task.id for task in stops) if hurt else frozenset(),
            explains=frozenset({"elb_502"}) if hurt else frozenset(),
            since=facts.observed.onset if hurt else None,
            overturned_by="Access log rows of these 502s with an age below the delay" if hurt else None,
            advice=_advice(longest),
            at_most="likely" if hurt else None,
        )


def _counters_fit(facts: Facts) -> bool:
    return not rows_were_read(facts) and facts.observed.saw("elb_502") and facts.observed.errors_are_ours


def _setting(facts: Facts, delay: int | None, oldest: float) -> Iterator[Evidence]:
    """Decisive against what other records tell of the length of requests."""
    longest = longest_request(facts)
    if longest and delay is not None and longest > delay:
        text = f"the deregistration delay is {delay} s; requests took up to {seconds(longest)}"
        yield decisive(text, SETTING, value=delay)
    elif oldest:
        text = f"the deregistration delay is {delay} s; these requests were up to {seconds(oldest)} old"
        yield decisive(text, SETTING, value=delay)


def _advice(longest_s: float) -> str:
    wanted = min(round(longest_s * SPARE) + 1, MAX_DELAY_S)
    return (
        f"Set deregistration_delay.timeout_seconds to {max(wanted, 20)} or more, above the longest request, and let the"
        " application finish open requests after SIGTERM."
    )


def _group(lost: Lost) -> str:
    return next((c.target_group for c in lost.clusters if c.target_group), "target group")
