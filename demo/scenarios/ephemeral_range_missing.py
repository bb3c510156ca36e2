"""Tasks with dynamic host ports behind a security group that opens a fixed port only."""

from __future__ import annotations

from demo.scenarios.history import FAULT_AT_MIN, quiet_until
from demo.scenarios.scenario import Expect
from demo.world.world import World

NAME = "ephemeral-range-missing"
TITLE = "Dynamic host ports not opened"
TARGET = "checkout"
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="sg-ephemeral-range-missing",
    may=frozenset({"all-targets-unhealthy-fail-open"}),
    never=frozenset({"sg-ingress-missing", "nacl-blocked", "health-check-path-mismatch"}),
)


def build(world: World, account: str) -> None:
    """Somebody narrowed 32768-65535 to 8080, which looks right but is the container's port."""
    acct = world.account(account)
    balancer = acct.load_balancer()
    hosts = acct.security_group("container-instances", balancer.vpc)
    acct.allow(hosts, 32768, 65535, source=balancer.security_group)
    for zone in ("a", "b"):
        acct.host(security_group=hosts, zone=zone)
    acct.service("checkout", launch="EC2", desired=4, security_group=hosts)
    quiet_until(world, FAULT_AT_MIN)
    acct.revoke(hosts, 32768, 65535, source=balancer.security_group, by="network-admin/console")
    acct.allow(hosts, 8080, 8080, source=balancer.security_group, by="network-admin/console")
    world.until(0)
