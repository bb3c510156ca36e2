"""A web server on an instance of its own was stopped, and its target group keeps the registration."""

from __future__ import annotations

from demo.scenarios.history import FAULT_AT_MIN, quiet_until
from demo.scenarios.scenario import Expect
from demo.world.apps import App
from demo.world.server_handle import add_servers, stop_server
from demo.world.world import World

NAME = "instance-stopped"
TITLE = "Registered EC2 instance is stopped"
TARGET = "storefront"
REPAIR = "aws ec2 start-instances --instance-ids {stopped_instance}"
EXPECT = Expect(
    TARGET,
    "causes_found",
    first="target-instance-stopped",
    never=frozenset({"sg-ingress-missing", "port-not-listening", "no-registered-targets", "target-stale-registration"}),
)


def build(world: World, account: str) -> None:
    """Two instances outside of ECS; one of them is stopped to save costs, and the other carries the load alone."""
    acct = world.account(account)
    servers = add_servers(acct, TARGET, app=App(), zones=("a", "b"), rpm=120)
    quiet_until(world, FAULT_AT_MIN)
    stop_server(acct, servers[0], by="cost-control/console")
    world.until(0)
