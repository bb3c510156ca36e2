"""Security groups, network ACLs, subnets and network interfaces on the way from load balancer to target."""

from __future__ import annotations

from typing import ClassVar

from diagnostics.facts.fact import Fact, Frozen


class GroupReference(Frozen):
    """A security group named as the other side of a rule. `peering_status` is set for groups across a peering."""

    group_id: str
    account: str | None = None
    vpc_id: str | None = None
    peering_status: str | None = None


class Permission(Frozen):
    """One permission of a security group; ports None mean every port, protocol ``-1`` every protocol."""

    protocol: str
    from_port: int | None = None
    to_port: int | None = None
    cidrs: tuple[str, ...] = ()
    ipv6_cidrs: tuple[str, ...] = ()
    prefix_list_ids: tuple[str, ...] = ()
    groups: tuple[GroupReference, ...] = ()


class SecurityGroup(Frozen):
    id: str
    name: str
    vpc_id: str | None = None
    ingress: tuple[Permission, ...] = ()
    egress: tuple[Permission, ...] = ()


class SecurityGroups(Fact):
    """Groups of the load balancers and of the targets, by id; `missing` were asked for and do not exist."""

    name: ClassVar[str] = "security_groups"

    by_id: dict[str, SecurityGroup]
    missing: tuple[str, ...] = ()


class PrefixLists(Fact):
    """CIDRs of the managed prefix lists that the read rules mention, by id."""

    name: ClassVar[str] = "prefix_lists"

    cidrs: dict[str, tuple[str, ...]]


class NetworkInterface(Frozen):
    """`device_index` is its place at its instance; 0 is the primary one, on which instance targets are reached."""

    id: str
    subnet_id: str
    vpc_id: str
    zone: str | None = None
    private_ips: tuple[str, ...] = ()
    ipv6_addresses: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    description: str = ""
    status: str = ""
    instance_id: str | None = None
    device_index: int | None = None


class NetworkInterfaces(Fact):
    """Interfaces of the targets and of the load balancers' nodes."""

    name: ClassVar[str] = "network_interfaces"

    items: tuple[NetworkInterface, ...]

    def by_ip(self, ip: str) -> NetworkInterface | None:
        return next((item for item in self.items if ip in item.private_ips or ip in item.ipv6_addresses), None)

    def by_instance(self, instance_id: str) -> tuple[NetworkInterface, ...]:
        return tuple(item for item in self.items if item.instance_id == instance_id)

    def of_load_balancer(self, dimension: str) -> tuple[NetworkInterface, ...]:
        """Nodes of a load balancer, which describe themselves as ``ELB app/name/id``."""
        return tuple(item for item in self.items if item.description == f"ELB {dimension}")


class Subnet(Frozen):
    id: str
    vpc_id: str
    zone: str
    cidr: str
    ipv6_cidrs: tuple[str, ...] = ()
    available_ips: int | None = None


class Subnets(Fact):
    """Subnets of the load balancers' nodes and of the targets, by id."""

    name: ClassVar[str] = "subnets"

    by_id: dict[str, Subnet]


class NetworkAclEntry(Frozen):
    """`protocol` is the number as text, ``-1`` for all; ports None mean every port."""

    rule_number: int
    egress: bool
    protocol: str
    allow: bool
    cidr: str | None = None
    ipv6_cidr: str | None = None
    from_port: int | None = None
    to_port: int | None = None


class NetworkAcl(Frozen):
    id: str
    vpc_id: str
    is_default: bool
    subnet_ids: tuple[str, ...]
    entries: tuple[NetworkAclEntry, ...]


class NetworkAcls(Fact):
    name: ClassVar[str] = "network_acls"

    items: tuple[NetworkAcl, ...]

    def of_subnet(self, subnet_id: str) -> NetworkAcl | None:
        return next((acl for acl in self.items if subnet_id in acl.subnet_ids), None)
