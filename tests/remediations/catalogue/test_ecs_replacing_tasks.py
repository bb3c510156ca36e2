"""Tasks are replaced only where the new ones will be better, and one at a time where only one is at fault."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from diagnostics.facts import RunningTasks
from tests.incidents.building import TARGETS, Incident, definition, deployment, task
from tests.incidents.loading import load, unscaled
from tests.incidents.rows import ALL_TARGETS, closed, logged
from tests.incidents.time.target_dependency_hang import pool_is_empty, pool_noise_for_hours
from tests.remediations.catalogue.proposing import holds, plans

ALL, ONE = "ecs-force-deployment", "ecs-stop-task"


def one_breaks() -> Incident:
    return logged(Incident(), closed(80, (0.05, 3.0), targets=ALL_TARGETS[1:2]))


def in_progress(incident: Incident) -> Incident:
    return incident.service(deployments=(deployment(7, created=400, rollout_state="IN_PROGRESS"),))


def test_all_tasks_where_their_pool_is_used_up() -> None:
    incident = pool_is_empty()
    plan = plans(ALL, incident)[0]
    assert plan.writes[0].call.parameters == {"cluster": "prod", "service": "checkout", "forceNewDeployment": True}
    assert plan.undo.kind == "none"
    begun = plan.writes[0].done_when
    assert not holds(begun, {"services": [{"deployments": [{"status": "PRIMARY", "id": "ecs-svc/7"}]}]})
    assert holds(begun, {"services": [{"deployments": [{"status": "PRIMARY", "id": "ecs-svc/9"}]}]})


def test_not_while_a_deployment_is_in_progress() -> None:
    assert plans(ALL, in_progress(pool_is_empty()))[0].not_now is not None
    assert not plans(ONE, in_progress(one_breaks()))


def test_not_while_codedeploy_has_two_task_sets() -> None:
    sets = (deployment(8, created=400, rollout_state=None), deployment(7, status="ACTIVE", rollout_state=None))
    blue_green = one_breaks().service(deployment_controller="CODE_DEPLOY", deployments=sets)
    assert not plans(ONE, blue_green)
    (plan,) = plans(ONE, blue_green.service(deployments=(sets[0], sets[1].model_copy(update={"status": "INACTIVE"}))))
    resting = plan.guards[1]
    for second, is_so in (("ACTIVE", False), ("DRAINING", True)):
        answer = {"services": [{"deployments": [], "taskSets": [{"status": "PRIMARY"}, {"status": second}]}]}
        assert holds(resting, answer) is is_so


@pytest.mark.parametrize(
    "incident",
    [
        pool_noise_for_hours,
        lambda: unscaled(load(pool_is_empty(), 2400, 22)),
        lambda: pool_is_empty().service(deployment_controller="CODE_DEPLOY"),
        Incident,
    ],
    ids=["what they wait for is slow", "the load is what fills it", "CodeDeploy", "nothing is wrong"],
)
def test_all_tasks_are_not_replaced(incident: Callable[[], Incident]) -> None:
    assert not plans(ALL, incident())


def test_the_one_task_that_breaks() -> None:
    incident = one_breaks()
    plan = plans(ONE, incident)[0]
    broken = next(one for one in incident.known(RunningTasks).items if TARGETS_1 in one.private_ips)
    sent = plan.writes[0].call.parameters
    assert (sent["cluster"], sent["task"]) == ("prod", broken.arn)
    assert "target-closed-mid-request" in str(sent["reason"])
    assert "r-" in str(sent["reason"])
    assert len(str(sent["reason"])) <= 255
    assert plan.writes[0].resources == (broken.arn,)
    assert plan.undo.kind == "none"
    stopped = plan.success.guards[0]
    assert holds(stopped, {"tasks": [{"lastStatus": "STOPPED", "desiredStatus": "STOPPED"}]})
    assert not holds(stopped, {"tasks": [{"lastStatus": "RUNNING", "desiredStatus": "STOPPED"}]}), (
        "it counts as running"
    )
    others = plan.guards[-1]
    assert holds(others, health(TARGETS_1, "unhealthy"))
    assert not holds(others, health("10.0.1.21", "unhealthy"))
    assert not holds(
        others, {"TargetHealthDescriptions": health(TARGETS_1, "healthy")["TargetHealthDescriptions"][1:2]}
    )


TARGETS_1 = list(TARGETS)[1]


def health(sick: str, state: str) -> dict[str, Any]:
    return {
        "TargetHealthDescriptions": [
            {"Target": {"Id": ip, "Port": 8080}, "TargetHealth": {"State": state if ip == sick else "healthy"}}
            for ip in TARGETS
        ]
    }


@pytest.mark.parametrize(
    "incident",
    [
        lambda: one_breaks().service(running=3),
        lambda: one_breaks().service(desired=1, running=1),
        lambda: one_breaks().health("unhealthy", "Target.Timeout", "Request timed out", targets=["10.0.2.21"]),
        lambda: one_breaks().running(),
        lambda: one_breaks().running(*(task(n, ip, desired_status="STOPPED") for n, ip in enumerate(TARGETS, 1))),
        lambda: logged(Incident().definitions(definition()), closed(80, (0.05, 3.0))),
        Incident,
    ],
    ids=[
        "a task is missing already",
        "the only one",
        "another is not healthy",
        "its task is not known",
        "it was told to stop already",
        "all of them",
        "nothing is wrong",
    ],
)
def test_no_task_is_stopped(incident: Callable[[], Incident]) -> None:
    assert not plans(ONE, incident())
