"""Two faults at once, in different hands: tasks in a zone that the load balancer lacks, and a wrong health path."""

from __future__ import annotations

from demo.scenarios.history import FAULT_AT_MIN, quiet_until
from demo.scenarios.scenario import Expect
from demo.world.apps import App
from demo.world.world import World

NAME = "two-causes"
TITLE = "Two causes at once"
TARGET = "checkout"
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="health-check-path-mismatch",
    also=frozenset({"az-not-enabled"}),
    may=frozenset({"all-targets-unhealthy-fail-open"}),
    never=frozenset({"sg-ingress-missing", "nacl-blocked", "task-crash-exit", "service-scaled-to-zero"}),
)
ZONE_LOST_AT_MIN = 20


def build(world: World, account: str) -> None:
    """First zone c was taken from the load balancer, later the health check path was changed.

    The long grace period keeps ECS from replacing what it finds unhealthy.
    """
    acct = world.account(account)
    vpc = acct.vpc(zones=("a", "b", "c"))
    app = App(routes={"/healthz": 200, "/": 200})
    checkout = acct.service("checkout", desired=6, grace_s=7200, app=app)
    quiet_until(world, ZONE_LOST_AT_MIN)
    acct.client("elbv2", by="network-admin/console").set_subnets(
        LoadBalancerArn=checkout.load_balancer.arn, Subnets=vpc.pick(("a", "b"))
    )
    world.until(FAULT_AT_MIN)
    checkout.set_health_check(HealthCheckPath="/internal/ready")
    world.until(0)
