"""Whether other target groups live behind the same load balancers, and which of them are in trouble."""

from __future__ import annotations

from diagnostics.facts import Listeners, Metrics, TargetGroups
from diagnostics.rules.counters import group_dimension
from diagnostics.snapshot import Snapshot


def is_shared(snapshot: Snapshot) -> bool:
    if snapshot.subject.kind == "load-balancer":
        return False
    listeners = snapshot.get(Listeners)
    own = set(snapshot.subject.target_groups)
    if isinstance(listeners, Listeners):
        used = {arn for balancer in snapshot.subject.load_balancers for arn in listeners.target_groups_of(balancer)}
        return bool(used - own)
    groups = snapshot.get(TargetGroups)
    return isinstance(groups, TargetGroups) and any(group.arn not in own for group in groups.items)


def sick_siblings(snapshot: Snapshot, metrics: Metrics) -> tuple[str, ...]:
    own = set(map(group_dimension, snapshot.subject.target_groups))
    sick: dict[str, None] = {}
    for metric, statistic in (
        ("TargetConnectionErrorCount", "Sum"),
        ("TargetTLSNegotiationErrorCount", "Sum"),
        ("UnHealthyHostCount", "Minimum"),
        ("LambdaUserError", "Sum"),
        ("LambdaInternalError", "Sum"),
    ):
        for series in metrics.with_metric(metric, statistic):
            group = dict(series.dimensions).get("TargetGroup")
            if (
                group
                and group not in own
                and any(point.value > 0 for point in series.between(snapshot.window.start, snapshot.window.end))
            ):
                sick[group] = None
    return tuple(sick)
