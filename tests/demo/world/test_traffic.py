"""Clients' requests become metrics and log rows that differ by what went wrong."""

from __future__ import annotations

import gzip
import shlex
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from demo.world.apps import Answer, App
from demo.world.builder import HealthCheck
from demo.world.service_handle import ServiceHandle
from tests.demo.world.conftest import Incident

Settled = Callable[..., ServiceHandle]
DOCUMENTED_FIELDS = 34


def series(incident: Incident, metric: str) -> set[frozenset[str]]:
    """The dimension sets under which a metric exists."""
    listed = incident.acct.client("cloudwatch").list_metrics(Namespace="AWS/ApplicationELB", MetricName=metric)
    return {frozenset(d["Name"] for d in found["Dimensions"]) for found in listed["Metrics"]}


def total(
    incident: Incident, service: ServiceHandle, metric: str, *, by_group: bool = False, minutes: int = 10
) -> float:
    dimensions = [{"Name": "LoadBalancer", "Value": service.load_balancer.dimension}]
    if by_group:
        dimensions.append({"Name": "TargetGroup", "Value": service.target_group.rsplit(":", 1)[1]})
    end = datetime.fromtimestamp(incident.world.now(), UTC)
    points = incident.acct.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/ApplicationELB",
        MetricName=metric,
        Dimensions=dimensions,
        StartTime=end - timedelta(minutes=minutes),
        EndTime=end,
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]
    return float(sum(point["Sum"] for point in points))


def rows(incident: Incident, service: ServiceHandle) -> list[list[str]]:
    """All delivered access log rows, split into fields."""
    s3, bucket = incident.acct.client("s3"), service.load_balancer.bucket
    keys = [found["Key"] for found in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
    texts = [gzip.decompress(s3.get_object(Bucket=bucket, Key=key)["Body"].read()).decode() for key in keys]
    return [shlex.split(line) for text in texts for line in text.splitlines()]


def elapsed_s(row: list[str]) -> float:
    return (datetime.fromisoformat(row[1]) - datetime.fromisoformat(row[21])).total_seconds()


BOTH = frozenset({"LoadBalancer", "TargetGroup"})
ALL_FOUR = {
    frozenset({"LoadBalancer"}),
    frozenset({"LoadBalancer", "AvailabilityZone"}),
    BOTH,
    BOTH | {"AvailabilityZone"},
}


def test_long_requests_are_lost_with_the_task_that_works_on_them(incident: Incident, settled: Settled) -> None:
    slow = App(routes={"/healthz": 200, "*": Answer(200, 30.0)})
    checkout = settled(app=slow)
    incident.world.advance(60)
    tally = incident.world.region(incident.acct.account, incident.acct.region).measures.tally
    assert {status for _, status in tally} == {200}
    checkout.stop_task(incident.tasks(checkout)[0]["taskArn"], reason="to see what happens")
    incident.world.advance(30)
    assert 10 <= tally[checkout.load_balancer.arn, 502] <= 20


def test_a_healthy_service_reports_no_errors_at_all(incident: Incident, settled: Settled) -> None:
    checkout = settled()
    incident.world.advance(300)
    listed = incident.acct.client("cloudwatch").list_metrics(Namespace="AWS/ApplicationELB")["Metrics"]
    assert not {m["MetricName"] for m in listed} & {"HTTPCode_ELB_5XX_Count", "TargetConnectionErrorCount"}
    assert total(incident, checkout, "RequestCount", minutes=3) == 3 * 60
    assert total(incident, checkout, "HTTPCode_Target_2XX_Count", by_group=True, minutes=3) == 3 * 60
    assert series(incident, "RequestCount") == ALL_FOUR
    assert series(incident, "TargetResponseTime") == ALL_FOUR
    assert series(incident, "HealthyHostCount") == {BOTH, BOTH | {"AvailabilityZone"}}


def test_load_balancer_errors_have_no_target_group(incident: Incident, settled: Settled) -> None:
    checkout = settled()
    checkout.revoke_ingress()
    incident.world.advance(300)
    alone = {frozenset({"LoadBalancer"}), frozenset({"LoadBalancer", "AvailabilityZone"})}
    assert series(incident, "HTTPCode_ELB_504_Count") == alone
    assert series(incident, "HTTPCode_ELB_5XX_Count") == alone
    assert series(incident, "TargetConnectionErrorCount") == ALL_FOUR
    assert total(incident, checkout, "HTTPCode_ELB_504_Count") > 0


def test_requests_that_reach_no_target_are_not_counted(incident: Incident, settled: Settled) -> None:
    checkout = settled()
    checkout.scale(0)
    incident.world.advance(240)
    assert total(incident, checkout, "HTTPCode_ELB_503_Count", minutes=3) == 3 * 60
    assert total(incident, checkout, "RequestCount", minutes=3) == 0


def test_failing_open_is_counted_and_serves(incident: Incident, settled: Settled) -> None:
    checkout = settled(grace_s=3600, app=App(routes={"/healthz": 200, "/": 200}))
    checkout.set_health_check(HealthCheckPath="/nowhere")
    incident.world.advance(240)
    assert total(incident, checkout, "UnhealthyRoutingRequestCount", by_group=True, minutes=2) == 120
    assert total(incident, checkout, "HTTPCode_Target_2XX_Count", minutes=2) == 120
    assert total(incident, checkout, "HTTPCode_ELB_5XX_Count") == 0


def test_ecs_reports_memory_of_the_service_and_the_cluster(incident: Incident, settled: Settled) -> None:
    settled(app=App(memory_mib=256), memory=512)
    incident.world.advance(180)
    end = datetime.fromtimestamp(incident.world.now(), UTC)
    for names in (["ClusterName"], ["ClusterName", "ServiceName"]):
        values = {"ClusterName": "prod", "ServiceName": "checkout"}
        points = incident.acct.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/ECS",
            MetricName="MemoryUtilization",
            Dimensions=[{"Name": name, "Value": values[name]} for name in names],
            StartTime=end - timedelta(minutes=1),
            EndTime=end,
            Period=60,
            Statistics=["Average"],
        )["Datapoints"]
        assert [point["Average"] for point in points] == [50.0]


def break_network(service: ServiceHandle) -> None:
    service.revoke_ingress()


def stop_listening(service: ServiceHandle) -> None:
    service.change_app(port=9999)


def answer_too_late(service: ServiceHandle) -> None:
    service.change_app(routes={"/healthz": 200, "*": Answer(200, 90.0)})


def close_connections(service: ServiceHandle) -> None:
    service.change_app(closes_share=1.0)


def answer_500(service: ServiceHandle) -> None:
    service.change_app(routes={"/healthz": 200, "*": 500})


@pytest.mark.parametrize(
    ("fault", "times", "status", "target_status", "took_s"),
    [
        (break_network, ["-1", "-1", "-1"], "504", "-", (10.0, 10.1)),
        (stop_listening, ["-1", "-1", "-1"], "502", "-", (0.0, 0.1)),
        (answer_too_late, ["0.001", "-1", "-1"], "504", "-", (60.0, 61.0)),
        (close_connections, ["0.001", "0.003", "-1"], "502", "-", (0.0, 0.1)),
        (answer_500, None, "500", "500", (0.0, 0.1)),
    ],
)
def test_rows_tell_the_faults_apart(
    incident: Incident,
    settled: Settled,
    fault: Callable[[ServiceHandle], None],
    times: list[str] | None,
    status: str,
    target_status: str,
    took_s: tuple[float, float],
) -> None:
    checkout = settled(grace_s=3600, rpm=24, health=HealthCheck(interval_s=30))
    fault(checkout)
    incident.world.advance(480)
    failed = [row for row in rows(incident, checkout) if row[8] != "200"]
    assert failed
    for row in failed:
        assert len(row) == DOCUMENTED_FIELDS
        assert times is None or row[5:8] == times
        assert (row[8], row[9], row[24]) == (status, target_status, "-")
        assert row[4].endswith(":8080"), "a target was chosen"
        assert took_s[0] <= elapsed_s(row) <= took_s[1]


def test_rows_without_a_target(incident: Incident, settled: Settled) -> None:
    checkout = settled(rpm=24)
    checkout.scale(0)
    incident.world.advance(480)
    failed = [row for row in rows(incident, checkout) if row[8] == "503"]
    assert {(row[4], row[16], row[22]) for row in failed} == {("-", checkout.target_group, "forward")}


def test_rows_of_a_fixed_response(incident: Incident, settled: Settled) -> None:
    checkout = settled(rpm=24)
    config: dict[str, Any] = {"StatusCode": "503", "ContentType": "text/plain"}
    incident.acct.client("elbv2").create_rule(
        ListenerArn=checkout.load_balancer.listener,
        Priority=1,
        Conditions=[{"Field": "path-pattern", "Values": ["*"]}],
        Actions=[{"Type": "fixed-response", "FixedResponseConfig": config}],
    )
    incident.world.advance(480)
    failed = [row for row in rows(incident, checkout) if row[8] == "503"]
    assert {(row[4], row[16], row[20], row[22]) for row in failed} == {("-", "-", "1", "fixed-response")}
    assert total(incident, checkout, "HTTP_Fixed_Response_Count") > 0


def test_weights_split_the_requests(incident: Incident, settled: Settled) -> None:
    checkout = settled(path="/shop/*", client_path="/shop/cart")
    acct = incident.acct
    empty = acct.target_group("canary", checkout.load_balancer, 8080, HealthCheck())
    weighted = [{"TargetGroupArn": checkout.target_group, "Weight": 3}, {"TargetGroupArn": empty, "Weight": 1}]
    action = {"Type": "forward", "ForwardConfig": {"TargetGroups": weighted}}
    acct.client("elbv2").modify_rule(RuleArn=checkout.rule, Actions=[action])
    incident.world.advance(240)
    assert total(incident, checkout, "HTTPCode_ELB_503_Count", minutes=2) == 30
    assert total(incident, checkout, "HTTPCode_Target_2XX_Count", minutes=2) == 90


def test_a_task_that_dies_is_first_cut_off_then_silent(incident: Incident, settled: Settled) -> None:
    checkout = settled(desired=1, rpm=240)
    checkout.change_app(crash_after_s=0)
    incident.world.advance(300)
    assert total(incident, checkout, "HTTPCode_ELB_504_Count") > 0
    assert total(incident, checkout, "HTTPCode_ELB_503_Count") > 0
