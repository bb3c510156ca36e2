"""Whether a TCP connection passes, judged from security groups and network ACLs as the emulator holds them.

Source: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html (stateful, references, any rule
allows) and https://docs.aws.amazon.com/vpc/latest/userguide/nacl-basics.html (stateless, lowest number decides,
traffic inside one subnet is not looked at).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

from moto.ec2.models import EC2Backend, ec2_backends

TCP_NUMBER = "6"
ANY_PROTOCOL = "-1"
EPHEMERAL_SAMPLES = (1024, 20000, 40000, 65535)
"""Source ports at which a return path is tried; a load balancer node uses all of 1024-65535."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One side of a connection: a network interface."""

    address: str
    subnet: str
    groups: frozenset[str]


class Network:
    """Reachability inside one account and region, remembered until `forget` is called after a change."""

    def __init__(self, account: str, region: str) -> None:
        self._ec2: EC2Backend = ec2_backends[account][region]
        self._known: dict[tuple[Endpoint, Endpoint, int], bool] = {}
        self._interfaces: dict[str, Any] | None = None
        self._endpoints: dict[str, Endpoint] = {}

    def forget(self) -> None:
        """Drops what was concluded: a rule, an entry or an interface may have changed."""
        self._known.clear()
        self._interfaces = None
        self._endpoints.clear()

    def interface_at(self, address: str) -> Endpoint | None:
        """The network interface that owns a private address now."""
        if address in self._endpoints:
            return self._endpoints[address]
        if self._interfaces is None:
            self._interfaces = {str(eni.private_ip_address): eni for eni in self._ec2.enis.values()}
        eni = self._interfaces.get(address)
        if eni is None:
            return None
        groups = frozenset(group.id for group in eni.group_set)
        return self._endpoints.setdefault(address, Endpoint(address, eni.subnet.id, groups))

    def rules_of(self, group_id: str, *, leaving: bool = False) -> list[str]:
        """The rules of a security group in words, such as ``tcp 8080 from sg-1``."""
        group = self._ec2.get_security_group_from_id(group_id)
        rules = () if group is None else group.egress_rules if leaving else group.ingress_rules
        return [self._in_words(rule, "to" if leaving else "from") for rule in rules]

    def _in_words(self, rule: Any, way: str) -> str:
        port = "" if rule.from_port is None else f" {rule.from_port}"
        port += f"-{rule.to_port}" if rule.to_port not in (None, rule.from_port) else ""
        traffic = "all traffic" if rule.ip_protocol == ANY_PROTOCOL else f"{rule.ip_protocol}{port}"
        peer = (rule.source_group or {}).get("GroupId") or ", ".join(self._cidrs(rule)) or "nobody"
        return f"{traffic} {way} {peer}"

    def passes(self, source: Endpoint, target: Endpoint, port: int) -> bool:
        """True when a connection from source to target:port is established."""
        key = (source, target, port)
        if key not in self._known:
            self._known[key] = self._groups_pass(source, target, port) and self._acls_pass(source, target, port)
        return self._known[key]

    def _groups_pass(self, source: Endpoint, target: Endpoint, port: int) -> bool:
        leaves = self._any_rule(source.groups, "egress_rules", port, target)
        return leaves and self._any_rule(target.groups, "ingress_rules", port, source)

    def _any_rule(self, groups: Iterable[str], direction: str, port: int, peer: Endpoint) -> bool:
        for group_id in groups:
            group = self._ec2.get_security_group_from_id(group_id)
            if group is not None and any(self._rule_allows(rule, port, peer) for rule in getattr(group, direction)):
                return True
        return False

    def _rule_allows(self, rule: Any, port: int, peer: Endpoint) -> bool:
        if rule.ip_protocol not in ("tcp", ANY_PROTOCOL):
            return False
        if rule.ip_protocol == "tcp" and not _port_within(port, rule.from_port, rule.to_port):
            return False
        if rule.source_group and rule.source_group.get("GroupId") in peer.groups:
            return True
        return any(_address_within(peer.address, cidr) for cidr in self._cidrs(rule))

    def _cidrs(self, rule: Any) -> Iterator[str]:
        if cidr := rule.ip_range.get("CidrIp"):
            yield cidr
        listed = self._ec2.managed_prefix_lists.get(rule.prefix_list_id) if rule.prefix_list_id else None
        if listed is not None and listed.version is not None:
            for entry in listed.entries.get(listed.version, []):
                yield entry["Cidr"]

    def _acls_pass(self, source: Endpoint, target: Endpoint, port: int) -> bool:
        if source.subnet == target.subnet:
            return True
        there = self._acl_of(source.subnet), self._acl_of(target.subnet)
        out_and_in = _acl_allows(there[0], egress=True, peer=target.address, port=port) and _acl_allows(
            there[1], egress=False, peer=source.address, port=port
        )
        return out_and_in and all(
            _acl_allows(there[1], egress=True, peer=source.address, port=reply)
            and _acl_allows(there[0], egress=False, peer=target.address, port=reply)
            for reply in EPHEMERAL_SAMPLES
        )

    def _acl_of(self, subnet: str) -> Any:
        for acl in self._ec2.network_acls.values():
            if any(association.subnet_id == subnet for association in acl.associations):
                return acl
        return None


def _acl_allows(acl: Any, *, egress: bool, peer: str, port: int) -> bool:
    if acl is None:
        return True
    for entry in sorted(acl.network_acl_entries, key=lambda entry: int(entry.rule_number)):
        if _truth(entry.egress) != egress or str(entry.protocol) not in (ANY_PROTOCOL, TCP_NUMBER):
            continue
        if not entry.cidr_block or not _address_within(peer, entry.cidr_block):
            continue
        if str(entry.protocol) == TCP_NUMBER and not _port_within(port, entry.port_range_from, entry.port_range_to):
            continue
        return str(entry.rule_action) == "allow"
    return False


def _truth(value: object) -> bool:
    return str(value).lower() == "true"


def _port_within(port: int, low: Any, high: Any) -> bool:
    if low is None or high is None:
        return True
    return int(low) <= port <= int(high)


def _address_within(address: str, cidr: str) -> bool:
    network, peer = ip_network(cidr, strict=False), ip_address(address)
    return peer.version == network.version and peer in network
