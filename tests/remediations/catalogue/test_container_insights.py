"""Container Insights of the service's cluster: the one setting, its cost, and the way back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydantic import JsonValue

from diagnostics.facts import EcsCluster
from remediations.drift import with_drift_warnings
from remediations.plan import Call, Plan
from remediations.reach import reach_of
from remediations.refusals import refusal
from tests.incidents.building import CLUSTER, Incident
from tests.incidents.lifecycle.memory_pressure import PAUSES, thrashing
from tests.incidents.loading import wrote
from tests.remediations.catalogue.proposing import holds, plans
from tests.remediations.test_drift import STACK

FIX = "container-insights-enable"


def pressed(**changes: object) -> Incident:
    return wrote(thrashing(), PAUSES).edit(EcsCluster, lambda cluster: cluster.model_copy(update=changes))


def test_each_task_and_container_or_for_less_money_each_service() -> None:
    incident = pressed()
    (plan,) = plans(FIX, incident)
    (write,) = plan.writes
    assert write.call.parameters == {
        "cluster": "prod",
        "settings": [{"name": "containerInsights", "value": "enhanced"}],
    }
    assert write.resources == (CLUSTER,)
    assert [(one.setting, one.before, one.after) for one in plan.changes] == [
        ("containerInsights", "disabled", "enhanced")
    ]
    assert "all 3 services and 12 tasks in cluster prod" in plan.touches
    assert "CloudWatch takes money for it" in plan.warnings[0]
    (less,) = plan.narrower
    assert (less.changes[0].after, less.undo.kind, plan.undo.kind) == ("enabled", "exact", "exact")
    assert [one.call.parameters["settings"] for one in plan.undo.writes] == [
        [{"name": "containerInsights", "value": "disabled"}]
    ]


def test_what_it_rests_on_is_read_as_aws_says_it() -> None:
    (plan,) = plans(FIX, pressed())
    (was,), (now,) = plan.guards, plan.success.guards
    for value in ("disabled", "enabled", "enhanced"):
        answer = {"clusters": [{"settings": [{"name": "containerInsights", "value": value}]}], "failures": []}
        assert (holds(was, answer), holds(now, answer)) == (value == "disabled", value == "enhanced")
    assert not holds(was, {"clusters": [{}]})
    assert not holds(was, {"clusters": [], "failures": [{"reason": "MISSING"}]})


def test_numbers_of_services_alone_can_be_made_finer() -> None:
    (plan,) = plans(FIX, pressed(container_insights="enabled"))
    assert (plan.changes[0].before, plan.changes[0].after, plan.narrower) == ("enabled", "enhanced", ())


@pytest.mark.parametrize(
    "incident",
    [
        lambda: pressed(container_insights="enhanced"),
        lambda: pressed(container_insights=None),
        lambda: pressed(cluster="other"),
        lambda: pressed().denied(EcsCluster, "ecs:DescribeClusters"),
        Incident,
    ],
    ids=["it is on", "not known", "of another cluster", "denied", "nothing is wrong"],
)
def test_it_is_not_offered(incident: Callable[[], Incident]) -> None:
    assert not plans(FIX, incident())


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"cluster": "other"}, "is not what the report is about"),
        ({"settings": [{"name": "containerInsights", "value": "off"}]}, "it sets containerInsights of a cluster"),
        ({"settings": [{"name": "guardDutyActivate", "value": "off"}]}, "it sets guardDutyActivate of a cluster"),
        ({"settings": ["x"]}, "it sets None of a cluster"),
        ({"capacityProviders": []}, "it sets capacityProviders"),
        ({"cluster": "checkout"}, "the cluster is not what it says that it writes to"),
    ],
)
def test_nothing_else_of_a_cluster_is_set(parameters: dict[str, JsonValue], says: str) -> None:
    incident = pressed()
    (plan,) = plans(FIX, incident)
    write = plan.writes[0]
    call = Call.of("ecs", "update_cluster_settings", **{**write.call.parameters, **parameters})
    bent: Plan = plan.model_copy(update={"writes": (write.model_copy(update={"call": call}),), "narrower": ()})
    assert says in str(refusal(bent, reach_of(incident.snapshot())))


def test_whoever_keeps_the_cluster_is_named() -> None:
    """For a change of the cluster only: its keeper need not keep the services in it."""
    incident = pressed(tags=STACK)
    (plan,) = plans(FIX, incident)
    told = with_drift_warnings(plan, incident.snapshot()).warnings
    assert any("CloudFormation (stack shop-prod) keeps prod" in one and "AWS::ECS::Cluster" in one for one in told)
    other = plans("ecs-more-memory", incident)[0]
    assert with_drift_warnings(other, incident.snapshot()).warnings == other.warnings
