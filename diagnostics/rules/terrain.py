"""The network as far as it was read: who wears which security groups, and which subnet everybody is in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from diagnostics.causes.cause import Facts
from diagnostics.facts import (
    EcsService,
    Fact,
    LoadBalancer,
    LoadBalancers,
    NetworkAcl,
    NetworkAcls,
    NetworkInterface,
    NetworkInterfaces,
    PrefixLists,
    RunningTasks,
    SecurityGroup,
    SecurityGroups,
    StoppedTasks,
    Subnets,
    Target,
    TargetGroupAttributes,
    TargetGroups,
    TargetHealth,
    Task,
    ZoneMapping,
    known,
)
from diagnostics.rules.address_space import Address, Network, address, contains, network
from diagnostics.rules.health_history import LATELY

TERRAIN_NEEDS: tuple[type[Fact], ...] = (LoadBalancers, TargetGroups, TargetHealth)
TERRAIN_USES: tuple[type[Fact], ...] = (
    SecurityGroups,
    NetworkInterfaces,
    Subnets,
    NetworkAcls,
    PrefixLists,
    TargetGroupAttributes,
    RunningTasks,
    StoppedTasks,
    EcsService,
)
"""What a cause that asks about reachability declares, minus what it needs itself."""

WHEREABOUTS: tuple[type[Fact], ...] = (NetworkInterfaces, RunningTasks, EcsService)
"""Without these it may be unknown where targets are, or where those will be that ECS is replacing."""

_TASK_ATTACHMENT = ":attachment/"


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where a target is. None: not known."""

    address: Address | None
    subnet_id: str | None
    security_groups: tuple[str, ...] | None

    @property
    def ip_version(self) -> int:
        return self.address.version if self.address else 4


@dataclass(frozen=True, slots=True)
class Terrain:
    """Facts about the network; what was not read is None or absent from its map."""

    load_balancers: LoadBalancers
    target_groups: TargetGroups
    health: TargetHealth
    security_groups: Mapping[str, SecurityGroup]
    prefix_lists: Mapping[str, tuple[str, ...]]
    interfaces: NetworkInterfaces | None = None
    subnets: Subnets | None = None
    acls: NetworkAcls | None = None
    attributes: TargetGroupAttributes | None = None
    tasks: RunningTasks | None = None
    service: EcsService | None = None
    stopped_lately: tuple[Task, ...] = ()

    @classmethod
    def of(cls, facts: Facts) -> Terrain:
        """For a cause that declares `TERRAIN_NEEDS` and `TERRAIN_USES`."""
        groups, lists = known(facts.maybe(SecurityGroups)), known(facts.maybe(PrefixLists))
        stopped, since = known(facts.maybe(StoppedTasks)), facts.window.end - LATELY
        return cls(
            load_balancers=facts[LoadBalancers],
            target_groups=facts[TargetGroups],
            health=facts[TargetHealth],
            security_groups=groups.by_id if groups else {},
            prefix_lists=lists.cidrs if lists else {},
            interfaces=known(facts.maybe(NetworkInterfaces)),
            subnets=known(facts.maybe(Subnets)),
            acls=known(facts.maybe(NetworkAcls)),
            attributes=known(facts.maybe(TargetGroupAttributes)),
            tasks=known(facts.maybe(RunningTasks)),
            service=known(facts.maybe(EcsService)),
            stopped_lately=tuple(
                task for task in (stopped.items if stopped else ()) if task.stopped_at and task.stopped_at >= since
            ),
        )

    def whereabouts(self, target: Target) -> Whereabouts:
        """Of an IP target by its interface, else by its task; of an instance by its own interfaces."""
        place = address(target.id)
        return self._of_instance(target.id) if place is None else self._of_address(target.id, place)

    def zones_towards(self, balancer: LoadBalancer, group_arn: str, target: Target) -> tuple[ZoneMapping, ...]:
        """The zones whose nodes send to this target: all, unless the target group keeps traffic inside the zone."""
        attributes = self.attributes.by_arn.get(group_arn, {}) if self.attributes else {}
        crosses = attributes.get("load_balancing.cross_zone.enabled") != "false"
        own = tuple(zone for zone in balancer.zones if zone.zone == target.zone)
        return balancer.zones if crosses or target.zone in {None, "all"} else own

    def node_addresses(self, balancer: LoadBalancer, zone: ZoneMapping, version: int) -> tuple[Address, ...]:
        """Today's addresses of the nodes in this zone; empty when they were not read."""
        nodes = self.interfaces.of_load_balancer(balancer.dimension) if self.interfaces else ()
        texts = [
            text
            for node in nodes
            if node.subnet_id == zone.subnet_id
            for text in (node.private_ips if version == 4 else node.ipv6_addresses)
        ]
        return tuple(place for text in texts if (place := address(text)) is not None)

    def ranges_of(self, subnet_id: str | None, version: int) -> tuple[Network, ...]:
        subnet = self.subnets.by_id.get(subnet_id) if self.subnets and subnet_id else None
        if subnet is None:
            return ()
        cidrs = (subnet.cidr,) if version == 4 else subnet.ipv6_cidrs
        return tuple(found for cidr in cidrs if (found := network(cidr)) is not None)

    def acl_of(self, subnet_id: str | None) -> NetworkAcl | None:
        return self.acls.of_subnet(subnet_id) if self.acls and subnet_id else None

    def _of_address(self, text: str, place: Address) -> Whereabouts:
        interface = self.interfaces.by_ip(text) if self.interfaces else None
        if interface is not None:
            return Whereabouts(place, interface.subnet_id, interface.security_groups)
        task = self.tasks.by_ip(text) if self.tasks else None
        groups = (self.service.security_groups or None) if task and self.service else None
        subnet_id = task.subnet_id if task and task.subnet_id else self._subnet_around(place)
        return Whereabouts(place, subnet_id, groups)

    def _of_instance(self, instance_id: str) -> Whereabouts:
        """Requests reach an instance on its primary interface. Where it is not known which one that is, interfaces
        that ECS attached for tasks are not it, and of the others only what they share is known."""
        attached = self.interfaces.by_instance(instance_id) if self.interfaces else ()
        primary = tuple(interface for interface in attached if interface.device_index == 0)
        own = primary or tuple(one for one in attached if _TASK_ATTACHMENT not in one.description)
        if not own:
            return Whereabouts(None, None, None)
        first = own[0]
        single = len(own) == 1 and bool(first.private_ips)
        return Whereabouts(
            address=address(first.private_ips[0]) if single else None,
            subnet_id=first.subnet_id if len({interface.subnet_id for interface in own}) == 1 else None,
            security_groups=first.security_groups if _wear_the_same(own) else None,
        )

    def _subnet_around(self, place: Address) -> str | None:
        vpcs = {balancer.vpc_id for balancer in self.load_balancers.items}
        candidates = self.subnets.by_id.values() if self.subnets else ()
        return next(
            (
                subnet.id
                for subnet in candidates
                if subnet.vpc_id in vpcs and any(contains(cidr, place) for cidr in (subnet.cidr, *subnet.ipv6_cidrs))
            ),
            None,
        )


def _wear_the_same(interfaces: tuple[NetworkInterface, ...]) -> bool:
    return len({frozenset(interface.security_groups) for interface in interfaces}) == 1
