"""No route leads from the load balancer to targets outside its VPC, or none leads back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import (
    Changes,
    LoadBalancer,
    LoadBalancers,
    NetworkInterfaces,
    RouteTables,
    Subnets,
    Target,
    TargetGroups,
    TargetHealth,
)
from diagnostics.printable import part_of
from diagnostics.rules.address_space import Address, address, network
from diagnostics.rules.changes import newest_before_onset
from diagnostics.rules.dropped_packets import is_timeout, lets_packets_through
from diagnostics.rules.routes import Way, way_to
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import ROW_USES, explained, own_clusters, record

CHANGES = (
    "AssociateRouteTable",
    "CreateRoute",
    "DeleteRoute",
    "DeleteVpcPeeringConnection",
    "DisassociateRouteTable",
    "ReplaceRoute",
    "ReplaceRouteTableAssociation",
)
OUTSIDE = "all"
MAX_WAYS = 3


@dataclass(frozen=True, slots=True)
class Unreached:
    """A target that packets do not reach or do not come back from; `closed` are the tables that say so, by subnet.

    `everywhere`: from no zone of the load balancer is there a way.
    """

    target: Target
    closed: tuple[tuple[str, Way, Address], ...]
    everywhere: bool


@cause(
    code="route-missing",
    title="No route between the load balancer and targets in another network",
    needs=(LoadBalancers, TargetGroups, TargetHealth, RouteTables),
    uses=(NetworkInterfaces, Subnets, Changes, *ROW_USES),
    clear_needs=(NetworkInterfaces, Subnets),
    docs=(
        "https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html",
        "https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-routing.html",
    ),
    replaces=("connect-timeout-unattributed", "health-check-timeout-too-short", "target-stale-registration"),
    leads_to=("all-targets-unhealthy-fail-open",),
)
def route_missing(facts: Facts) -> Iterator[Finding]:
    """Targets in a peered, transit-gateway or on-premises network time out, because a route table has no route.

    Decided by the route tables of the load balancer's subnets, and of the targets' own where those can be read: no
    route covers the other side, or the most specific one is a blackhole. Refuted for targets in the load balancer's
    own VPC, which always has its local route, and by a target that answers.
    """
    for balancer in facts[LoadBalancers].items:
        for group in facts[TargetGroups].items:
            if group.load_balancer_arns and balancer.arn not in group.load_balancer_arns:
                continue
            targets = facts[TargetHealth].by_group.get(group.arn, ())
            unreached = tuple(one for target in targets if (one := _unreached(facts, balancer, target)))
            if unreached:
                yield _finding(facts, balancer, group.arn, unreached, targets)


def _unreached(facts: Facts, balancer: LoadBalancer, target: Target) -> Unreached | None:
    place = address(target.id)
    if place is None or target.zone != OUTSIDE or target.state in {"draining", "unused"}:
        return None
    tables = facts[RouteTables]
    ways = [
        (zone.subnet_id, way_to(table, place), place)
        for zone in balancer.zones
        if (table := tables.of_subnet(zone.subnet_id, balancer.vpc_id))
    ]
    there = tuple(way for way in ways if way[1].is_closed)
    back = tuple(_ways_back(facts, balancer, target))
    closed = (*there, *(way for way in back if way[1].is_closed))
    if not closed or lets_packets_through(target):
        return None
    everywhere = len(there) == len(balancer.zones) or (bool(back) and all(way[1].is_closed for way in back))
    return Unreached(target, closed, everywhere)


def _ways_back(facts: Facts, balancer: LoadBalancer, target: Target) -> Iterator[tuple[str, Way, Address]]:
    """From the target's subnet to those of the load balancer, where the target's interface is of this account."""
    interfaces, subnets = facts.maybe(NetworkInterfaces), facts.maybe(Subnets)
    owner = interfaces.by_ip(target.id) if isinstance(interfaces, NetworkInterfaces) else None
    if owner is None or owner.vpc_id == balancer.vpc_id or not isinstance(subnets, Subnets):
        return
    table = facts[RouteTables].of_subnet(owner.subnet_id, owner.vpc_id)
    for zone in balancer.zones if table else ():
        subnet = subnets.by_id.get(zone.subnet_id)
        space = network(subnet.cidr) if subnet else None
        if table and space is not None:
            yield owner.subnet_id, way_to(table, space.network_address), space.network_address


def _finding(
    facts: Facts, balancer: LoadBalancer, group: str, unreached: Sequence[Unreached], targets: Sequence[Target]
) -> Finding:
    keys = frozenset(one.target.key for one in unreached)
    silent = tuple(one.target for one in unreached if is_timeout(one.target))
    rows = tuple(
        cluster
        for cluster in own_clusters(facts, "not-dispatched-timeout", elb_status=504, group=group)
        if not cluster.targets or cluster.targets & keys
    )
    counted = _counted(facts, rows)
    ways = tuple(dict.fromkeys((subnet, way.in_words(place)) for one in unreached for subnet, way, place in one.closed))
    tables = tuple(dict.fromkeys(way.table.id for one in unreached for _, way, _ in one.closed))
    number = part_of(len(unreached), len(targets), "target")
    seen = bool(silent or rows or counted)
    changed = newest_before_onset(facts, tables, CHANGES) if seen else ()
    health = frozenset({"unhealthy"}) & facts.observed.symptoms if silent else frozenset()
    return Finding(
        resource=tables[0],
        summary=f"Packets between {balancer.name} and {number} have no way: {ways[0][1]}"
        f"{'' if seen else '; no effect of it was seen yet'}",
        supports=(
            *(decisive(f"{subnet}: {text}", "ec2:DescribeRouteTables") for subnet, text in ways[:MAX_WAYS]),
            *_of_health(silent),
            *(record(facts, cluster, "504 after 10 s without a connection") for cluster in rows),
            *counted,
            *changed,
        ),
        effect_seen=seen,
        affects=keys,
        explains=health | (explained(rows) or (frozenset({"elb_504"}) if counted else frozenset())),
        since=changed[0].at if changed else None,
        overturned_by=f"a route that covers {unreached[0].target.id}: aws ec2 describe-route-tables --route-table-ids"
        f" {tables[0]} --query 'RouteTables[].Routes'",
        advice=f"Add the route to {' and '.join(tables[:MAX_WAYS])} (peering connection, transit gateway or virtual"
        " private gateway), and the way back on the other side.",
        at_most=None if all(one.everywhere for one in unreached) else "likely",
    )


def _of_health(silent: Sequence[Target]) -> Iterator[Evidence]:
    if silent:
        names = ", ".join(target.key for target in silent[:MAX_WAYS])
        yield decisive(f"{names} unhealthy with Target.Timeout", "elbv2:DescribeTargetHealth", value=len(silent))


def _counted(facts: Facts, rows: Sequence[RowCluster]) -> tuple[Evidence, ...]:
    """504 with failed connections, where rows do not tell."""
    counts = facts.observed.counts
    if rows or facts.observed.rows_tell("elb_504") or not facts.observed.saw("elb_504") or not counts.connection_errors:
        return ()
    text = f"{counts.elb_504:,} times 504, and {counts.connection_errors:,} connections to the targets failed"
    return (supporting(text, "cloudwatch:GetMetricData", value=counts.connection_errors),)
