"""A stated big world to measure diagnoses in: 3 clusters, 40 services, 12 tasks of the one asked about, 60 rules."""

from __future__ import annotations

from dataclasses import dataclass

from demo.world.apps import App
from demo.world.builder import AccountBuilder, LoadBalancer
from demo.world.service_handle import ServiceHandle
from demo.world.world import World

CLUSTERS = ("prod", "batch", "edge")
SERVICES = 40
TASKS_OF_TARGET = 12
RULES = 60
TARGET = "checkout"
TARGET_CLUSTER = "prod"
LOAD_BALANCERS = ("shared", "internal", "partners")
FAULT_AT_MIN = 10.0
HISTORY_S = 30 * 60
QUIET_STEP_S = 10.0
FAULT_STEP_S = 2.0


@dataclass(frozen=True, slots=True)
class BigWorld:
    """The account that was built and the service to ask for."""

    account: AccountBuilder
    target: ServiceHandle
    services: tuple[ServiceHandle, ...]


def build(world: World, account: str) -> BigWorld:
    """Builds it, lets it settle and takes away the rule that lets the load balancer reach the target's tasks.

    `world.present` should be at least HISTORY_S after its clock. The rules are spread over three load balancers: one
    for each service, and redirects to make up the number.
    """
    acct = world.account(account)
    vpc = acct.vpc(zones=("a", "b", "c"))
    balancers = [acct.load_balancer(name, vpc=vpc) for name in LOAD_BALANCERS]
    target = acct.service(
        TARGET,
        cluster=TARGET_CLUSTER,
        load_balancer=balancers[0],
        desired=TASKS_OF_TARGET,
        path=f"/{TARGET}/*",
        client_path=f"/{TARGET}/cart",
        app=App(routes={"/healthz": 200, f"/{TARGET}/*": 200}),
        rpm=240,
    )
    others = [_other(acct, number, balancers) for number in range(1, SERVICES)]
    _fill_rules(acct, balancers, RULES - SERVICES)
    world.until(FAULT_AT_MIN, step=QUIET_STEP_S)
    target.revoke_ingress()
    world.until(0, step=FAULT_STEP_S)
    return BigWorld(acct, target, (target, *others))


def _other(acct: AccountBuilder, number: int, balancers: list[LoadBalancer]) -> ServiceHandle:
    name = f"service-{number:02d}"
    return acct.service(
        name,
        cluster=CLUSTERS[number % len(CLUSTERS)],
        load_balancer=balancers[number % len(balancers)],
        desired=1 + number % 3,
        path=f"/{name}/*",
        client_path=f"/{name}/",
        rpm=3,
    )


def _fill_rules(acct: AccountBuilder, balancers: list[LoadBalancer], count: int) -> None:
    """Redirects of old addresses, as grown listeners have them."""
    elb = acct.client("elbv2")
    for number in range(count):
        balancer = balancers[number % len(balancers)]
        redirect = {"Path": f"/service-{number + 1:02d}/", "StatusCode": "HTTP_301"}
        elb.create_rule(
            ListenerArn=balancer.listener,
            Priority=balancer.next_priority,
            Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": [f"/old/{number}/*"]}}],
            Actions=[{"Type": "redirect", "RedirectConfig": redirect}],
        )
        balancer.next_priority += 10
