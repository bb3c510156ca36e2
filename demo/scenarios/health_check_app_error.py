"""The health check itself reports an error of the application, and so do the users' requests."""

from __future__ import annotations

from demo.scenarios.history import FAULT_AT_MIN, quiet_until
from demo.scenarios.scenario import Expect
from demo.world.world import World

NAME = "health-check-app-error"
TITLE = "Health check answers 503"
TARGET = "checkout"
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="health-check-app-error",
    may=frozenset({"all-targets-unhealthy-fail-open", "target-generated-5xx"}),
    never=frozenset({"health-check-path-mismatch", "sg-ingress-missing", "deployment-regression"}),
)


def build(world: World, account: str) -> None:
    """Nothing was deployed or configured."""
    checkout = world.account(account).service("checkout", desired=3)
    quiet_until(world, FAULT_AT_MIN)
    checkout.change_app(routes={"*": 503})
    world.until(0)
