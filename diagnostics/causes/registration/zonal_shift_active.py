"""Somebody, or AWS by itself, has moved traffic away from a zone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import LoadBalancers, Metrics, Target, TargetHealth
from diagnostics.printable import counted
from diagnostics.rules.routing import short_name

SHIFTED = "zonal_shift_active"
EFFECT_WITHIN = timedelta(minutes=15)
TOLERANCE = timedelta(minutes=1)
SERVES = frozenset({"healthy", "unhealthy"})
_EFFECTS = ("elb_502", "elb_503", "elb_504", "target_5xx", "unhealthy")


@cause(
    code="zonal-shift-active",
    title="A zonal shift keeps requests away from a zone",
    needs=(TargetHealth,),
    uses=(Metrics, LoadBalancers),
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/zonal-shift.html",
        "https://docs.aws.amazon.com/r53recovery/latest/dg/arc-zonal-shift.html",
    ),
)
def zonal_shift_active(facts: Facts) -> Iterator[Finding]:
    """Targets of one zone get no requests, because a zonal shift is active; the other zones carry all of them.

    Decided by the targets' administrative override. It is the cause where it leaves nobody to answer, or where the
    trouble began within a quarter of an hour after it: the other zones are too small. A shift that came after the
    first error is somebody's answer to the trouble, and one without errors is a risk. Ending it is a person's
    decision.
    """
    for group, targets in facts[TargetHealth].by_group.items():
        shifted = tuple(target for target in targets if target.override_state == SHIFTED)
        if shifted:
            yield _finding(facts, group, shifted, targets)


def _finding(facts: Facts, group: str, shifted: tuple[Target, ...], targets: tuple[Target, ...]) -> Finding:
    zones = sorted({target.zone for target in shifted if target.zone})
    where = " and ".join(zones) or "a zone"
    left = [target for target in targets if target not in shifted and target.state in SERVES]
    since = _began(facts, group)
    onset, effects = facts.observed.onset, frozenset(_EFFECTS) & facts.observed.symptoms
    follows = bool(effects) and since is not None and onset is not None and _in_step(since, onset)
    hurts = (not left and facts.observed.saw("elb_503", "no-requests")) or follows
    return Finding(
        resource=group,
        summary=f"A zonal shift keeps requests away from {where}: {len(shifted)} of {len(targets)} targets of"
        f" {short_name(group)} are out of use" + ("; nobody is left to answer" if not left else ""),
        supports=(
            decisive(
                f"{counted(len(shifted), 'target')} in {where} with the override {SHIFTED}",
                "elbv2:DescribeTargetHealth",
                value=len(shifted),
            ),
            *_records(since, onset if follows else None),
        ),
        against=tuple(_against(since, onset, effects)) if hurts else (),
        effect_seen=hurts,
        surely_hurts=not left,
        affects=frozenset(target.key for target in (shifted if left else targets)),
        explains=effects if hurts else frozenset(),
        since=since if hurts else None,
        overturned_by="No active shift: aws arc-zonal-shift list-zonal-shifts --status ACTIVE",
        advice="See who shifted, why and until when: `aws arc-zonal-shift list-zonal-shifts --status ACTIVE`. Where"
        f" {where} {'are' if ' and ' in where else 'is'} well again, let it expire or cancel it (`aws arc-zonal-shift"
        " cancel-zonal-shift --zonal-shift-id ID`); until then add targets in the other zones.",
        at_most=None if not left else "likely",
        circumstantial=bool(left),
    )


def _began(facts: Facts, group: str) -> datetime | None:
    """The first minute with shifted targets; None when not counted, or older than what was read."""
    metrics = facts.maybe(Metrics)
    if not isinstance(metrics, Metrics):
        return None
    points = sorted(
        point.at
        for series in metrics.with_metric("ActiveZonalShiftHostCount")
        if dict(series.dimensions).get("TargetGroup") == group.rsplit(":", 1)[-1]
        for point in series.points
        if point.value > 0
    )
    return points[0] if points and points[0] > metrics.covered_from + TOLERANCE else None


def _in_step(since: datetime, onset: datetime) -> bool:
    return -TOLERANCE <= onset - since <= EFFECT_WITHIN


def _records(since: datetime | None, onset: datetime | None) -> Iterator[Evidence]:
    if since is not None and onset is not None:
        text = f"the shift began {since:%H:%M}, the trouble {onset:%H:%M} UTC"
        yield decisive(text, "cloudwatch:GetMetricData", at=since)
    elif since is not None:
        yield supporting(f"the shift began {since:%H:%M} UTC", "cloudwatch:GetMetricData", at=since)


def _against(since: datetime | None, onset: datetime | None, effects: frozenset[str]) -> Iterator[Evidence]:
    if since is None and onset is not None and effects:
        yield supporting("when the shift began is not known", "cloudwatch:GetMetricData")
