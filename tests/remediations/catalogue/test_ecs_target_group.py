"""A service that names a deleted target group gets the one that took its place, where that is known for certain."""

from __future__ import annotations

from typing import Any

import pytest

from diagnostics.facts import (
    Changes,
    EcsService,
    ServiceLoadBalancer,
    SiblingHealth,
    Subnets,
    Target,
    TargetGroups,
    TargetHealth,
    TaskDefinitions,
)
from tests.incidents.building import OTHER_TG, TG, Incident, change, definition, forward_rule
from tests.incidents.registration.target_group_missing import deleted
from tests.remediations.catalogue.proposing import holds, only, plans
from tests.remediations.catalogue.test_rule_forwards import in_deployment

FIX = "ecs-target-group"
SAME_NAME = TG.replace("73e2d6bc24d8a067", "ffe2d6bc24d8a0ff")
THIRD = TG.replace("checkout", "billing")


def replaced(by: str = OTHER_TG, **changes: Any) -> Incident:
    """The rule forwards to this group now, and nobody is in it."""
    incident = deleted().rules(forward_rule(by)).replace(SiblingHealth(by_group={by: ()}))

    def edit(fact: TargetGroups) -> TargetGroups:
        other = fact.items[0].model_copy(update={"arn": by, "name": by.split("/")[-2], **changes})
        return fact.model_copy(update={"items": (other,)})

    return incident.edit(TargetGroups, edit)


def told(incident: Incident | None = None, *, actor: str = "role/ops-admin", at: float = 12) -> Incident:
    """CloudTrail has who deleted the one, and who led the rule to the other."""
    actions = [{"type": "forward", "targetGroupArn": OTHER_TG}]
    return (incident or replaced()).changed(
        change("DeleteTargetGroup", minutes_ago=11, resources=(TG,)),
        change("ModifyListener", minutes_ago=at, resources=("x",), actor=actor, request={"defaultActions": actions}),
    )


def test_the_service_gets_the_group_that_the_rule_uses() -> None:
    plan = only(FIX, told())
    (write,) = plan.writes
    assert write.call.parameters["loadBalancers"] == [
        {"targetGroupArn": OTHER_TG, "containerName": "web", "containerPort": 8080}
    ]
    assert (plan.risk, plan.undo.kind, plan.undo.writes) == ("high", "none", ())
    assert "role/ops-admin deleted the other one" in plan.warnings[0]
    assert "is meant for it" in plan.warnings[1]
    gone, empty, forwards, registers, *_ = plan.guards
    assert holds(gone, {})
    assert not holds(gone, {"TargetGroups": [{"TargetGroupArn": TG}]})
    assert holds(empty, {"TargetHealthDescriptions": []})
    assert not holds(empty, {"TargetHealthDescriptions": [{"TargetHealth": {"State": "initial"}}]})
    assert holds(forwards, {"Rules": [{"Actions": [{"Type": "forward", "TargetGroupArn": OTHER_TG}]}]})
    live = {"targetGroupArn": TG, "containerName": "web", "containerPort": 8080}
    assert holds(registers, {"services": [{"loadBalancers": [live]}]})


def test_a_group_of_the_same_name_is_its_successor() -> None:
    (why,) = only(FIX, replaced(SAME_NAME)).warnings
    assert "has the name" in why


def two_of_them() -> Incident:
    """Both are empty, and the same hand led rules to both."""
    incident = told()
    third = incident.known(TargetGroups).items[0].model_copy(update={"arn": THIRD, "name": "billing"})
    incident.edit(TargetGroups, lambda fact: fact.model_copy(update={"items": (*fact.items, third)}))
    incident.replace(SiblingHealth(by_group={OTHER_TG: (), THIRD: ()}))
    rule = forward_rule(THIRD).model_copy(update={"priority": 4, "arn": "x/4"})
    incident.rules(rule, forward_rule(OTHER_TG))
    request = {"actions": [{"targetGroupArn": THIRD}]}
    return incident.changed(change("ModifyRule", minutes_ago=13, resources=("y",), request=request))


@pytest.mark.parametrize(
    "incident",
    [
        pytest.param(replaced, id="nothing tells that it took its place"),
        pytest.param(lambda: told(actor="role/somebody-else"), id="somebody else did it"),
        pytest.param(lambda: told(at=110), id="hours before"),
        pytest.param(lambda: told(at=10), id="the rule was changed afterwards"),
        pytest.param(two_of_them, id="two could have"),
        pytest.param(
            lambda: told().replace(
                SiblingHealth(by_group={OTHER_TG: (Target(id="10.0.1.9", port=80, state="healthy"),)})
            ),
            id="somebody is in it",
        ),
        pytest.param(lambda: told(replaced(target_type="instance")), id="not for tasks with addresses of their own"),
        pytest.param(lambda: told(replaced(vpc_id="vpc-02")), id="in another VPC"),
        pytest.param(lambda: told().service(deployment_controller="CODE_DEPLOY"), id="CodeDeploy"),
        pytest.param(lambda: told().service(deployment_strategy="BLUE_GREEN"), id="blue/green"),
        pytest.param(
            lambda: told().service(
                load_balancers=tuple(
                    ServiceLoadBalancer(target_group_arn=TG, container_name=name, container_port=8080)
                    for name in ("web", "admin")
                )
            ),
            id="two containers in it",
        ),
        pytest.param(lambda: told().denied(EcsService, "ecs:DescribeServices"), id="service not read"),
        pytest.param(lambda: told().denied(Changes, "cloudtrail:LookupEvents"), id="changes not read"),
        pytest.param(lambda: told().denied(TaskDefinitions, "ecs:DescribeTaskDefinition"), id="tasks not read"),
        pytest.param(lambda: told().denied(Subnets, "ec2:DescribeSubnets"), id="subnets not read"),
        pytest.param(
            lambda: told().denied(SiblingHealth, "elasticloadbalancing:DescribeTargetHealth"), id="targets not read"
        ),
        pytest.param(
            lambda: told().edit(TargetHealth, lambda fact: fact.model_copy(update={"by_group": {TG: ()}})),
            id="it is there after all",
        ),
        pytest.param(
            lambda: told().definitions(definition(network_mode="bridge")), id="the tasks have their host's address"
        ),
    ],
)
def test_it_is_not_offered(incident: Any) -> None:
    assert plans(FIX, incident()) == ()


def test_a_deployment_is_waited_for() -> None:
    assert only(FIX, in_deployment(told())).not_now is not None
