"""The load balancer's nodes: one in each enabled subnet, from which requests and checks come."""

from __future__ import annotations

from dataclasses import dataclass

from moto.elbv2.models import FakeLoadBalancer

from demo.aws.nodes import node_addresses
from demo.world.network import Endpoint


@dataclass(frozen=True, slots=True)
class Node:
    """One node and its Availability Zone."""

    endpoint: Endpoint
    zone: str


class Nodes:
    """Finds the nodes of a load balancer, remembered until `forget`."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Node, ...]] = {}

    def forget(self) -> None:
        """Subnets or security groups may have changed."""
        self._known.clear()

    def of(self, balancer: FakeLoadBalancer) -> tuple[Node, ...]:
        """In the order of the load balancer's subnets."""
        if balancer.arn not in self._known:
            zones = {subnet.id: subnet.availability_zone for subnet in balancer.subnets}
            groups = frozenset(balancer.security_groups or ())
            self._known[balancer.arn] = tuple(
                Node(Endpoint(address, subnet, groups), zones[subnet]) for subnet, address in node_addresses(balancer)
            )
        return self._known[balancer.arn]
