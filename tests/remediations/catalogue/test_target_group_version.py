"""Another target group where all clients speak a version of HTTP that the present one does not take."""

from __future__ import annotations

from typing import Any

import pytest

from diagnostics.facts import AccessLogs, EcsService, HealthCheck, Listeners, Metrics, TargetGroups
from remediations.plan import Plan
from remediations.steps.new_target_groups import ARN
from tests.incidents.building import LISTENER, OTHER_TG, TG, Incident
from tests.incidents.rows import by_balancer, logged
from tests.remediations.catalogue.on_groups import asks_itself, beside, in_two_rules, nobody_is_served
from tests.remediations.catalogue.proposing import only, plans
from tests.remediations.catalogue.test_rule_forwards import in_deployment

FIX = "target-group-version"
PROBE = "/bin/grpc_health_probe -addr=localhost:8080"


def refused(incident: Incident, spoken: str) -> Incident:
    """Every request is refused with 464."""
    rows = by_balancer(900, 464, since=59, fields={"protocol": spoken})
    return nobody_is_served(logged(incident, rows, per_minute=0))


def browsers(incident: Incident | None = None, version: str = "GRPC") -> Incident:
    """Browsers reach a group of gRPC, or of HTTP/2."""
    return refused((incident or Incident()).target_group(protocol_version=version), "https")


def callers(incident: Incident | None = None) -> Incident:
    """gRPC clients reach a group of HTTP/1."""
    return refused(incident or Incident(), "grpcs")


def check_of(**changes: Any) -> HealthCheck:
    return Incident().known(TargetGroups).items[0].health_check.model_copy(update=changes)


@pytest.mark.parametrize("version", ["GRPC", "HTTP2"])
def test_browsers_get_a_group_of_http_1(version: str) -> None:
    plan = only(FIX, asks_itself(browsers(version=version), "curl -sf http://localhost:8080/up"))
    given = plan.writes[0].call.parameters
    assert (given["Name"], given["ProtocolVersion"], given["Protocol"]) == ("checkout-http1", "HTTP1", "HTTP")
    assert (given["HealthCheckPath"], given["Matcher"]) == ("/up", {"HttpCode": "200-399"})
    assert operations(plan) == ["create_target_group", "modify_listener", "update_service"]
    assert (plan.risk, plan.undo.kind) == ("high", "compensating")


def test_grpc_clients_get_a_group_of_grpc() -> None:
    plan = only(FIX, asks_itself(callers(), PROBE))
    given = plan.writes[0].call.parameters
    assert (given["Name"], given["ProtocolVersion"]) == ("checkout-grpc", "GRPC")
    assert (given["HealthCheckPath"], given["Matcher"]) == ("/grpc.health.v1.Health/Check", {"GrpcCode": "0"})
    assert plan.writes[-1].call.parameters["loadBalancers"][0]["targetGroupArn"] == ARN  # type: ignore[call-overload, index]


def test_a_group_of_the_other_version_that_is_there_gets_the_requests() -> None:
    other = check_of(path="/grpc.health.v1.Health/Check", matcher=None, grpc_matcher="0")
    plan = only(FIX, beside(callers(), protocol_version="GRPC", health_check=other))
    (write,) = plan.writes
    assert (write.arguments, plan.undo.kind) == ({"ListenerArn": LISTENER, "group": TG, "to": OTHER_TG}, "exact")


def operations(plan: Plan) -> list[str]:
    return [write.call.operation for write in plan.writes]


@pytest.mark.parametrize(
    "incident",
    [
        pytest.param(browsers, id="nothing tells what the targets speak"),
        pytest.param(
            lambda: asks_itself(browsers(), "curl --http2-prior-knowledge -f http://localhost:8080/up"),
            id="HTTP/2 only",
        ),
        pytest.param(lambda: asks_itself(browsers(), "curl -kf https://localhost:8080/up"), id="in TLS"),
        pytest.param(
            lambda: asks_itself(
                browsers(Incident().target_group(protocol="HTTPS")), "curl -f http://localhost:8080/up"
            ),
            id="the group speaks TLS",
        ),
        pytest.param(
            lambda: asks_itself(logged(Incident().target_group(protocol_version="GRPC"), by_balancer(900, 464)), PROBE),
            id="others are served",
        ),
        pytest.param(
            lambda: asks_itself(
                nobody_is_served(
                    logged(
                        Incident().target_group(protocol_version="GRPC"),
                        by_balancer(900, 464, since=59, fields={"protocol": "https"}),
                        by_balancer(90, 464, since=59, fields={"protocol": "grpcs"}),
                        per_minute=0,
                    )
                ),
                "curl -f http://localhost:8080/up",
            ),
            id="two kinds of clients",
        ),
        pytest.param(
            lambda: nobody_is_served(asks_itself(browsers(), "curl -f http://localhost:8080/up"), ever=False),
            id="it has served others",
        ),
        pytest.param(lambda: asks_itself(callers(), "grpc_health_probe -addr=:9090"), id="another port"),
        pytest.param(lambda: asks_itself(callers(), f"{PROBE} -service=orders"), id="one service of several"),
        pytest.param(lambda: asks_itself(callers(), f"{PROBE} -tls"), id="gRPC in TLS"),
        pytest.param(lambda: asks_itself(callers(), PROBE, health="UNHEALTHY"), id="the probe fails"),
        pytest.param(lambda: asks_itself(callers(), f"{PROBE} || true"), id="a probe that cannot fail"),
        pytest.param(lambda: in_two_rules(asks_itself(callers(), PROBE)), id="a listener without TLS"),
        pytest.param(
            lambda: beside(callers(), protocol_version="GRPC", state="unhealthy"), id="the other group is unhealthy"
        ),
        pytest.param(
            lambda: asks_itself(callers(), PROBE).service(deployment_controller="CODE_DEPLOY"), id="CodeDeploy"
        ),
        pytest.param(
            lambda: asks_itself(callers(), PROBE).denied(Listeners, "elasticloadbalancing:DescribeRules"), id="no rules"
        ),
        pytest.param(
            lambda: asks_itself(callers(), PROBE).denied(EcsService, "ecs:DescribeServices"), id="service not read"
        ),
        pytest.param(
            lambda: asks_itself(callers(), PROBE).denied(Metrics, "cloudwatch:GetMetricData"), id="metrics not read"
        ),
        pytest.param(
            lambda: asks_itself(callers(), PROBE).denied(AccessLogs, "s3:GetObject"), id="access logs not read"
        ),
    ],
)
def test_it_is_not_offered(incident: Any) -> None:
    assert plans(FIX, incident()) == ()


def test_a_deployment_is_waited_for() -> None:
    assert only(FIX, in_deployment(asks_itself(callers(), PROBE))).not_now is not None
