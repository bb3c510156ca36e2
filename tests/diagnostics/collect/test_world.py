"""One ECS service behind a shared load balancer, read over HTTP from the simulated AWS."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import botocore.session
import pytest

from demo.aws.guards import Faults, access_denied
from demo.aws.layer import AwsError, Call, RawAnswerError
from demo.running import RunningWorld, run
from diagnostics.aws_access import AccessLimits, AwsAccess, CallMeter
from diagnostics.collect import runner
from diagnostics.collect.cache import FactCache
from diagnostics.collect.runner import collect
from diagnostics.engine import diagnose
from diagnostics.facts import (
    Changes,
    EcsService,
    Fact,
    Gap,
    Listeners,
    LoadBalancers,
    Metrics,
    NetworkInterfaces,
    RunningTasks,
    SecurityGroups,
    ServiceHistory,
    Tags,
    TargetHealth,
    TaskDefinitions,
)
from diagnostics.snapshot import Snapshot, Subject, Window
from tests.diagnostics.collect.test_runner import Shelf
from tests.diagnostics.standstill import Standstill

PLANTED = "hunter2-S3cr3t"
BUDGET_S = 600.0
"""Of a diagnosis that is not to use it up, on a busy machine either."""
ENDLESS = (
    b"<DescribeListenersResponse><DescribeListenersResult><Listeners/><NextMarker>%d</NextMarker>"
    b"</DescribeListenersResult></DescribeListenersResponse>"
)
MUST_BE_FRESH = {
    "cloudwatch:GetMetricData",
    "ecs:DescribeServices",
    "ecs:DescribeTasks",
    "ecs:ListTasks",
    "elasticloadbalancing:DescribeTargetHealth",
}


class SlowGate:
    """Somebody else in the account uses up the quota of look-ups until `opened`."""

    def __init__(self) -> None:
        self.opened = threading.Event()

    def wait(self, key: str, spacing_s: float, timeout_s: float) -> bool:
        return self.opened.wait(timeout_s)


class OpenGate:
    """Lets every look-up through at once: this CloudTrail has no quota."""

    def wait(self, key: str, spacing_s: float, timeout_s: float) -> bool:
        return True


@dataclass
class Incident:
    """A running world, the subject in it and the means to read it."""

    world: RunningWorld
    access: AwsAccess
    faults: Faults
    session: botocore.session.Session
    subject: Subject

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.world.world.now(), UTC)

    def client(self, service: str) -> Any:
        return self.session.create_client(service)

    def collect(
        self,
        subject: Subject | None = None,
        *,
        cache: FactCache | None = None,
        access: AwsAccess | None = None,
        **options: Any,
    ) -> Snapshot:
        asked = subject or self.subject
        reader = (access or self.access).reader(asked.account, asked.region, CallMeter())
        window = Window(start=self.now - timedelta(hours=1), end=self.now)
        return collect(asked, window, reader, clock=lambda: self.now, cache=cache, **options)


@pytest.fixture(scope="module")
def incident() -> Iterator[Incident]:
    with run("security-group-revoked", live=False) as world, pytest.MonkeyPatch.context() as patch:
        for name, value in world.environment().items():
            patch.setenv(name, value)
        faults = Faults()
        faults.install(world.world.layer)
        session = botocore.session.get_session()
        ecs, elb = session.create_client("ecs"), session.create_client("elbv2")
        service = ecs.describe_services(cluster="prod", services=["checkout"])["services"][0]
        group = service["loadBalancers"][0]["targetGroupArn"]
        balancers = elb.describe_target_groups(TargetGroupArns=[group])["TargetGroups"][0]["LoadBalancerArns"]
        subject = Subject(
            query="checkout",
            kind="ecs-service",
            account=world.account,
            region="us-east-1",
            load_balancers=tuple(dict.fromkeys(balancers)),
            target_groups=(group,),
            cluster="prod",
            service="checkout",
        )
        access = AwsAccess((), AccessLimits(attempts=1, read_timeout_s=60), gate=OpenGate())
        yield Incident(world, access, faults, session, subject)


def known(snapshot: Snapshot, kind: type[Fact]) -> Any:
    found = snapshot.get(kind)
    assert isinstance(found, kind), found
    return found


def test_three_at_once_are_answered_while_others_use_up_the_quota_of_look_ups(incident: Incident) -> None:
    gate = SlowGate()
    access = AwsAccess((), AccessLimits(attempts=1, read_timeout_s=60, queue_timeout_s=BUDGET_S), gate=gate)
    with ThreadPoolExecutor(3) as pool:
        snapshots = list(pool.map(lambda _: incident.collect(access=access, budget_s=BUDGET_S), range(3)))
    gate.opened.set()
    for snapshot in snapshots:
        left = snapshot.get(Changes)
        assert isinstance(left, Gap)
        assert (left.kind, left.message) == ("not-read", "CloudTrail was still being read")
        assert {gap.action for _, gap in snapshot.gaps()} == {"cloudtrail:LookupEvents"}
        assert snapshot.stats.seconds < BUDGET_S / 2


def test_everything_about_a_service_is_read_within_the_budget(incident: Incident) -> None:
    snapshot = incident.collect()
    assert list(snapshot.gaps()) == []
    assert snapshot.stats.longest_chain <= 6
    assert snapshot.stats.aws_calls <= 60
    assert Snapshot.model_validate_json(snapshot.model_dump_json()) == snapshot
    health = known(snapshot, TargetHealth)
    assert health.in_state("unhealthy")
    tasks, interfaces = known(snapshot, RunningTasks), known(snapshot, NetworkInterfaces)
    for _, target in health.in_state("unhealthy"):
        assert tasks.by_ip(target.id)
        assert interfaces.by_ip(target.id)
    (balancer,) = known(snapshot, LoadBalancers).items
    assert interfaces.of_load_balancer(balancer.dimension)
    groups = known(snapshot, SecurityGroups)
    assert {*balancer.security_groups, *interfaces.by_ip(tasks.items[0].private_ips[0]).security_groups} <= set(
        groups.by_id
    )
    assert known(snapshot, Listeners).rules_to(incident.subject.target_groups[0])
    assert known(snapshot, EcsService).arn in known(snapshot, Tags).by_arn
    assert known(snapshot, ServiceHistory).deployments


def test_the_change_that_did_it_is_among_those_that_were_looked_up(incident: Incident) -> None:
    changes = known(incident.collect(), Changes)
    revoked = [change for change in changes.items if change.name == "RevokeSecurityGroupIngress"]
    assert len(revoked) == 1
    assert "role/" in revoked[0].actor
    assert revoked[0].by_service is None
    assert revoked[0].request["groupId"] in changes.looked_up
    assert len(changes.looked_up) <= 4


def test_errors_and_requests_are_found_by_their_exact_names(incident: Incident) -> None:
    metrics = known(incident.collect(), Metrics)
    balancer = incident.subject.load_balancers[0].split(":loadbalancer/")[1]
    group = incident.subject.target_groups[0].rsplit(":", 1)[1]
    assert metrics.find("HTTPCode_ELB_504_Count", LoadBalancer=balancer).points
    assert metrics.find("HTTPCode_ELB_502_Count", LoadBalancer=balancer).points == ()
    assert metrics.find("HTTPCode_ELB_504_Count", LoadBalancer=balancer, AvailabilityZone="us-east-1a").points
    assert metrics.find("TargetResponseTime", "p99", LoadBalancer=balancer, TargetGroup=group).points
    assert metrics.find("UnHealthyHostCount", "Maximum", LoadBalancer=balancer, TargetGroup=group).points
    assert metrics.find("MemoryUtilization", "Average", ClusterName="prod", ServiceName="checkout").points
    assert metrics.covered_to - metrics.covered_from >= timedelta(hours=3)


def test_a_second_question_asks_only_for_what_must_be_fresh(incident: Incident) -> None:
    shelf = Shelf()
    cold = incident.collect(cache=shelf)
    warm = incident.collect(cache=shelf)
    assert set(warm.stats.calls_by_action) == MUST_BE_FRESH
    assert warm.stats.cache_hits >= 10
    assert warm.get(SecurityGroups) == cold.get(SecurityGroups)


def test_a_missing_permission_is_a_gap_and_the_rest_is_read(incident: Incident) -> None:
    def deny(call: Call) -> None:
        if call.operation in {"DescribeSecurityGroups", "LookupEvents"}:
            raise access_denied(call, "because no identity-based policy allows it")

    incident.world.world.layer.before.append(deny)
    try:
        snapshot = incident.collect()
    finally:
        incident.world.world.layer.before.remove(deny)
    gap = snapshot.get(SecurityGroups)
    assert isinstance(gap, Gap)
    assert (gap.kind, gap.action) == ("denied", "ec2:DescribeSecurityGroups")
    assert isinstance(snapshot.get(Changes), Gap)
    assert known(snapshot, TargetHealth).in_state("unhealthy")


def test_a_hanging_service_costs_its_facts_and_the_time_budget_only(
    incident: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    standstill, outside = Standstill(), incident.world.world.layer.outside
    monkeypatch.setattr(runner, "wait", standstill.wait)
    monkeypatch.setattr(runner, "time", standstill.clock)

    def hang(call: Call) -> None:
        if call.operation == "GetMetricData":
            standstill.hold()

    outside.append(hang)
    access = AwsAccess((), AccessLimits(attempts=1, read_timeout_s=60), gate=OpenGate())
    snapshot = incident.collect(access=access, budget_s=60)
    assert 60 <= standstill.took_s < 120
    outside.remove(hang)
    standstill.release()
    gap = snapshot.get(Metrics)
    assert isinstance(gap, Gap)
    assert (gap.kind, gap.action) == ("timeout", "cloudwatch:GetMetricData")
    assert known(snapshot, TargetHealth).by_group


def test_malformed_answers_are_gaps(incident: Incident) -> None:
    incident.faults.malform("elbv2", "DescribeRules", times=None)
    incident.faults.malform("ecs", "DescribeTasks", times=None)
    snapshot = incident.collect()
    incident.faults.clear()
    assert isinstance(snapshot.get(RunningTasks), Gap)
    listeners = known(snapshot, Listeners)
    assert [gap.action for gap in listeners.gaps] == ["elasticloadbalancing:DescribeRules"] * len(listeners.items)
    assert all(rule.is_default for _, rule in listeners.rules())


def test_on_a_bad_day_the_report_says_of_each_failure_what_it_was(incident: Incident) -> None:
    """Throttled, expired, down, a web page and pages without end, each where another fact is read."""
    faults, outside = incident.faults, incident.world.world.layer.outside
    expired = AwsError("ExpiredTokenException", "The security token included in the request is expired", 400)
    faults.fail("elbv2", "DescribeTargetGroupAttributes", times=None)
    faults.fail("ecs", "DescribeTasks", error=expired, times=None)
    pages = itertools.count()

    def broken(call: Call) -> None:
        if call.operation == "GetMetricData":
            raise RawAnswerError(200, "text/html", b"<html>Sign in to go on</html>")
        if call.operation == "DescribeTargetHealth":
            raise RawAnswerError(503, "text/html", b"<html>Service Unavailable</html>")
        if call.operation == "DescribeListeners":
            raise RawAnswerError(200, "text/xml", ENDLESS % next(pages))

    outside.append(broken)
    report = diagnose(incident.collect())
    outside.remove(broken)
    faults.clear()
    told = {gap.action: gap.fix for gap in report.gaps}
    assert told["elasticloadbalancing:DescribeTargetGroupAttributes"] == "AWS throttled the call: ask again in a minute"
    assert told["ecs:DescribeTasks"] == "the credentials have expired: renew them and ask again"
    assert "proxy" in str(told["cloudwatch:GetMetricData"])
    assert told["elasticloadbalancing:DescribeTargetHealth"] == "AWS itself failed: ask again in a minute"
    assert "only the first" in str(told["elasticloadbalancing:DescribeListeners"])
    assert report.verdict != "no_fault_found"


def test_a_whole_load_balancer_is_read_with_all_its_target_groups(incident: Incident) -> None:
    whole = incident.subject.model_copy(
        update={"kind": "load-balancer", "target_groups": (), "cluster": None, "service": None}
    )
    snapshot = incident.collect(whole)
    assert set(known(snapshot, TargetHealth).by_group) >= set(incident.subject.target_groups)
    assert not isinstance(snapshot.get(EcsService), Gap | EcsService)
    assert list(snapshot.gaps()) == []


def test_a_service_that_is_gone_is_a_gap_with_its_name(incident: Incident) -> None:
    gone = incident.subject.model_copy(update={"service": "checkout-2"})
    gap = incident.collect(gone).get(EcsService)
    assert isinstance(gap, Gap)
    assert (gap.error, gap.resource) == ("ServiceNotFound", "prod/checkout-2")


def test_no_planted_secret_reaches_a_snapshot(incident: Incident) -> None:
    ecs, elb = incident.client("ecs"), incident.client("elbv2")
    present = known(incident.collect(), TaskDefinitions)
    old = ecs.describe_task_definition(taskDefinition=next(present.all()).arn)["taskDefinition"]
    container = dict(old["containerDefinitions"][0])
    container["environment"] = [
        {"name": "PORT", "value": "8080"},
        {"name": "DB_PASSWORD", "value": PLANTED},
        {"name": "FEATURES", "value": PLANTED},
        {"name": "REDIS_HOST", "value": f"redis://:{PLANTED}@cache"},
    ]
    container["command"] = ["serve", "--api-token", PLANTED, f"--db=postgres://u:{PLANTED}@db/x", "--port=8080"]
    ecs.register_task_definition(
        family=old["family"],
        networkMode=old["networkMode"],
        cpu=old["cpu"],
        memory=old["memory"],
        requiresCompatibilities=["FARGATE"],
        containerDefinitions=[container],
    )
    ecs.update_service(cluster="prod", service="checkout", taskDefinition=old["family"])
    listener = elb.describe_listeners(LoadBalancerArn=incident.subject.load_balancers[0])["Listeners"][0]
    elb.create_rule(
        ListenerArn=listener["ListenerArn"],
        Priority=7,
        Conditions=[
            {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Origin-Verify", "Values": [PLANTED]}},
            {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "token", "Value": PLANTED}]}},
        ],
        Actions=[{"Type": "forward", "TargetGroupArn": incident.subject.target_groups[0]}],
    )
    elb.add_tags(
        ResourceArns=[incident.subject.target_groups[0]], Tags=[{"Key": "note", "Value": f"password={PLANTED}"}]
    )
    incident.world.world.advance(30)

    snapshot = incident.collect()

    saved = snapshot.model_dump_json()
    assert PLANTED not in saved
    definitions = known(snapshot, TaskDefinitions)
    newest = max(definitions.all(), key=lambda definition: definition.revision)
    assert newest.containers[0].environment["PORT"] == "8080"
    assert "DB_PASSWORD" in newest.containers[0].environment_names
    assert newest.containers[0].command[-1] == "--port=8080"
    assert definitions.previous is not None
    assert definitions.previous.revision == newest.revision - 1
    first_rule = known(snapshot, Listeners).items[0].rules[0]
    assert first_rule.priority == 7
    assert first_rule.conditions[0].header_name == "X-Origin-Verify"
    assert json.loads(saved)["schema_version"] == "alb502.snapshot/1"
