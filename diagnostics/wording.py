"""The headline: one line that a person can read half asleep."""

from __future__ import annotations

from datetime import datetime, timedelta

from diagnostics.facts import AccessLogs, EcsService, Gap, Metrics, StoppedTasks, TargetHealth
from diagnostics.printable import percent
from diagnostics.report import Symptom, Verdict
from diagnostics.rules.observations import Observations, is_abnormal_stop
from diagnostics.rules.own_changes import settling
from diagnostics.rules.seen_code import is_unknown
from diagnostics.snapshot import Snapshot

STOPS_ARE_OVER = timedelta(minutes=15)
STOPPED = "tasks kept stopping"
_CODES = ("elb_502", "elb_503", "elb_504", "elb_500", "elb_561", "elb_464", "elb_463", "elb_400", "elb_408", "elb_413")

_STATES = {
    "no-targets": "no target to send requests to",
    "unhealthy": "unhealthy targets",
    "no-requests": "requests do not reach it any more",
    "unused": "targets that get no traffic",
    "rejected": "the load balancer refuses connections",
    "balancer-state": "the load balancer is not active",
}
"""What is wrong where no errors are counted; the first that was seen is told."""


def headline(snapshot: Snapshot, symptom: Symptom, verdict: Verdict, observed: Observations) -> str:
    """``checkout · 504 from the load balancer since 03:12 UTC (4 % of requests)``; plain text, bounded."""
    label = snapshot.subject.label[:80]
    what = _what(snapshot, symptom, observed)
    if verdict == "no_fault_found" and not observed.ended:
        return f"{label} · {_nothing(snapshot, observed)}"
    since = f" since {symptom.onset:%H:%M} UTC" if symptom.onset else ""
    ended = _last_stop(snapshot) if what == STOPPED else None
    if ended is not None and symptom.onset:
        since = f" from {symptom.onset:%H:%M} to {ended:%H:%M} UTC"
    if symptom.over and symptom.last_seen:
        since = f" from {symptom.onset:%H:%M} to {symptom.last_seen:%H:%M} UTC" if symptom.onset else ""
    calm = "" if symptom.kind == "errors" else _calm(symptom)
    return f"{label} · {what}{since}{calm}{_rate(symptom, observed)}{_over(snapshot, symptom, observed)}"


def _over(snapshot: Snapshot, symptom: Symptom, observed: Observations) -> str:
    """What ended it, or a fix that had no time to work yet. From when to when it was stands before it."""
    if observed.ended is not None:
        return f"; over ({observed.ended.by})" if symptom.onset else f"; {observed.ended.words}"
    repair = settling(snapshot, observed.onset)
    return f"; {repair.short}: too early to tell whether it works" if repair else ""


def _nothing(snapshot: Snapshot, observed: Observations) -> str:
    if observed.counts.elb_502 is None and observed.counts.requests is None:
        return "its metrics could not be read; no fault found in the rest"
    if isinstance(snapshot.get(TargetHealth), Gap):
        return "the health of its targets could not be read; no fault found in the rest"
    if isinstance(snapshot.get(EcsService), Gap):
        return "its ECS service could not be read; no fault found in the rest"
    if observed.saw("elb_502", "elb_503", "elb_504", "elb_500") and not observed.errors_are_ours:
        return "no fault found here; the load balancer's errors belong to another target group"
    return "no fault found"


def _last_stop(snapshot: Snapshot) -> datetime | None:
    stopped = snapshot.get(StoppedTasks)
    items = stopped.items if isinstance(stopped, StoppedTasks) else ()
    return max((task.stopped_at for task in items if task.stopped_at and is_abnormal_stop(task)), default=None)


def _stops(snapshot: Snapshot, observed: Observations) -> str:
    """Whether tasks still stop, as far as ECS remembers them."""
    last = _last_stop(snapshot)
    over = observed.ended or (last is not None and snapshot.window.end - last > STOPS_ARE_OVER)
    return STOPPED if over else "tasks keep stopping"


def _what(snapshot: Snapshot, symptom: Symptom, observed: Observations) -> str:
    if symptom.kind == "errors":
        codes = [name.removeprefix("elb_") for name in _CODES if name in observed.symptoms and observed.errors_are_ours]
        by_balancer = f"{' and '.join(codes)} from the load balancer" if codes else ""
        by_target = "5xx from the targets themselves" if "target_5xx" in observed.symptoms else ""
        by_callers = "callers that give up (460)" if "elb_460" in observed.symptoms else ""
        return ", ".join(part for part in (by_balancer, by_target, by_callers) if part)
    for symptom_seen, words in _STATES.items():
        if observed.saw(symptom_seen):
            return words
    if observed.saw("task-stops"):
        return _stops(snapshot, observed)
    if observed.saw("deployment"):
        return "a deployment does not get through"
    seen = snapshot.subject.seen
    if seen and is_unknown(seen, snapshot.get(Metrics), snapshot.get(AccessLogs), snapshot.window):
        return f"{seen} reported; whether it came from this load balancer could not be read"
    if seen and not observed.symptoms:
        return f"{seen} reported, and not from this load balancer"
    return "errors on the load balancer that may belong to another target group"


def _calm(symptom: Symptom) -> str:
    """Users have not noticed, as far as the counters say."""
    counted = (symptom.elb_502, symptom.elb_503, symptom.elb_504, symptom.target_5xx)
    return ", no errors seen" if counted[0] is not None and not any(counted) else ""


def _rate(symptom: Symptom, observed: Observations) -> str:
    """Of the requests while it lasted: a total outage of ten minutes is not a sixth of the hour's requests."""
    share = observed.error_share or symptom.error_rate
    if symptom.kind != "errors" or not share:
        return ""
    return f" ({percent(share)} of requests)"
