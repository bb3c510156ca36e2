"""Let the load balancer serve a zone in which targets are."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.facts import (
    Change,
    Changes,
    EcsService,
    LoadBalancer,
    LoadBalancers,
    NetworkInterfaces,
    RunningTasks,
    Subnet,
    Subnets,
    Target,
    TargetGroup,
    TargetGroups,
    TargetHealth,
)
from diagnostics.report import SettingChange
from diagnostics.rules.changes import changes_before_onset
from remediations.fix import Case, fix
from remediations.plan import Plan, Success, Undo
from remediations.steps import healthy, load_balancers

ROOM = 8
"""Free addresses that a load balancer needs in a subnet.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html#subnets-load-balancer"""
NODES_S = 180


@fix(
    id="zone-enable",
    title="Let the load balancer serve the zone in which targets are",
    risk="medium",
    causes=("az-not-enabled",),
    calls=("elasticloadbalancing:SetSubnets",),
    needs=(LoadBalancers, TargetGroups, TargetHealth, Subnets),
    uses=(Changes, EcsService, NetworkInterfaces, RunningTasks),
    docs=("https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-subnets.html",),
)
def zone_enable(case: Case) -> Iterator[Plan]:
    """Adds one subnet of the zone to those of the load balancer; all others are named again, as the call replaces the
    list. The subnet is one that the load balancer had there before a change on record; else, for an internal load
    balancer, the targets' own; for one that faces the internet the targets' own only where service and load balancer
    share their subnets in the other zones.

    New nodes get new addresses: partners that admit single addresses do not know them. Security groups stay as they
    are; network ACLs of the new subnet have to let the traffic through. The undo names the former list, but the nodes'
    addresses do not come back.
    """
    for arn in case.cause.resources:
        balancer = case.facts[LoadBalancers].of(arn)
        for zone, groups in _missing(case, balancer).items() if balancer else ():
            subnet = _subnet(case, balancer, zone, groups) if balancer else None
            if balancer is not None and subnet is not None:
                yield _plan(balancer, zone, groups, *subnet)


def _missing(case: Case, balancer: LoadBalancer) -> dict[str, list[TargetGroup]]:
    """Zones in which unused targets wait, and their groups."""
    enabled, found = {zone.zone for zone in balancer.zones}, dict[str, list[TargetGroup]]()
    for arn, target in case.facts[TargetHealth].in_state("unused"):
        group, zone = case.facts[TargetGroups].of(arn), target.zone
        if group is None or zone is None or zone == "all" or zone in enabled or target.reason != "Target.NotInUse":
            continue
        if balancer.arn in group.load_balancer_arns and group not in found.setdefault(zone, []):
            found[zone].append(group)
    return found


def _subnet(case: Case, balancer: LoadBalancer, zone: str, groups: list[TargetGroup]) -> tuple[Subnet, str] | None:
    """The subnet to add, and why that one."""
    there = [one for one in case.facts[Subnets].by_id.values() if (one.zone, one.vpc_id) == (zone, balancer.vpc_id)]
    for change in _edits(case, balancer):
        named = _named(change)
        before = next((one for one in there if one.id in named), None)
        if before is not None:
            return before, f"{balancer.name} was in it before, as {change.name} of {change.at:%Y-%m-%d %H:%M} UTC says"
    homes = _homes(case, zone, groups)
    own = next((one for one in there if one.id in homes), None)
    if own is None:
        return None
    if balancer.scheme == "internal":
        return own, "the targets themselves are in it"
    service = case.facts.maybe(EcsService)
    shared = {one.subnet_id for one in balancer.zones} <= {
        *(service.subnets if isinstance(service, EcsService) else ())
    }
    return (own, "the service shares its subnets with the load balancer in the other zones") if shared else None


def _edits(case: Case, balancer: LoadBalancer) -> tuple[Change, ...]:
    return changes_before_onset(
        case.facts.maybe(Changes),
        resources=(balancer.arn, balancer.name, balancer.dimension),
        names=("SetSubnets", "CreateLoadBalancer"),
        onset=case.facts.now,
    )


def _named(change: Change) -> frozenset[str]:
    listed, mapped = change.request.get("subnets"), change.request.get("subnetMappings")
    names = [*(listed if isinstance(listed, list) else ())]
    names += [one.get("subnetId") for one in (mapped if isinstance(mapped, list) else ()) if isinstance(one, dict)]
    return frozenset(one for one in names if isinstance(one, str))


def _homes(case: Case, zone: str, groups: list[TargetGroup]) -> frozenset[str]:
    """The subnets of the targets that wait in the zone."""
    waiting = [
        target
        for group in groups
        for target in case.facts[TargetHealth].by_group.get(group.arn, ())
        if target.zone == zone
    ]
    return frozenset(home for target in waiting if (home := _home(case, target)))


def _home(case: Case, target: Target) -> str | None:
    interfaces, tasks = case.facts.maybe(NetworkInterfaces), case.facts.maybe(RunningTasks)
    found = interfaces.by_ip(target.id) if isinstance(interfaces, NetworkInterfaces) else None
    if found is not None:
        return found.subnet_id
    task = tasks.by_ip(target.id) if isinstance(tasks, RunningTasks) else None
    return task.subnet_id if task else None


def _plan(balancer: LoadBalancer, zone: str, groups: list[TargetGroup], subnet: Subnet, why: str) -> Plan:
    before = [one.subnet_id for one in balancer.zones]
    after = [*before, subnet.id]
    within_s = NODES_S + max(healthy.becomes_healthy_s(group) for group in groups)
    return Plan(
        fix="zone-enable",
        title=f"Let load balancer {balancer.name} serve zone {zone} too, from {subnet.id}",
        risk="medium",
        resource=balancer.arn,
        changes=(SettingChange(resource=balancer.arn, setting="Subnets", before=sorted(before), after=sorted(after)),),
        guards=(load_balancers.in_subnets(balancer.arn, before), load_balancers.has_room(subnet.id, ROOM)),
        writes=(load_balancers.set_subnets(balancer.arn, after),),
        success=Success(
            text=f"the targets in {zone} are healthy",
            within_s=within_s,
            guards=(
                load_balancers.in_subnets(balancer.arn, after),
                *(healthy.targets_healthy(group.arn) for group in groups),
            ),
        ),
        undo=Undo(
            kind="compensating",
            text="names the former subnets again; the nodes in them may have other addresses by then",
            writes=(load_balancers.set_subnets(balancer.arn, before),),
            guards=(load_balancers.in_subnets(balancer.arn, after),),
        ),
        touches=f"every service of {balancer.name}: its name leads to nodes in {zone} as well",
        warnings=(why, f"the nodes in {zone} have new addresses, which lists of others do not hold"),
        eta_s=within_s,
    )
