"""Two services behind one load balancer; only one of them is sick."""

from __future__ import annotations

from demo.scenarios.history import FAULT_AT_MIN, quiet_until
from demo.scenarios.scenario import Expect
from demo.world.apps import App
from demo.world.world import World

NAME = "shared-load-balancer"
TITLE = "A shared load balancer with one sick service"
TARGET = "search"
EXPECT = (
    Expect(
        "search",
        "causes_found",
        first="container-port-mismatch",
        may=frozenset(
            {
                "deployment-regression",
                "deployment-failing-loop",
                "deployment-min-healthy-too-low",
                "all-targets-unhealthy-fail-open",
            }
        ),
        never=frozenset({"sg-ingress-missing", "task-crash-exit"}),
    ),
    Expect(
        "checkout",
        "no_fault_found",
        never=frozenset(
            {
                "container-port-mismatch",
                "port-not-listening",
                "deployment-regression",
                "all-targets-unhealthy-fail-open",
            }
        ),
    ),
)


def build(world: World, account: str) -> None:
    """The load balancer's own 502 counters rise; they do not say whose they are."""
    acct = world.account(account)
    shared = acct.load_balancer("shared")
    acct.service("checkout", load_balancer=shared, path="/checkout/*", client_path="/checkout/cart", desired=3)
    search = acct.service(
        "search",
        load_balancer=shared,
        path="/search/*",
        client_path="/search/results?q=shoes",
        environment={"PORT": "8080"},
        grace_s=1800,
        minimum_percent=0,
        maximum_percent=100,
        rpm=30,
    )
    quiet_until(world, FAULT_AT_MIN)
    search.deploy("search:2", app=App(), environment={"PORT": "9200"})
    world.until(0)
