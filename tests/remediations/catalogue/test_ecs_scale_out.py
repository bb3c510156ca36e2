"""More tasks: bounded, by whoever owns the count, and from zero as many as there were."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from diagnostics.facts import Metrics, ServiceScaling
from tests.incidents.building import Incident, deployment
from tests.incidents.loading import hosts, scales, unscaled
from tests.incidents.registration.service_scaled_to_zero import back_after_ten_minutes, by_a_person, by_a_schedule
from tests.incidents.time.cpu_saturation import crash_before, rush
from tests.incidents.time.insufficient_task_count import too_few_workers
from tests.incidents.time.target_dependency_hang import pool_is_empty
from tests.remediations.catalogue.proposing import holds, plans

FIX = "ecs-scale-out"
SCALABLE = "arn:aws:application-autoscaling:us-east-1:111122223333:scalable-target/0ec5a1"


def owned(incident: Incident, maximum: int, minimum: int = 2) -> Incident:
    """Application Auto Scaling owns the count, and says by which name."""

    def named(fact: ServiceScaling) -> ServiceScaling:
        assert fact.limits is not None
        limits = fact.limits.model_copy(update={"arn": SCALABLE, "minimum": minimum})
        return fact.model_copy(update={"limits": limits})

    return scales(incident, maximum=maximum).edit(ServiceScaling, named)


def test_twice_as_many_or_fewer() -> None:
    incident = unscaled(too_few_workers())
    plan = plans(FIX, incident)[0]
    assert plan.writes[0].call.parameters == {"cluster": "prod", "service": "checkout", "desiredCount": 8}
    assert plan.label == ""
    assert [(one.label, one.writes[0].call.parameters["desiredCount"]) for one in plan.narrower] == [
        ("6 tasks", 6),
        ("5 tasks", 5),
    ]
    assert plan.undo.kind == "compensating"
    assert plan.undo.writes[0].call.parameters["desiredCount"] == 4
    unowned = plan.guards[-1]
    assert holds(unowned, {"ScalableTargets": []})
    assert not holds(unowned, {"ScalableTargets": [{"MinCapacity": 1}]})


def test_never_more_than_twenty_at_once() -> None:
    incident = unscaled(too_few_workers().service(desired=60, running=60))
    assert plans(FIX, incident)[0].writes[0].call.parameters["desiredCount"] == 80


@pytest.mark.parametrize(("maximum", "then"), [(20, 20), (8, 8), (4, 8)])
def test_the_limits_where_scaling_owns_the_count(maximum: int, then: int) -> None:
    incident = owned(rush(), maximum)
    plan = plans(FIX, incident)[0]
    call = plan.writes[0].call
    assert (call.service, call.operation) == ("application-autoscaling", "register_scalable_target")
    assert call.parameters == {
        "ServiceNamespace": "ecs",
        "ScalableDimension": "ecs:service:DesiredCount",
        "ResourceId": "service/prod/checkout",
        "MinCapacity": 8,
        "MaxCapacity": then,
    }
    assert [change.setting for change in plan.changes] == ["MinCapacity", *(["MaxCapacity"] if then > maximum else [])]
    undone = plan.undo.writes[0].call.parameters
    assert (undone["MinCapacity"], undone["MaxCapacity"]) == (2, maximum)
    assert plan.writes[0].resources == (SCALABLE,)
    assert {grant.action for grant in plan.writes[0].also} == {"ecs:UpdateService", "ecs:DescribeServices"}


def test_the_minimum_is_never_lowered() -> None:
    plan = plans(FIX, owned(rush(), 20, minimum=5))[0]
    assert [one.label for one in plan.narrower] == ["6 tasks"]
    assert not plans(FIX, owned(rush(), 20, minimum=8))


def test_a_deployment_of_codedeploy_is_pointed_out() -> None:
    new, old = deployment(8, created=5, rollout_state=None), deployment(7, status="ACTIVE", rollout_state=None)
    incident = unscaled(too_few_workers()).service(deployment_controller="CODE_DEPLOY", deployments=(new, old))
    assert "may fail" in plans(FIX, incident)[0].warnings[-1]


@pytest.mark.parametrize("build", [by_a_person, by_a_schedule])
def test_as_many_as_before_from_zero(build: Callable[[], Incident]) -> None:
    incident = unscaled(build())
    plan = plans(FIX, incident)[0]
    assert plan.writes[0].call.parameters["desiredCount"] == 4
    assert [one.label for one in plan.narrower] == ["2 tasks", "1 task"]
    assert "set it to zero" in plan.warnings[0]
    assert plan.undo.writes[0].call.parameters["desiredCount"] == 0


def test_a_schedule_that_set_the_limits_to_zero() -> None:
    plan = plans(FIX, owned(by_a_schedule(), maximum=0, minimum=0))[0]
    assert (plan.writes[0].call.parameters["MinCapacity"], plan.writes[0].call.parameters["MaxCapacity"]) == (4, 4)


@pytest.mark.parametrize(
    "incident",
    [
        by_a_person,
        lambda: unscaled(by_a_person()).denied(Metrics, "cloudwatch:GetMetricData"),
        lambda: unscaled(back_after_ten_minutes()),
        lambda: scales(too_few_workers(), maximum=20),
        lambda: unscaled(hosts(rush().service(launch_type="EC2"), {"i-01": 0, "i-02": 0})),
        lambda: unscaled(crash_before()),
        lambda: unscaled(pool_is_empty()),
        lambda: unscaled(Incident()),
    ],
    ids=[
        "whether scaling owns the count was not read",
        "how many there were was not read",
        "it was raised again since",
        "the scalable target's name is not known",
        "the hosts have no processor left",
        "its tasks crash, and the others get their load",
        "all wait for a pool that is empty",
        "nothing is wrong",
    ],
)
def test_it_is_not_offered(incident: Callable[[], Incident]) -> None:
    assert not plans(FIX, incident())
