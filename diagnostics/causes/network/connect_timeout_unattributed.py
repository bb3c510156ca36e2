"""Connections to targets time out, and every rule on the way that was read lets them pass."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, supporting
from diagnostics.facts import AccessLogs, Fact, Gap, Hosts, Metrics, RouteTables, TargetGroups, TargetHealth
from diagnostics.printable import counted
from diagnostics.rules.dropped_packets import is_timeout
from diagnostics.rules.observations import NOISE_ERRORS
from diagnostics.rules.reachability import Allowed, Blocked, Path, Undecided, paths
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import NOT_READ, own_clusters, record, rows_were_read, share_words
from diagnostics.rules.terrain import TERRAIN_NEEDS, TERRAIN_USES, Terrain
from diagnostics.rules.timeouts_over import OVER_USES, past_timeouts

STANDS_OUT = 0.8
MAX_MISSING = 4


@cause(
    code="connect-timeout-unattributed",
    title="Connections to targets time out for a reason outside of what was read",
    needs=TERRAIN_NEEDS,
    uses=(*TERRAIN_USES, Hosts, RouteTables, *OVER_USES),
    clear_needs=(AccessLogs, Metrics),
    shows=("elb_504",),
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
        "https://docs.aws.amazon.com/vpc/latest/reachability/what-is-reachability-analyzer.html",
    ),
)
def connect_timeout_unattributed(facts: Facts) -> Iterator[Finding]:
    """Decided by access log rows of 504 that got no connection within ten seconds, to targets whose way is open as far
    as security groups and network ACLs were read: a firewall on the host, a host that is gone, a full queue of
    connections, a route. Refuted by a rule that blocks the way, which is then the cause. What was not read is listed,
    because an unread check is not a passed one. Connections that timed out before somebody opened the way, or that have
    not timed out for some minutes while requests went on, are told as past: the rules of now say nothing about them.
    Without rows, 504 together with failed connections fits, no more.
    """
    if facts.observed.ended is not None:  # the rules on the way are those of now
        return
    ways = paths(Terrain.of(facts))
    for cluster in own_clusters(facts, "not-dispatched-timeout", elb_status=504):
        if cluster.population == "at-end-of-target" or cluster.count < NOISE_ERRORS or _is_tls(facts, cluster):
            continue
        mine = [way for way in ways if way.target.key in cluster.targets]
        if not any(_blocks(way) for way in mine or ways):
            found = _finding(facts, cluster, mine or list(ways), gone=not mine and bool(cluster.targets))
            yield _dated(facts, found, cluster, frozenset(way.port for way in mine or ways))
    if _counters_fit(facts) and ways and all(isinstance(way.verdict, Allowed) for way in ways):
        past = past_timeouts(facts, (), frozenset(), frozenset(way.port for way in ways))
        yield past.told(_guess(facts), "Connections to targets") if past else _guess(facts)


def _counters_fit(facts: Facts) -> bool:
    counts = facts.observed.counts
    failed = facts.observed.saw("elb_504") and bool(counts.connection_errors) and not counts.tls_errors
    return failed and facts.observed.errors_are_ours and not rows_were_read(facts)


def _is_tls(facts: Facts, cluster: RowCluster) -> bool:
    group = facts[TargetGroups].of(cluster.target_group or "")
    return group is not None and group.protocol == "HTTPS" and bool(facts.observed.counts.tls_errors)


def _blocks(way: Path) -> bool:
    return "traffic" in way.purposes and isinstance(way.verdict, Blocked)


def _finding(facts: Facts, cluster: RowCluster, ways: list[Path], *, gone: bool) -> Finding:
    top = cluster.top_target
    where = f", {share_words(top, 'target')}" if top and top.share >= STANDS_OUT and top.of_how_many == 1 else ""
    unread = (*_unread(ways), *_other_checks(facts))
    return Finding(
        resource=min(cluster.targets) if len(cluster.targets) == 1 else facts.subject.label,
        summary=f"{counted(cluster.count, 'connection')} to {_who(cluster)} timed out, although the rules on the way"
        f" {'that were read ' if unread else ''}let them pass",
        supports=(record(facts, cluster, f"504 after 10 s without a connection to {_who(cluster)}{where}"),),
        against=(*_against(unread), *_released(gone)),
        effect_seen=True,
        affects=cluster.targets,
        explains=cluster.explains | _silence(facts, cluster.targets),
        since=cluster.first,
        overturned_by=_overturned_by(min(cluster.targets, default="TARGET")),
        advice=_advice(cluster),
        at_most="possible" if unread or gone else "likely",
    )


def _dated(facts: Facts, finding: Finding, cluster: RowCluster, ports: frozenset[int]) -> Finding:
    """As one about the past, where these connections tell nothing about now."""
    times = (cluster.first, *(row.at for row in cluster.rows), cluster.last)
    past = past_timeouts(facts, times, cluster.targets, ports)
    what = f"{counted(cluster.count, 'connection')} to {_who(cluster)}"
    return past.told(finding, what) if past else finding


def _guess(facts: Facts) -> Finding:
    counts = facts.observed.counts
    text = f"{counts.elb_504:,} times 504, and {counts.connection_errors:,} connections to the targets failed"
    return Finding(
        resource=facts.subject.label,
        summary="Connections to targets seem to time out, although no rule that was read blocks them",
        supports=(supporting(text, "cloudwatch:GetMetricData", value=counts.connection_errors),),
        against=(supporting(NOT_READ, "cloudwatch:GetMetricData"),),
        effect_seen=True,
        explains=frozenset({"elb_504"}) | _silence(facts),
        since=facts.observed.onset,
        overturned_by="Access log rows of these 504s with a request processing time of 0 or more: they were sent to a"
        " target, which was slow",
        advice="Read the access logs, and run the Reachability Analyzer from a node of the load balancer to a target.",
        at_most="possible",
        circumstantial=True,
    )


def _who(cluster: RowCluster) -> str:
    if len(cluster.targets) == 1:
        return min(cluster.targets)
    return counted(len(cluster.targets), "target") if cluster.targets else "targets"


def _unread(ways: list[Path]) -> tuple[str, ...]:
    missing = (what for way in ways if isinstance(way.verdict, Undecided) for what in way.verdict.missing)
    return tuple(dict.fromkeys(missing))


def _other_checks(facts: Facts) -> Iterator[str]:
    """Facts about hosts and routes that could not be read, in words."""
    kinds: tuple[tuple[type[Fact], str], ...] = ((Hosts, "the state of the hosts"), (RouteTables, "the route tables"))
    yield from (words for kind, words in kinds if isinstance(facts.maybe(kind), Gap))
    hosts = facts.maybe(Hosts)
    if isinstance(hosts, Hosts) and any(host.system_status is None and not host.is_gone for host in hosts.items):
        yield "the status checks of the hosts"


def _silence(facts: Facts, targets: frozenset[str] | None = None) -> frozenset[str]:
    """Health checks that all time out are the same silence; where targets are known, at these and at no others."""
    sick = [target for _, target in facts[TargetHealth].in_state("unhealthy")]
    same = bool(sick) and all(is_timeout(target) and (targets is None or target.key in targets) for target in sick)
    return frozenset({"unhealthy"}) & facts.observed.symptoms if same else frozenset()


def _against(unread: tuple[str, ...]) -> Iterator[Evidence]:
    if unread:
        yield supporting(f"not read, so not excluded: {', '.join(unread[:MAX_MISSING])}", "ec2:DescribeSecurityGroups")


def _released(gone: bool) -> Iterator[Evidence]:
    """Nodes of the load balancer send to a target for some seconds after its address was released."""
    if gone:
        text = "none of these targets is registered any more; an address that was just released looks the same"
        yield supporting(text, "elbv2:DescribeTargetHealth")


def _overturned_by(target: str) -> str:
    address = target.rpartition(":")[0] or target
    if address.startswith("i-"):
        return (
            "status checks of its host that fail: aws ec2 describe-instance-status --include-all-instances"
            f" --instance-ids {address}"
        )
    return (
        f"A network interface that has {address} no more, which makes it a stale target: aws ec2"
        f" describe-network-interfaces --filters Name=addresses.private-ip-address,Values={address}"
    )


def _advice(cluster: RowCluster) -> str:
    if len(cluster.targets) == 1:
        return (
            f"Is {min(cluster.targets)} still there, and is its host well? Replace it; then look for a firewall on the"
            " host or a full queue of connections."
        )
    return (
        "Run the Reachability Analyzer from a node of the load balancer to a target; then look at route tables, at"
        " firewalls on the hosts, and at how many connections wait to be accepted."
    )
