"""The load balancer's own nodes: one network interface in each enabled subnet.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html
"""

from __future__ import annotations

import ipaddress
import zlib
from typing import Any
from weakref import WeakKeyDictionary

from moto.ec2.models import ec2_backends

# What AWS keeps for itself in a subnet: the first four addresses and the last.
# https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
_RESERVED_FIRST = 4
REQUESTER = "amazon-elb"

_interfaces: WeakKeyDictionary[Any, dict[str, Any]] = WeakKeyDictionary()


def node_addresses(lb: Any) -> list[tuple[str, str]]:
    """(subnet id, private address) of each node of a moto load balancer, in the order of its subnets."""
    interfaces = sync_nodes(lb)
    return [(subnet.id, str(interfaces[subnet.id].private_ip_address)) for subnet in lb.subnets]


def sync_nodes(lb: Any) -> dict[str, Any]:
    """Make the interfaces of `lb` match its subnets and security groups; {subnet id: moto's interface}."""
    backend = _ec2(lb.arn)
    interfaces = _interfaces.setdefault(lb, {})
    wanted = {subnet.id: subnet for subnet in lb.subnets}
    for subnet_id in [one for one in interfaces if one not in wanted]:
        backend.enis.pop(interfaces.pop(subnet_id).id, None)
    for subnet_id, subnet in wanted.items():
        if subnet_id not in interfaces:
            interfaces[subnet_id] = _create(backend, lb, subnet)
        if [group.id for group in interfaces[subnet_id].group_set] != list(lb.security_groups or ()):
            groups = [backend.get_security_group_from_id(group) for group in lb.security_groups or ()]
            interfaces[subnet_id]._group_set = [group for group in groups if group is not None]  # noqa: SLF001
    return interfaces


def remove_nodes(lb: Any) -> None:
    """Delete the interfaces of a load balancer that is gone."""
    backend = _ec2(lb.arn)
    for interface in _interfaces.pop(lb, {}).values():
        backend.enis.pop(interface.id, None)


def _create(backend: Any, lb: Any, subnet: Any) -> Any:
    interface = backend.create_network_interface(
        subnet,
        _free_address(backend, lb.arn, subnet),
        group_ids=list(lb.security_groups or ()),
        description=f"ELB {lb.arn.split(':loadbalancer/')[1]}",
    )
    interface.requester_id = REQUESTER
    interface.requester_managed = True
    interface.status = "in-use"
    return interface


def _free_address(backend: Any, arn: str, subnet: Any) -> str:
    """The same load balancer gets the same address in a fresh world, unless something else took it."""
    network = ipaddress.ip_network(subnet.cidr_block)
    taken = {eni.private_ip_address for eni in backend.enis.values() if eni.subnet.id == subnet.id}
    size = network.num_addresses - _RESERVED_FIRST - 1
    first = zlib.crc32(arn.rsplit("/", 2)[1].encode()) % size
    candidates = (str(network[_RESERVED_FIRST + (first + step) % size]) for step in range(size))
    return next(address for address in candidates if address not in taken)


def _ec2(arn: str) -> Any:
    _, _, _, region, account, _ = arn.split(":", 5)
    return ec2_backends[account][region]
