"""Incidents that look unlike the textbook, and innocents that look like one, through the whole stack over HTTP."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.diagnosing import Diagnoser
from demo.aws import server
from demo.clock import ManualClock
from demo.scenarios.history import quiet_until
from demo.world.apps import App
from demo.world.balancers import Request
from demo.world.builder import AccountBuilder, HealthCheck, permission
from demo.world.world import World
from diagnostics.aws_access import AccessLimits, AwsAccess
from diagnostics.question import Diagnosed, Question
from diagnostics.report import Report
from tests.incidents.test_over_http import OpenGate

PRESENT = 1_800_000_000.0
HISTORY_S = 60 * 60
ADMIN = "network-admin/console"
FAIL_OPEN = frozenset({"all-targets-unhealthy-fail-open"})
PLAIN = App(routes={"/healthz": 200, "/": 200})
_accounts = itertools.count(740_000_000_000)


@dataclass(frozen=True)
class Story:
    """`answers`: for each target that somebody asks for the first cause, None for no fault. `may`: beside it."""

    title: str
    build: Callable[[World, AccountBuilder], None]
    answers: dict[str, str | None]
    may: frozenset[str] = field(default=FAIL_OPEN)


def only_one_zone_is_admitted(world: World, acct: AccountBuilder) -> None:
    checkout = acct.service("checkout", desired=2, grace_s=7200)
    quiet_until(world, 6)
    acct.allow(checkout.security_group, 8080, 8080, source="10.20.1.0/24", by=ADMIN)
    checkout.revoke_ingress()


def prefix_list_was_emptied(world: World, acct: AccountBuilder) -> None:
    ec2 = acct.client("ec2")
    entry = {"Cidr": "10.20.0.0/16", "Description": "the network"}
    made = ec2.create_managed_prefix_list(
        PrefixListName="load-balancers", MaxEntries=5, AddressFamily="IPv4", Entries=[entry]
    )["PrefixList"]
    checkout = acct.service("checkout", open_port=False, grace_s=7200)
    listed = {"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080}
    listed["PrefixListIds"] = [{"PrefixListId": made["PrefixListId"]}]
    ec2.authorize_security_group_ingress(GroupId=checkout.security_group, IpPermissions=[listed])
    quiet_until(world, 6)
    acct.client("ec2", ADMIN).modify_managed_prefix_list(
        PrefixListId=made["PrefixListId"],
        CurrentVersion=made["Version"],
        AddEntries=[{"Cidr": "10.99.0.0/16"}],
        RemoveEntries=[{"Cidr": entry["Cidr"]}],
    )


def health_check_port_was_closed(world: World, acct: AccountBuilder) -> None:
    """Nothing maps port 9901, which a task with an interface of its own need not do."""
    app = App(more_ports=(9901,))
    checkout = acct.service("checkout", health=HealthCheck(port="9901"), app=app, grace_s=7200)
    checkout.allow_ingress(low=9901)
    quiet_until(world, 6)
    rule = permission(9901, 9901, checkout.load_balancer.security_group)
    acct.client("ec2", ADMIN).revoke_security_group_ingress(GroupId=checkout.security_group, IpPermissions=[rule])


def only_the_internal_balancer_is_shut_out(world: World, acct: AccountBuilder) -> None:
    checkout = acct.service("checkout", grace_s=7200)
    internal = acct.load_balancer("internal")
    group = acct.target_group("checkout-int", internal, 8080, HealthCheck())
    forward = {"Type": "forward", "TargetGroupArn": group}
    acct.client("elbv2").modify_listener(ListenerArn=internal.listener, DefaultActions=[forward])
    acct.allow(checkout.security_group, 8080, 8080, source=internal.security_group)
    quiet_until(world, 50)
    both = [
        {"targetGroupArn": arn, "containerName": "checkout", "containerPort": 8080}
        for arn in (checkout.target_group, group)
    ]
    checkout.update(loadBalancers=both)
    acct.clients_of(internal, Request(internal.dns_name, "/", 80), 60)
    quiet_until(world, 6)
    rule = permission(8080, 8080, internal.security_group)
    acct.client("ec2", ADMIN).revoke_security_group_ingress(GroupId=checkout.security_group, IpPermissions=[rule])


def path_edited_and_an_innocent_deployment(world: World, acct: AccountBuilder) -> None:
    checkout = acct.service("checkout", app=PLAIN)
    quiet_until(world, 10)
    checkout.set_health_check(HealthCheckPath="/ready")
    world.until(6)
    checkout.deploy("checkout:2", app=PLAIN)


def path_edited_and_taken_back(world: World, acct: AccountBuilder) -> None:
    checkout = acct.service("checkout", app=PLAIN)
    quiet_until(world, 40)
    checkout.set_health_check(HealthCheckPath="/status")
    world.until(30)
    checkout.set_health_check(HealthCheckPath="/healthz")


def somebody_tried_rules_in_vain(world: World, acct: AccountBuilder) -> None:
    checkout = acct.service("checkout", grace_s=7200)
    quiet_until(world, 8)
    checkout.change_app(loopback_only=True)
    world.until(4)
    rule = permission(8081, 8081, checkout.load_balancer.security_group)
    ec2 = acct.client("ec2", ADMIN)
    ec2.authorize_security_group_ingress(GroupId=checkout.security_group, IpPermissions=[rule])
    ec2.revoke_security_group_ingress(GroupId=checkout.security_group, IpPermissions=[rule])


def one_of_three_services_is_shut_out(world: World, acct: AccountBuilder) -> None:
    shared = acct.load_balancer("shared")
    services = {
        name: acct.service(name, load_balancer=shared, path=f"/{name}/*", client_path=f"/{name}/x", grace_s=7200)
        for name in ("checkout", "search", "basket")
    }
    quiet_until(world, 6)
    services["search"].revoke_ingress()


def zero_for_ten_minutes(world: World, acct: AccountBuilder) -> None:
    checkout = acct.service("checkout")
    quiet_until(world, 30)
    checkout.scale(0)
    world.until(20)
    checkout.scale(2)


def release_for_another_processor(world: World, acct: AccountBuilder) -> None:
    checkout = acct.service("checkout")
    quiet_until(world, 8)
    error = (
        "CannotStartContainerError: ResourceInitializationError: failed to create new container runtime task: OCI"
        " runtime create failed: exec /app/server: exec format error"
    )
    checkout.deploy("checkout:2-arm", app=App(start_error=error))


def half_way_through_a_healthy_deployment(world: World, acct: AccountBuilder) -> None:
    checkout = acct.service("checkout", desired=4, app=App(stops_in_s=90))
    quiet_until(world, 1)
    checkout.deploy("checkout:2", app=App(stops_in_s=90))


STORIES = (
    Story("only one zone's addresses are admitted", only_one_zone_is_admitted, {"checkout": "sg-ingress-missing"}),
    Story("the prefix list lost its entries", prefix_list_was_emptied, {"checkout": "sg-ingress-missing"}),
    Story("the health check's port was closed", health_check_port_was_closed, {"checkout": "sg-ingress-missing"}),
    Story(
        "two load balancers, the internal one is shut out",
        only_the_internal_balancer_is_shut_out,
        {"checkout": "sg-ingress-missing"},
    ),
    Story(
        "path edited, then an innocent deployment",
        path_edited_and_an_innocent_deployment,
        {"checkout": "health-check-path-mismatch"},
        FAIL_OPEN | {"deployment-failing-loop"},
    ),
    Story("path edited and taken back", path_edited_and_taken_back, {"checkout": "health-check-path-mismatch"}),
    Story("rules edited after the onset", somebody_tried_rules_in_vain, {"checkout": "port-not-listening"}),
    Story(
        "one of three services is shut out",
        one_of_three_services_is_shut_out,
        {"search": "sg-ingress-missing", "shared": "sg-ingress-missing", "checkout": None},
    ),
    Story("scaled to zero and back", zero_for_ten_minutes, {"checkout": "service-scaled-to-zero"}),
    Story(
        "a release for another processor",
        release_for_another_processor,
        {"checkout": "task-entrypoint-failed"},
        frozenset({"deployment-failing-loop", "deployment-regression"}),
    ),
    Story("a healthy deployment is under way", half_way_through_a_healthy_deployment, {"checkout": None}),
)


@pytest.mark.parametrize("story", STORIES, ids=[story.title for story in STORIES])
def test_an_unusual_incident(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    account = f"{next(_accounts)}"
    world = World(ManualClock(PRESENT - HISTORY_S), present=PRESENT)
    story.build(world, world.account(account))
    world.until(0)
    with server.start(world.layer) as running:
        for name, value in server.environment(running.endpoint_url, account=account).items():
            monkeypatch.setenv(name, value)
        for target, first in story.answers.items():
            report = _asked(target)
            told = [(cause.code, cause.role, cause.band, cause.summary) for cause in report.causes]
            assert report.verdict == ("causes_found" if first else "no_fault_found"), (target, told)
            assert (report.causes[0].code if report.causes else None) == first, (target, told)
            assert {cause.code for cause in report.causes} <= {first, *story.may}, (target, told)


def _asked(target: str) -> Report:
    def ignore(progress: Any) -> None:
        """Nobody is watching."""

    diagnoser = Diagnoser(
        AwsAccess((), AccessLimits(), gate=OpenGate()),
        nicknames={},
        budget_s=60.0,
        cache_s=0,
        clock=lambda: datetime.fromtimestamp(PRESENT, UTC),
    )
    outcome = diagnoser(Question(words=target), ignore)
    assert isinstance(outcome, Diagnosed), outcome
    return outcome.report
