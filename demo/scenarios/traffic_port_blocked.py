"""Health checks use a port of their own, which is open; the traffic port was closed."""

from __future__ import annotations

from demo.scenarios.history import FAULT_AT_MIN, quiet_until
from demo.scenarios.repair import LET_LOAD_BALANCER_IN
from demo.scenarios.scenario import Expect
from demo.world.apps import App
from demo.world.builder import HealthCheck
from demo.world.world import World

NAME = "traffic-port-blocked"
TITLE = "Traffic port closed, health check port open"
TARGET = "checkout"
REPAIR = LET_LOAD_BALANCER_IN
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="sg-traffic-port-blocked",
    never=frozenset({"sg-ingress-missing", "sg-egress-missing", "health-check-port-mismatch"}),
)


def build(world: World, account: str) -> None:
    """The targets are healthy and every request times out."""
    acct = world.account(account)
    checkout = acct.service("checkout", desired=3, health=HealthCheck(port="9901"), app=App(more_ports=(9901,)))
    checkout.allow_ingress(low=9901)
    quiet_until(world, FAULT_AT_MIN)
    checkout.revoke_ingress()
    world.until(0)
