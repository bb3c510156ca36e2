"""Two accounts that can be read and one that cannot, served over HTTP for the whole session."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

import pytest

from demo.aws import server
from demo.aws.call import account_key
from demo.aws.guards import TrustGuard
from demo.aws.layer import AwsLayer
from demo.clock import ManualClock
from demo.world.builder import AccountBuilder
from demo.world.in_process import InProcessClients
from demo.world.service_handle import ServiceHandle
from demo.world.world import World
from diagnostics.aws_access import Account, AwsAccess
from diagnostics.locate import Located, Nickname, ServiceIndex, locate
from diagnostics.question import Question

PROD, DEV, SEALED = "700000000001", "700000000002", "700000000003"
REGION = "us-east-1"
START = 1_800_000_000.0
PROD_ACCOUNT = Account(PROD, "prod", (REGION,), read_role=f"arn:aws:iam::{PROD}:role/alb502-read")
DEV_ACCOUNT = Account(DEV, "dev", (REGION,), read_role=f"arn:aws:iam::{DEV}:role/alb502-read")
SEALED_ACCOUNT = Account(SEALED, "sealed", (REGION,), read_role=f"arn:aws:iam::{SEALED}:role/alb502-read")


@cache
def access_to(accounts: tuple[Account, ...], endpoint: str) -> AwsAccess:
    """One for each endpoint: making clients takes longer than a search."""
    return AwsAccess(accounts)


@pytest.fixture
def plain(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """The same resources without the simulation before them: it keeps no functions as targets."""
    with server.start(AwsLayer()) as running:
        for name, value in server.environment(running.endpoint_url, REGION, PROD).items():
            monkeypatch.setenv(name, value)
        yield shop


@dataclass(frozen=True)
class Shop:
    """The world, and a question to it."""

    world: World
    prod: AccountBuilder
    services: dict[str, ServiceHandle] = field(default_factory=dict)

    @property
    def public(self) -> str:
        return self.services["web"].load_balancer.arn

    def ask(
        self,
        words: str,
        *accounts: Account,
        account: str | None = None,
        region: str | None = None,
        index: ServiceIndex | None = None,
        nicknames: dict[str, Nickname] | None = None,
    ) -> Located:
        access = access_to(accounts or (PROD_ACCOUNT, DEV_ACCOUNT), os.environ["AWS_ENDPOINT_URL"])
        question = Question(words=words, account=account, region=region)
        return locate(question, access, index=index, nicknames=nicknames)


@pytest.fixture(scope="session")
def standing() -> Iterator[tuple[Shop, dict[str, str]]]:
    """The shop, and the environment that leads boto3 there."""
    world = World(ManualClock(START), present=START)
    prod, dev = world.account(PROD), world.account(DEV)
    shop = Shop(world, prod)
    for name, host, path in (
        ("web", None, None),
        ("checkout", "shop.example.com", "/cart*"),
        ("search", "search.example.com", None),
        ("billing", "billing.example.com", None),
    ):
        shop.services[name] = prod.service(name, rpm=0, host=host, path=path)
    dev.service("search", rpm=0, load_balancer=dev.load_balancer("dev-public"))
    _leave_unforwarded(shop.services["billing"])
    _add_worker(shop.services["web"])
    prod.client("elbv2").create_load_balancer(Name="edge", Type="network", Subnets=prod.vpc().pick(None))
    prod.client("elbv2").create_load_balancer(Name="silent", Subnets=prod.vpc().pick(None))
    _add_function(prod, shop.services["web"])
    _add_alarms(shop)
    _add_names(shop)
    guard = TrustGuard({str(account.read_role): None for account in (PROD_ACCOUNT, DEV_ACCOUNT)})
    guard.install(world.layer)
    with server.start(world.layer) as running:
        yield shop, server.environment(running.endpoint_url, REGION, PROD)


@pytest.fixture(scope="module")
def shop(standing: tuple[Shop, dict[str, str]]) -> Iterator[Shop]:
    """The environment leads there no longer than the tests of this directory run."""
    shop, environment = standing
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        yield shop


def _leave_unforwarded(service: ServiceHandle) -> None:
    """Somebody deleted the listener rule; the service still registers its tasks."""
    service.account.client("elbv2").delete_rule(RuleArn=service.rule)


def _add_worker(like: ServiceHandle) -> None:
    """A service without a load balancer, and one that was deleted."""
    ecs = like.account.client("ecs")
    definition = ecs.describe_services(cluster="prod", services=[like.name])["services"][0]["taskDefinition"]
    network = {"awsvpcConfiguration": {"subnets": like.load_balancer.vpc.pick(None), "securityGroups": []}}
    for name in ("worker", "retired"):
        ecs.create_service(
            cluster="prod",
            serviceName=name,
            taskDefinition=definition,
            desiredCount=0,
            launchType="FARGATE",
            networkConfiguration=network,
        )
    ecs.delete_service(cluster="prod", service="retired", force=True)


def _add_function(prod: AccountBuilder, web: ServiceHandle) -> None:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): ...")
    role = prod.client("iam").create_role(RoleName="render", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    functions = prod.client("lambda")
    for name in ("render", "unused"):
        functions.create_function(
            FunctionName=name, Runtime="python3.12", Role=role, Handler="app.handler", Code={"ZipFile": code.getvalue()}
        )
    arn = functions.get_function_configuration(FunctionName="render")["FunctionArn"]
    elb = prod.client("elbv2")
    group = elb.create_target_group(Name="render-tg", TargetType="lambda")["TargetGroups"][0]["TargetGroupArn"]
    functions.add_permission(
        FunctionName="render",
        StatementId="alb",
        Action="lambda:InvokeFunction",
        Principal="elasticloadbalancing.amazonaws.com",
        SourceArn=group,
    )
    plain = InProcessClients(AwsLayer()).client("elbv2", REGION, account_key(PROD))
    plain.register_targets(TargetGroupArn=group, Targets=[{"Id": arn}])
    elb.create_rule(
        ListenerArn=web.load_balancer.listener,
        Priority=900,
        Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/render"]}}],
        Actions=[{"Type": "forward", "TargetGroupArn": group}],
    )


def _add_alarms(shop: Shop) -> None:
    checkout = shop.services["checkout"]
    group = checkout.target_group.rsplit(":", 1)[-1]
    alarms = {
        "checkout 5xx rate": [("LoadBalancer", checkout.load_balancer.dimension), ("TargetGroup", group)],
        "public 5xx": [("LoadBalancer", checkout.load_balancer.dimension)],
        "search cpu": [("ClusterName", "prod"), ("ServiceName", "search")],
        "render errors": [("FunctionName", "render")],
        "orders database": [("DBInstanceIdentifier", "orders")],
        "gone": [("LoadBalancer", "app/gone/0123456789abcdef")],
    }
    for name, dimensions in alarms.items():
        shop.prod.client("cloudwatch").put_metric_alarm(
            AlarmName=name,
            Namespace="AWS/Any",
            MetricName="Any",
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions],
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )


def _add_names(shop: Shop) -> None:
    route53 = shop.prod.client("route53")
    alias = {
        "HostedZoneId": "Z35SXDOTRQ7X7K",
        "DNSName": f"dualstack.{shop.services['web'].load_balancer.dns_name}.",
        "EvaluateTargetHealth": False,
    }
    records: list[tuple[str, str, str, str | None]] = [
        ("example.com", "shop.example.com", "A", None),
        ("example.com", "www.example.com", "CNAME", "shop.example.com"),
        ("example.com", "cdn.example.com", "CNAME", "d111.cloudfront.net"),
        ("example.com", "old.example.com", "A", "192.0.2.7"),
        ("example.com", "*.example.com", "CNAME", "elsewhere.example.net"),
        ("dev.example.com", "*.dev.example.com", "A", None),
    ]
    zones = {
        name: route53.create_hosted_zone(Name=name, CallerReference=name)["HostedZone"]["Id"]
        for name in ("example.com", "dev.example.com")
    }
    for zone, name, kind, value in records:
        target = {"TTL": 60, "ResourceRecords": [{"Value": value}]} if value else {"AliasTarget": alias}
        change = {"Action": "CREATE", "ResourceRecordSet": {"Name": name, "Type": kind, **target}}
        route53.change_resource_record_sets(HostedZoneId=zones[zone], ChangeBatch={"Changes": [change]})
