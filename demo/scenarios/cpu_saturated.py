"""Three times the usual visitors come, every task is busy, and answers take longer than the load balancer waits."""

from __future__ import annotations

from demo.scenarios.history import FAULT_AT_MIN, quiet_until
from demo.scenarios.scenario import Expect
from demo.world.apps import Answer
from demo.world.balancers import Request
from demo.world.world import World

NAME = "cpu-saturated"
TITLE = "A rush of visitors, and every processor is full"
TARGET = "checkout"
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="cpu-saturation",
    also=frozenset({"insufficient-task-count"}),
    may=frozenset({"target-slow-response"}),
    never=frozenset({"sg-ingress-missing", "connect-timeout-unattributed", "target-dependency-hang", "keepalive-race"}),
)


def build(world: World, account: str) -> None:
    """Nothing scales the service. No request is answered in time, and health checks are just so."""
    here = world.account(account)
    checkout = here.service("checkout", desired=3)
    quiet_until(world, FAULT_AT_MIN)
    visitors = Request(checkout.load_balancer.dns_name, checkout.spec.client_path, checkout.load_balancer.port)
    here.clients_of(checkout.load_balancer, visitors, 2 * checkout.spec.rpm)
    checkout.change_app(cpu_percent=95.0, routes={"/healthz": Answer(200, 3.0), "*": Answer(200, 75.0)})
    world.until(0)
