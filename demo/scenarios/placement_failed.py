"""The release asks for more memory than any container instance has left."""

from __future__ import annotations

from demo.scenarios.history import quiet_until
from demo.scenarios.scenario import Expect
from demo.world.apps import App
from demo.world.world import World

NAME = "placement-failed"
TITLE = "No container instance has room"
TARGET = "checkout"
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="task-placement-failed",
    may=frozenset(
        {
            "deployment-failing-loop",
            "deployment-regression",
            "deployment-min-healthy-too-low",
            "no-registered-targets",
        }
    ),
    never=frozenset({"task-oom-killed", "sg-ingress-missing", "image-pull-failed", "task-crash-exit"}),
)
RELEASED_AT_MIN = 15


def build(world: World, account: str) -> None:
    """With a minimum of 50 % one old task was stopped, and nothing can take its place."""
    acct = world.account(account)
    balancer = acct.load_balancer()
    hosts = acct.security_group("container-instances", balancer.vpc)
    acct.allow(hosts, 32768, 65535, source=balancer.security_group)
    for zone in ("a", "b"):
        acct.host(security_group=hosts, zone=zone, memory_mib=1900)
    checkout = acct.service(
        "checkout", launch="EC2", desired=2, memory=900, security_group=hosts, minimum_percent=50, maximum_percent=100
    )
    quiet_until(world, RELEASED_AT_MIN)
    checkout.deploy("checkout:2", app=App(memory_mib=1500), memory=3000)
    world.until(0)
