"""What the access log says about the subject's errors: whose they are, how many, when.

CloudWatch counts the load balancer's own errors for all of its target groups together; a row names the target group.
Some codes have no counter at all, such as 460 and 464.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from diagnostics.facts import (
    AccessLogs,
    Changes,
    ContainerInstances,
    Frozen,
    Hosts,
    Listeners,
    LoggedRow,
    Point,
    StoppedTasks,
    TargetGroupAttributes,
)
from diagnostics.rules.instance_ends import instance_ends
from diagnostics.rules.routing import weighted_with
from diagnostics.rules.row_clusters import RowCluster, clusters_of
from diagnostics.rules.target_ends import host_addresses, target_ends
from diagnostics.snapshot import Snapshot

NEARLY_ALL_READ = 0.95
COVERS = 0.5
"""Rows that make up less of the counted errors than this came before or after the trouble, and do not speak for it."""
COUNTED_BY_ROWS_ONLY: Final = (
    *("400", "401", "403", "408", "413", "414", "460", "463", "464"),
    *("501", "505", "507", "561", "562"),
)
ELB_5XX: Final = ("500", "502", "503", "504")
UPLOADS = frozenset({"POST", "PUT", "PATCH"})


class LoggedErrors(Frozen):
    """Error rows of the subject, in clusters. `others` counts the load balancer's own 5xx by other target group.

    `unnamed` counts those that name no target group. `complete`: nearly every file of the window was read.
    """

    clusters: tuple[RowCluster, ...]
    named: dict[str, int]
    unnamed: dict[str, int]
    others: dict[str, int]
    rows: int
    complete: bool

    @property
    def named_total(self) -> int:
        return sum(self.named.get(f"elb_{code}", 0) for code in ELB_5XX)

    @property
    def all_total(self) -> int:
        """The load balancer's own 5xx of all target groups and of none."""
        unnamed = sum(self.unnamed.get(f"elb_{code}", 0) for code in ELB_5XX)
        return self.named_total + unnamed + sum(self.others.values())

    def covers(self, counted: int) -> bool:
        """Whether the rows hold most of the errors that CloudWatch counted on the whole load balancer."""
        return self.complete and self.all_total >= COVERS * counted

    def count(self, name: str, *, with_unnamed: bool) -> int:
        return self.named.get(name, 0) + (self.unnamed.get(name, 0) if with_unnamed else 0)

    def minutes(self, names: Iterable[str], *, with_unnamed: bool) -> tuple[Point, ...]:
        """Errors of these kinds a minute, scaled from the sample."""
        wanted, sums = set(names), defaultdict[datetime, float](float)
        for cluster in self.clusters:
            if cluster.symptom not in wanted or (cluster.target_group is None and not with_unnamed):
                continue
            for at in [row.at for row in cluster.rows] or [cluster.first]:
                sums[at.replace(second=0, microsecond=0)] += cluster.count / max(len(cluster.rows), 1)
        return tuple(Point(at=at, value=value) for at, value in sorted(sums.items()))


def logged_errors(snapshot: Snapshot) -> LoggedErrors | None:
    """None when access logs were not read."""
    logs = snapshot.get(AccessLogs)
    if not isinstance(logs, AccessLogs):
        return None
    own = snapshot.subject.target_groups
    addresses = host_addresses(snapshot.get(ContainerInstances), snapshot.get(Hosts))
    attributes = snapshot.get(TargetGroupAttributes)
    ends = target_ends(snapshot.get(StoppedTasks), snapshot.get(Changes), attributes, addresses)
    ends += instance_ends(snapshot)
    partners = _partners(snapshot)
    clusters = (*clusters_of(logs, own, ends), *_without_target(logs, partners))
    others: Counter[str] = Counter()
    for error in logs.errors:
        foreign = own and error.target_group is not None and error.target_group not in own
        if error.row_family == "no-target" and error.target_group in partners:
            continue
        if foreign and error.generated_by == "load-balancer" and error.elb_status >= 500:
            others[error.target_group or ""] += error.count
    return LoggedErrors(
        clusters=clusters,
        named=_totals(cluster for cluster in clusters if cluster.target_group is not None),
        unnamed=_totals(cluster for cluster in clusters if cluster.target_group is None),
        others=dict(others),
        rows=logs.rows,
        complete=logs.share_read >= NEARLY_ALL_READ,
    )


def _partners(snapshot: Snapshot) -> tuple[str, ...]:
    """Other groups that get a share of the subject's own requests."""
    listeners = snapshot.get(Listeners)
    return weighted_with(listeners, snapshot.subject.target_groups) if isinstance(listeners, Listeners) else ()


def _without_target(logs: AccessLogs, partners: tuple[str, ...]) -> tuple[RowCluster, ...]:
    """Requests of the subject's own rule that went to a group without targets; any other fault is the group's own."""
    if not partners:
        return ()
    lost = tuple(error for error in logs.errors if error.row_family == "no-target")
    return clusters_of(logs.model_copy(update={"errors": lost}), partners)


def _totals(clusters: Iterable[RowCluster]) -> dict[str, int]:
    totals: Counter[str] = Counter()
    for cluster in clusters:
        totals[cluster.symptom] += _counted(cluster)
    return dict(totals)


def _counted(cluster: RowCluster) -> int:
    """How many of the rows count as a fault: garbage that scanners send and connections that idle out do not."""
    matters = _MATTERS.get(cluster.elb_status) if cluster.target_status is None else None
    if matters is None:
        return cluster.count
    if not cluster.rows:
        return 0
    return round(cluster.count * sum(matters(row) for row in cluster.rows) / len(cluster.rows))


def is_severe(row: LoggedRow) -> bool:
    return row.classification == "Severe"


def is_refused_for_function(row: LoggedRow) -> bool:
    """A body that is larger than a function may get; other 413s are headers that no browser sends."""
    return row.error_reason == "LambdaRequestTooLarge"


def is_upload(row: LoggedRow) -> bool:
    return (row.method or row.route.partition(" ")[0]) in UPLOADS


_MATTERS: dict[int, Callable[[LoggedRow], bool]] = {
    400: is_severe,
    408: is_upload,
    413: is_refused_for_function,
}
