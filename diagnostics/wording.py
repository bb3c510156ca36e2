"""The headline: one line that a person can read half asleep."""

from __future__ import annotations

from diagnostics.report import Symptom, Verdict
from diagnostics.rules.observations import Observations
from diagnostics.snapshot import Snapshot

_CODES = ("elb_502", "elb_503", "elb_504", "elb_500")


def headline(snapshot: Snapshot, symptom: Symptom, verdict: Verdict, observed: Observations) -> str:
    """``checkout · 504 from the load balancer since 03:12 UTC (4 % of requests)``; plain text, bounded."""
    label = snapshot.subject.label[:80]
    what = _what(symptom, observed)
    if verdict == "no_fault_found":
        return f"{label} · {_nothing(observed)}"
    since = f" since {symptom.onset:%H:%M} UTC" if symptom.onset else ""
    if symptom.over and symptom.last_seen:
        since = f" from {symptom.onset:%H:%M} to {symptom.last_seen:%H:%M} UTC" if symptom.onset else ""
    return f"{label} · {what}{since}{_rate(symptom)}"


def percent(share: float) -> str:
    """A share in words: ``4 %``, ``0.3 %``, ``under 0.1 %``."""
    value = share * 100
    if 0 < value < 0.1:
        return "under 0.1 %"
    return f"{value:.1f} %" if value < 1 else f"{value:.0f} %"


def _nothing(observed: Observations) -> str:
    if observed.counts.elb_502 is None and observed.counts.requests is None:
        return "no fault found, but its metrics could not be read"
    if observed.saw("elb_502", "elb_503", "elb_504", "elb_500") and not observed.errors_are_ours:
        return "no fault found here; the load balancer's errors belong to another target group"
    return "no fault found"


def _what(symptom: Symptom, observed: Observations) -> str:
    if symptom.kind == "errors":
        codes = [name.removeprefix("elb_") for name in _CODES if name in observed.symptoms and observed.errors_are_ours]
        by_balancer = f"{' and '.join(codes)} from the load balancer" if codes else ""
        by_target = "5xx from the targets themselves" if "target_5xx" in observed.symptoms else ""
        return ", ".join(part for part in (by_balancer, by_target) if part)
    if observed.saw("no-targets"):
        return "no target to send requests to"
    if observed.saw("unhealthy"):
        return "unhealthy targets, no errors seen yet"
    if observed.saw("no-requests"):
        return "requests do not reach it any more"
    if observed.saw("unused"):
        return "targets that get no traffic"
    if observed.saw("task-stops"):
        return "tasks keep stopping, no errors seen"
    if observed.saw("deployment"):
        return "a deployment does not get through, no errors seen"
    return "errors on the load balancer that may belong to another target group"


def _rate(symptom: Symptom) -> str:
    if symptom.kind != "errors" or not symptom.error_rate:
        return ""
    return f" ({percent(symptom.error_rate)} of requests)"
