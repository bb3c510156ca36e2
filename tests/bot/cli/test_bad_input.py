"""What people and surroundings do wrong, through the whole command line against an AWS that answers over HTTP."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from bot.cli import exits
from demo.aws import server
from demo.aws.guards import DisabledRegions, Faults, TrustGuard
from demo.aws.layer import AwsError
from demo.clock import ManualClock
from demo.world.builder import AccountBuilder
from demo.world.world import World
from tests.bot.cli.running import Ran, alb502

Capsys = pytest.CaptureFixture[str]
PROD, DEV = "111122223333", "444455556666"
REGION, DISABLED = "us-east-1", "ap-east-1"
EXPIRED = AwsError("ExpiredToken", "The security token included in the request is expired", 403)
CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
HANG_S: Final = 60.0
PROMPT_S: Final = 20.0
"""Far below the 40 s in which a call that gets no answer is given up."""


@dataclass(frozen=True)
class Shop:
    endpoint: server.RunningServer
    faults: Faults

    @property
    def environment(self) -> dict[str, str]:
        return server.environment(self.endpoint.endpoint_url, REGION, PROD)


@pytest.fixture(scope="module")
def built() -> Iterator[Shop]:
    world = World(ManualClock(time.time() - 60), present=time.time())
    prod, dev = world.account(PROD), world.account(DEV)
    prod.service("checkout", rpm=60)
    prod.service("search", rpm=0, host="search.example.com")
    dev.service("search", rpm=0, load_balancer=dev.load_balancer("dev-public"))
    prod.service("twin", rpm=0, host="twin.example.com")
    _without_traffic(prod)
    world.until(0)
    faults = Faults()
    faults.install(world.layer)
    TrustGuard({role(PROD): None, role(DEV): None}).install(world.layer)
    DisabledRegions([DISABLED]).install(world.layer)
    with server.start(world.layer) as endpoint:
        yield Shop(endpoint, faults)


def _without_traffic(prod: AccountBuilder) -> None:
    """A twin in another cluster, a service without and load balancers without what they need."""
    ecs, elb, subnets = prod.client("ecs"), prod.client("elbv2"), prod.vpc().pick(None)
    definition = ecs.describe_services(cluster="prod", services=["checkout"])["services"][0]["taskDefinition"]
    ecs.create_cluster(clusterName="staging")
    for cluster, name in (("staging", "twin"), ("prod", "worker")):
        ecs.create_service(
            cluster=cluster,
            serviceName=name,
            taskDefinition=definition,
            desiredCount=0,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": {"subnets": subnets, "securityGroups": []}},
        )
    elb.create_load_balancer(Name="edge", Type="network", Subnets=subnets)
    elb.create_load_balancer(Name="silent", Subnets=subnets)
    group = elb.create_target_group(Name="hollow", Protocol="HTTP", Port=80, VpcId=prod.vpc().id, TargetType="ip")[
        "TargetGroups"
    ][0]["TargetGroupArn"]
    balancer = elb.create_load_balancer(Name="hollow-lb", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    forward = {"Type": "forward", "TargetGroupArn": group}
    elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[forward])


@pytest.fixture
def shop(built: Shop, a_quiet_place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    for name, value in built.environment.items():
        monkeypatch.setenv(name, value)
    yield built
    built.faults.clear()


def role(account: str, name: str = "alb502-read") -> str:
    return f"arn:aws:iam::{account}:role/{name}"


def configure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *accounts: tuple[str, str, str, str]) -> None:
    lines = [
        f'  - {{name: {name}, id: "{account}", regions: [{regions}], read_role: "{arn}"}}'
        for name, account, regions, arn in accounts
    ]
    file = tmp_path / "alb502.yaml"
    file.write_text("\n".join(["accounts:", *lines]))
    monkeypatch.setenv("ALB502_CONFIG", str(file))


def only_line(ran: Ran, status: int) -> str:
    """The one line of a command that made no report."""
    assert (ran.status, ran.out) == (status, "")
    assert ran.err.startswith("alb502: ")
    assert ran.err.count("\n") == 1
    assert len(ran.err) < 400
    return ran.err


def lines(ran: Ran, status: int) -> list[str]:
    assert (ran.status, ran.out) == (status, "")
    return ran.err.splitlines()


def test_an_unknown_name_suggests_what_can_be_pasted_and_says_where_it_looked(shop: Shop, capsys: Capsys) -> None:
    said = lines(alb502(capsys, "diagnose", "chekout"), exits.BAD_USAGE)

    assert said[0] == "alb502: nothing found that is called 'chekout'; the nearest:"
    assert said[1] == f"  alb502 diagnose prod/checkout --account {PROD} --region {REGION}    # ecs-service"
    assert said[-1] == f"  searched: account {PROD}, {REGION}; --region and --account name other places"


def test_in_a_wrong_region_it_is_said_which_was_searched(shop: Shop, capsys: Capsys) -> None:
    said = lines(alb502(capsys, "diagnose", "checkout", "--region", "eu-central-1"), exits.BAD_USAGE)

    assert said[0] == "alb502: nothing found that is called 'checkout'"
    assert "eu-central-1; --region" in said[1]


def test_a_region_that_aws_does_not_have_is_one_line(shop: Shop, capsys: Capsys) -> None:
    said = only_line(alb502(capsys, "diagnose", "checkout", "--region", "us-esat-1"), exits.NO_REPORT)

    assert "There is no such AWS region" in said
    assert "us-esat-1" in said


def test_a_disabled_region_is_one_line_that_names_it(shop: Shop, capsys: Capsys) -> None:
    said = only_line(alb502(capsys, "diagnose", "checkout", "--region", DISABLED), exits.NO_REPORT)

    assert f"account {PROD}, {DISABLED} was refused" in said
    assert "not enabled this region" in said


def test_a_disabled_region_beside_a_good_one_does_not_hinder(
    shop: Shop, capsys: Capsys, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    configure(monkeypatch, tmp_path, ("prod", PROD, f"{REGION}, {DISABLED}", role(PROD)))
    ran = alb502(capsys, "diagnose", "checkout")

    assert ran.status == exits.OK
    assert f"not searched: account prod, {DISABLED}" in " ".join(ran.out.split())


@pytest.mark.parametrize(
    ("dropped", "says"), [(CREDENTIALS, "no AWS credentials: set AWS_PROFILE"), (REGIONS, "set AWS_REGION")]
)
def test_what_the_environment_lacks_is_one_line(
    shop: Shop, capsys: Capsys, monkeypatch: pytest.MonkeyPatch, dropped: tuple[str, ...], says: str
) -> None:
    for name in dropped:
        monkeypatch.delenv(name, raising=False)

    assert says in only_line(alb502(capsys, "diagnose", "checkout"), exits.NO_REPORT)


def test_a_profile_that_does_not_exist_is_named(shop: Shop, capsys: Capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    said = only_line(alb502(capsys, "diagnose", "checkout"), exits.NO_REPORT)

    assert "nobody" in said
    assert "check AWS_PROFILE" in said


def test_a_profile_that_does_not_exist_is_named_where_no_region_is_set(
    shop: Shop, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in REGIONS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert "check AWS_PROFILE" in only_line(alb502(capsys, "diagnose", "checkout"), exits.NO_REPORT)
    assert "check AWS_PROFILE" in alb502(capsys, "doctor").out


def test_the_region_of_the_command_line_is_enough(shop: Shop, capsys: Capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "")
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    said = alb502(capsys, "diagnose", "nosuch", "--region", REGION)
    assert (said.status, f"searched: account {PROD}, {REGION}" in said.err) == (exits.BAD_USAGE, True)


def test_expired_credentials_are_one_line(shop: Shop, capsys: Capsys) -> None:
    shop.faults.fail(error=EXPIRED, times=None)

    assert "have expired: log in again" in only_line(alb502(capsys, "diagnose", "checkout"), exits.NO_REPORT)


def test_expired_credentials_behind_a_role_name_the_role(
    shop: Shop, capsys: Capsys, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    configure(monkeypatch, tmp_path, ("prod", PROD, REGION, role(PROD)))
    shop.faults.fail("sts", "AssumeRole", error=EXPIRED, times=None)
    said = only_line(alb502(capsys, "diagnose", "checkout"), exits.NO_REPORT)

    assert f"Role {role(PROD)} could not be assumed" in said
    assert "have expired" in said


def test_a_role_that_cannot_be_assumed_is_named_with_what_to_look_at(
    shop: Shop, capsys: Capsys, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    configure(monkeypatch, tmp_path, ("prod", PROD, REGION, role(PROD, "other")))
    said = only_line(alb502(capsys, "diagnose", "checkout"), exits.NO_REPORT)

    assert role(PROD, "other") in said
    assert "trust policy" in said


def test_two_services_of_one_name_in_two_clusters_are_offered(shop: Shop, capsys: Capsys) -> None:
    said = lines(alb502(capsys, "diagnose", "twin", "--json"), exits.BAD_USAGE)

    assert said == [
        "alb502: 'twin' means 2 things; say which one:",
        f"  alb502 diagnose prod/twin --account {PROD} --region {REGION}    # ecs-service",
        f"  alb502 diagnose staging/twin --account {PROD} --region {REGION}    # ecs-service",
    ]


def test_two_services_of_one_name_in_two_accounts_are_offered(
    shop: Shop, capsys: Capsys, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    configure(monkeypatch, tmp_path, ("prod", PROD, REGION, role(PROD)), ("dev", DEV, REGION, role(DEV)))
    said = lines(alb502(capsys, "diagnose", "search"), exits.BAD_USAGE)

    assert [line.split("--account ")[1].split()[0] for line in said[1:]] == ["prod", "dev"]


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("worker", "registers with no load balancer"),
        ("silent", "has no listener"),
        ("edge", "is a network load balancer; alb502 reads application load balancers only"),
        ("check\nout\r\nalb502: all is well", "U+000A, position 6"),
        ("chec\u202ekout", "U+202E, position 5"),
        ("\x1b[31mcheckout", "U+001B, position 1"),
        ("x" * 4_000, "it has 4,000 characters"),
        ("https://[::1", "This address cannot be read"),
        ("arn:aws:s3:::bucket", "This ARN does not lead to a load balancer"),
    ],
)
def test_a_target_that_cannot_be_diagnosed_is_one_line(shop: Shop, capsys: Capsys, target: str, says: str) -> None:
    assert says in only_line(alb502(capsys, "diagnose", target), exits.BAD_USAGE)


@pytest.mark.parametrize("target", ['it\'s "quoted"; $(reboot) `id`', "<!channel> <@U1>", "%s{0}", "../../etc"])
def test_names_are_repeated_and_never_interpreted(shop: Shop, capsys: Capsys, target: str) -> None:
    said = lines(alb502(capsys, "diagnose", target), exits.BAD_USAGE)

    assert said[0] == f"alb502: nothing found that is called {target!r}"


def test_a_load_balancer_without_targets_is_a_report(shop: Shop, capsys: Capsys) -> None:
    ran = alb502(capsys, "diagnose", "hollow-lb")

    assert (ran.status, ran.err) == (exits.OK, "")
    assert "no-registered-targets" in ran.out


@pytest.mark.parametrize("fault", ["malformed", "throttled"])
def test_an_aws_that_makes_no_sense_is_one_line(shop: Shop, capsys: Capsys, fault: str) -> None:
    if fault == "malformed":
        shop.faults.malform(times=None)
    else:
        shop.faults.fail("sts", times=None)

    only_line(alb502(capsys, "diagnose", "checkout"), exits.NO_REPORT)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("diagnose", "checkout", "--save", f"/tmp/{'x' * 4_000}"), "give a file in a directory that exists"),
        (("diagnose", "checkout", "--seen", "abc"), "--seen 'abc': give an HTTP error code from 400 to 599"),
        (("diagnose", "checkout", "prod"), "(prod); `alb502 diagnose --help` shows how it is used."),
        (("replay", "z" * 5_000), "cannot be read: file name too long"),
        (("replay", "/dev/null"), "`diagnose --save` writes one"),
        (("demo", "--scenario", "oom"), "did you mean oom-after-deployment?"),
        (("demo", "--scenario", "x\ny"), "no scenario 'x y'; `--list` shows them"),
    ],
)
def test_bad_arguments_are_one_line(shop: Shop, capsys: Capsys, arguments: tuple[str, ...], says: str) -> None:
    assert says in only_line(alb502(capsys, *arguments), exits.BAD_USAGE)


def test_without_a_command_the_help_is_shown_as_it_is(capsys: Capsys) -> None:
    ran = alb502(capsys)

    assert ran.status == exits.BAD_USAGE
    assert ran.out == alb502(capsys, "--help").out
    assert ran.err == ""


@pytest.mark.parametrize(("service", "operation"), [("cloudtrail", None), ("ecs", "ListClusters")])
def test_the_process_ends_with_its_answer_although_a_call_hangs(
    shop: Shop, service: str, operation: str | None
) -> None:
    """In a process of its own: what would linger are threads that the interpreter joins at its end."""
    shop.faults.hang(HANG_S, service, operation, times=None)
    ran, over_s = in_a_process(limit_s=4)
    if ran.returncode == exits.NO_REPORT:  # a machine that has much else to do may find nothing in so short a time
        ran, over_s = in_a_process(limit_s=15)

    assert (ran.returncode, ran.stderr) == (exits.OK, "")
    assert re.search("not in time|still being read", ran.stdout), "what was not read is not said"
    assert over_s < PROMPT_S


def in_a_process(limit_s: int) -> tuple[subprocess.CompletedProcess[str], float]:
    """What `diagnose` said, and how long after its limit it ended."""
    limits = {"ALB502_LIMITS__DIAGNOSIS_S": f"{limit_s}", "ALB502_LIMITS__USEFUL_ANSWER_S": "4"}
    began = time.monotonic()
    ran = subprocess.run(
        [sys.executable, "-m", "bot", "diagnose", "checkout"],
        env={**os.environ, **limits},
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
    )
    return ran, time.monotonic() - began - limit_s
