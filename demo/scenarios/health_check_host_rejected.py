"""The release refuses requests whose Host header is an address, as all health checks have."""

from __future__ import annotations

from demo.scenarios.history import quiet_until
from demo.scenarios.scenario import Expect
from demo.world.apps import App
from demo.world.world import World

NAME = "health-check-host-rejected"
TITLE = "Health check's Host header is refused"
TARGET = "checkout"
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="health-check-host-rejected",
    may=frozenset({"deployment-regression", "deployment-failing-loop"}),
    never=frozenset({"health-check-path-mismatch", "health-check-auth-required", "sg-ingress-missing"}),
)
RELEASED_AT_MIN = 15


def build(world: World, account: str) -> None:
    """New tasks answer 400 to the checks; with the right host they would serve."""
    checkout = world.account(account).service("checkout", desired=2, host="shop.example.com")
    quiet_until(world, RELEASED_AT_MIN)
    checkout.deploy("checkout:2", app=App(status_for_ip_host=400))
    world.until(0)
