"""A new target group where the targets speak TLS and the present one does not."""

from __future__ import annotations

from typing import Any

import pytest

from diagnostics.facts import EcsService, Listeners, TargetGroupAttributes
from remediations.plan import FROM
from remediations.steps.new_target_groups import NEW
from tests.incidents.building import LISTENER, OTHER_TG, TG, Incident
from tests.incidents.connection.target_protocol_mismatch import everything_closes, on_port
from tests.incidents.weighted import weighted_rule
from tests.remediations.catalogue.proposing import holds, only, plans
from tests.remediations.catalogue.test_rule_forwards import in_deployment

FIX = "target-group-tls"


def on_8443() -> Incident:
    return everything_closes(on_port(8443), 8443)


def test_a_group_of_https_takes_the_place_of_the_other() -> None:
    incident = on_8443().replace(
        TargetGroupAttributes(
            by_arn={TG: {"deregistration_delay.timeout_seconds": "30", "stickiness.enabled": "false"}}
        )
    )
    plan = only(FIX, incident)
    create, attributes, rule, service = plan.writes
    given = create.call.parameters
    assert (given["Name"], given["Protocol"], given["TargetType"]) == ("checkout-https", "HTTPS", "ip")
    assert (given["HealthCheckPort"], given["HealthCheckProtocol"]) == ("8081", "HTTP")
    assert attributes.call.parameters["Attributes"] == [{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}]
    assert rule.call.parameters == {
        "ListenerArn": LISTENER,
        "DefaultActions": [{"Type": "forward", "TargetGroupArn": {FROM: NEW}}],
    }
    assert service.call.parameters["loadBalancers"] == [
        {"targetGroupArn": {FROM: NEW}, "containerName": "web", "containerPort": 8080}
    ]
    assert plan.risk == "high"
    assert plan.undo.kind == "compensating"
    assert [write.call.operation for write in plan.undo.writes] == ["modify_listener", "update_service"]
    free, forwards, registers, *_ = plan.guards
    assert holds(free, {})
    assert not holds(free, {"TargetGroups": [{"TargetGroupName": "checkout-https"}]})
    config = {"TargetGroups": [{"TargetGroupArn": TG, "Weight": 1}]}
    assert holds(forwards, {"Rules": [{"Actions": [{"Type": "forward", "ForwardConfig": config}]}]})
    assert holds(forwards, {"Rules": [{"Actions": [{"Type": "forward", "TargetGroupArn": TG}]}]})
    two = {"TargetGroups": [{"TargetGroupArn": TG}, {"TargetGroupArn": OTHER_TG}]}
    assert not holds(forwards, {"Rules": [{"Actions": [{"Type": "forward", "ForwardConfig": two}]}]})
    live = {"targetGroupArn": TG, "containerName": "web", "containerPort": 8080, "advancedConfiguration": None}
    assert holds(registers, {"services": [{"loadBalancers": [live]}]})


def test_attributes_of_a_new_group_are_not_written() -> None:
    assert [write.call.operation for write in only(FIX, on_8443()).writes] == [
        "create_target_group",
        "modify_listener",
        "update_service",
    ]


@pytest.mark.parametrize(
    "incident",
    [
        pytest.param(lambda: everything_closes(Incident()), id="nothing tells the protocol"),
        pytest.param(lambda: on_8443().service(deployment_controller="CODE_DEPLOY"), id="CodeDeploy"),
        pytest.param(lambda: on_8443().service(deployment_controller="EXTERNAL"), id="external"),
        pytest.param(lambda: on_8443().service(deployment_strategy="BLUE_GREEN"), id="blue/green"),
        pytest.param(lambda: on_8443().rules(weighted_rule(80, 20)), id="a weighted rule"),
        pytest.param(lambda: on_8443().denied(Listeners, "elasticloadbalancing:DescribeRules"), id="rules not read"),
        pytest.param(lambda: on_8443().denied(EcsService, "ecs:DescribeServices"), id="service not read"),
        pytest.param(lambda: on_8443().not_applicable(EcsService, "no ECS service"), id="no service"),
    ],
)
def test_it_is_not_offered(incident: Any) -> None:
    assert plans(FIX, incident()) == ()


def test_a_deployment_is_waited_for() -> None:
    assert only(FIX, in_deployment(on_8443())).not_now is not None
