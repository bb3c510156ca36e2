"""TLS between the load balancer and its targets: who fails, and in which way.

The load balancer does not check the certificates of targets, so an expired one is never the reason.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from diagnostics.causes.cause import Evidence, Facts, decisive
from diagnostics.facts import AccessLogs, Fact, Metrics, RowFamily, TargetGroup, TargetGroups
from diagnostics.rules.counters import of_groups, total
from diagnostics.rules.observations import NOISE_ERRORS
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import own_clusters

TLS_NEEDS: tuple[type[Fact], ...] = (TargetGroups,)
TLS_USES: tuple[type[Fact], ...] = (AccessLogs, Metrics)
METRIC = "TargetTLSNegotiationErrorCount"


@dataclass(frozen=True, slots=True)
class TlsTrouble:
    """A target group that speaks TLS to its targets, its failed handshakes as counted, and rows of them."""

    group: TargetGroup
    counted: int | None
    clusters: tuple[RowCluster, ...]

    @property
    def affects(self) -> frozenset[str]:
        return frozenset[str]().union(*(cluster.targets for cluster in self.clusters))

    @property
    def any_target(self) -> str:
        return min(self.affects, default="TARGET:PORT")

    def since(self, onset: datetime | None) -> datetime | None:
        return min((cluster.first for cluster in self.clusters), default=onset)

    def count_record(self) -> tuple[Evidence, ...]:
        if not self.counted:
            return ()
        text = f"{METRIC} of target group {self.group.name}: {self.counted}"
        return (decisive(text, "cloudwatch:GetMetricData", value=self.counted),)


def tls_trouble(facts: Facts, family: RowFamily, elb_status: int) -> Iterator[TlsTrouble]:
    """Groups of protocol HTTPS with failed handshakes and errors of this status.

    Rows decide which of both errors it is; without them, the load balancer's own counter of that status does. Rows
    alone cannot tell a failed handshake from a failed connection, so the counter must not say 0.
    """
    for group in facts[TargetGroups].items:
        if group.protocol != "HTTPS" or group.arn not in facts.subject.target_groups:
            continue
        found = own_clusters(facts, family, elb_status=elb_status, group=group.arn)
        found = tuple(cluster for cluster in found if cluster.population != "at-end-of-target")
        where, window = of_groups(facts.subject, [group.arn]), facts.window
        counted = total(facts.maybe(Metrics), METRIC, where, window.start, window.end)
        if counted is not None and counted < NOISE_ERRORS:
            continue
        if counted is None and not found:
            continue
        symptom = f"elb_{elb_status}"
        if found or (facts.observed.saw(symptom) and not facts.observed.rows_tell(symptom)):
            yield TlsTrouble(group, counted, found)
