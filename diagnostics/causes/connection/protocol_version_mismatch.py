"""Clients speak a version of HTTP that the target group does not take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive
from diagnostics.facts import TargetGroups
from diagnostics.printable import counted
from diagnostics.rules.observations import NOISE_ERRORS
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import ROW_USES, clusters, record, share_words

_ACCEPTS = {
    "GRPC": "HTTP/2 with POST",
    "HTTP2": "HTTP/2",
    "HTTP1": "HTTP/1.1 and HTTP/2, and no gRPC",
}


@cause(
    code="protocol-version-mismatch",
    title="Requests have an HTTP version that the target group does not take",
    needs=(TargetGroups,),
    uses=ROW_USES,
    clear_needs=ROW_USES,
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html",
    ),
)
def protocol_version_mismatch(facts: Facts) -> Iterator[Finding]:
    """Decided by access log rows of status 464, which means nothing else, together with the target group's protocol
    version: HTTP/1.1 requests to a group of gRPC or HTTP/2, gRPC to a group of HTTP/1. There is no counter for 464,
    so that nothing can be said without access logs.
    """
    if not facts.observed.saw("elb_464"):
        return
    for cluster in clusters(facts, "refused-by-lb", "other", elb_status=464):
        if cluster.count >= NOISE_ERRORS:
            yield _finding(facts, cluster)


def _finding(facts: Facts, cluster: RowCluster) -> Finding:
    group = facts[TargetGroups].of(cluster.target_group or "")
    version = (group.protocol_version or "HTTP1") if group else None
    spoken = Counter(row.protocol for row in cluster.rows if row.protocol).most_common(1)
    by = f" of type {spoken[0][0]}" if spoken else ""
    takes = f"takes {_ACCEPTS.get(version or '', version)}" if version else "does not take that version"
    route, name = share_words(cluster.top_route, "route"), group.name if group else ""
    return Finding(
        resource=group.arn if group else facts.subject.label,
        summary=f"{counted(cluster.count, 'request')}{by} were refused with 464: target group {name} {takes}",
        supports=(
            record(facts, cluster, f"status 464{by}{f'; {route}' if route else ''}"),
            *_version(version, name),
        ),
        effect_seen=True,
        explains=cluster.explains,
        since=cluster.first,
        overturned_by="Another protocol version of the target group: aws elbv2 describe-target-groups"
        f" --target-group-arns {cluster.target_group or 'ARN'} --query 'TargetGroups[].ProtocolVersion'",
        advice="Send these clients to a target group of their version (a rule on a header or a path), or let them speak"
        " the version of this one; a group's protocol version cannot be changed.",
    )


def _version(version: str | None, name: str) -> tuple[Evidence, ...]:
    if version is None:
        return ()
    text = f"target group {name} has protocol version {version}"
    return (decisive(text, "elbv2:DescribeTargetGroups", value=version),)
