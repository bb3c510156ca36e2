"""A service goes back only to a revision that ran well, and only where the newest one brought the trouble."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from diagnostics.facts import EcsService, ServiceLoadBalancer, StoppedTasks, TaskDefinition
from tests.incidents.building import OTHER_TG, TG, Incident, definition, deployment, stopped_task, task_definition_arn
from tests.incidents.lifecycle import deployment_circuit_breaker_tripped as tripped
from tests.incidents.lifecycle.task_oom_killed import killed_after_deployment
from tests.remediations.catalogue.on_ecs import with_history
from tests.remediations.catalogue.proposing import holds, plans

FIX, STOP = "ecs-roll-back", "ecs-stop-deployment"


def given_up() -> Incident:
    """Revision 8 crashes and was given up; revision 7 serves."""
    return tripped.crashes(tripped.failed())


def nothing_old_runs() -> Incident:
    """Only what the history tells is left of revision 7."""
    new = deployment(8, created=30, rollout_state="FAILED", rollout_state_reason=tripped.REASON, running=0)
    return given_up().service(deployments=(new,)).running()


def test_the_revision_whose_tasks_still_run() -> None:
    incident = given_up()
    plan = plans(FIX, incident)[0]
    assert plan.writes[0].call.parameters == {
        "cluster": "prod",
        "service": "checkout",
        "taskDefinition": task_definition_arn(7),
    }
    assert plan.not_now is None
    assert plan.risk == "medium"
    assert (plan.changes[0].before, plan.changes[0].after) == (task_definition_arn(8), task_definition_arn(7))
    assert plan.undo.kind == "compensating"
    assert plan.undo.writes[0].call.parameters["taskDefinition"] == task_definition_arn(8)


def test_the_revision_whose_deployment_was_complete() -> None:
    incident = with_history(nothing_old_runs(), (8, "STOPPED", 30), (6, "STOPPED", 900), (5, "SUCCESSFUL", 2000))
    assert plans(FIX, incident)[0].changes[0].after == task_definition_arn(5)


def test_the_number_before_is_no_proof() -> None:
    assert not plans(FIX, nothing_old_runs())


def test_a_task_that_was_replaced_is_a_proof() -> None:
    old = stopped_task(
        9,
        minutes_ago=28,
        exit_code=143,
        stop_code="ServiceSchedulerInitiated",
        stopped_reason="Scaling activity initiated by (deployment ecs-svc/8)",
        revision=6,
        ran_minutes=500,
    )
    assert plans(FIX, nothing_old_runs().stopped(old))[0].changes[0].after == task_definition_arn(6)


def test_a_deployment_in_progress_is_stopped_instead() -> None:
    incident = killed_after_deployment()
    assert {plan.not_now for plan in plans(FIX, incident)} != {None}
    assert not plans(STOP, incident)
    known = with_history(incident, (8, "IN_PROGRESS", 25), (7, "SUCCESSFUL", 2000))
    assert not plans(FIX, known)
    plan = plans(STOP, known)[0]
    assert plan.writes[0].call.parameters == {
        "serviceDeploymentArn": "arn:aws:ecs:us-east-1:111122223333:service-deployment/prod/checkout/d8",
        "stopType": "ROLLBACK",
    }
    assert plan.undo.kind == "none"
    begun = plan.guards[-1]
    for status, is_so in (("PENDING", True), ("IN_PROGRESS", True), ("ROLLBACK_REQUESTED", False), ("STOPPED", False)):
        answer = {"serviceDeployments": [{"status": status}]}
        assert holds(begun, answer) is is_so
        assert holds(plan.writes[0].done_when, answer) is status.startswith("ROLLBACK_")
    assert not holds(begun, {"serviceDeployments": []})


def forced(incident: Incident) -> Incident:
    """The same task definition was deployed again, and its tag means another image by now."""
    bad, old = incident.known(EcsService).deployments
    again = old.model_copy(update={"id": "ecs-svc/old", "task_definition": bad.task_definition})
    return incident.service(deployments=(bad, again))


def test_the_same_definition_with_another_image_is_not_gone_back_to() -> None:
    """An older one would be too old, and the same one runs the new image again; ECS itself remembers the image."""
    assert not plans(FIX, with_history(forced(given_up()), (8, "STOPPED", 30), (8, "SUCCESSFUL", 900)))
    incident = forced(killed_after_deployment())
    known = with_history(incident, (8, "IN_PROGRESS", 25), (7, "SUCCESSFUL", 2000))
    plan = plans(STOP, known)[0]
    assert [change.setting for change in plan.changes] == ["status"]


def test_a_tag_that_both_revisions_name_is_pointed_out() -> None:
    incident = given_up().definitions(definition(7), _same_image(), previous=7)
    assert "tag was moved" in plans(FIX, incident)[0].warnings[-1]


def other_family(incident: Incident) -> Incident:
    old = deployment(7, status="ACTIVE", task_definition=task_definition_arn(7).replace("checkout:", "shop:"))
    return incident.edit(EcsService, lambda s: s.model_copy(update={"deployments": (s.deployments[0], old)})).running()


def with_another_port(incident: Incident) -> Incident:
    entry = ServiceLoadBalancer(target_group_arn=TG, container_name="web", container_port=9090)
    return incident.service(load_balancers=(entry,))


@pytest.mark.parametrize(
    "incident",
    [
        lambda: given_up().service(deployment_controller="CODE_DEPLOY"),
        lambda: given_up().service(deployment_controller="EXTERNAL"),
        lambda: given_up().stopped(stopped_task(7, minutes_ago=40, exit_code=1, revision=7)),
        lambda: given_up().denied(StoppedTasks, "ecs:DescribeTasks"),
        tripped.rolled_back,
        lambda: tripped.crashes(tripped.rolled_back()),
        lambda: other_family(given_up()),
        lambda: with_another_port(given_up()),
        lambda: with_history(given_up().service(load_balancers=(_entry(OTHER_TG),)), (7, "SUCCESSFUL", 2000)),
        lambda: tripped.cannot_pull().definitions(definition(7), _same_image(), previous=7),
        Incident,
    ],
    ids=[
        "CodeDeploy deploys it",
        "somebody else deploys it",
        "the old revision crashes too",
        "stopped tasks are denied",
        "rolled back already",
        "rolled back already, with its crashes",
        "the old one is of another family",
        "the old one lacks the registered port",
        "the target group changed with the deployment",
        "an image that the old revision has too cannot be pulled",
        "nothing is wrong",
    ],
)
def test_it_is_not_offered(incident: Callable[[], Incident]) -> None:
    assert not plans(FIX, incident())
    assert not plans(STOP, incident())


def test_guards_see_what_changed() -> None:
    plan = plans(FIX, given_up())[0]
    active, by_ecs, resting, runs, usable = plan.guards
    service = {
        "status": "ACTIVE",
        "taskDefinition": task_definition_arn(8),
        "deployments": [{"status": "PRIMARY", "rolloutState": "FAILED"}],
    }
    for guard in (active, by_ecs, resting, runs):
        assert holds(guard, {"services": [service]})
        assert not holds(guard, {"services": []}) or guard in (by_ecs, resting)
    assert not holds(by_ecs, {"services": [service | {"deploymentController": {"type": "CODE_DEPLOY"}}]})
    assert not holds(resting, {"services": [service | {"deployments": [{"rolloutState": "IN_PROGRESS"}]}]})
    assert not holds(runs, {"services": [service | {"taskDefinition": task_definition_arn(9)}]})
    assert not holds(usable, {"taskDefinition": {"status": "INACTIVE"}})


def _entry(group: str) -> ServiceLoadBalancer:
    return ServiceLoadBalancer(target_group_arn=group, container_name="web", container_port=8080)


def _same_image() -> TaskDefinition:
    new = definition(8)
    web = new.containers[0].model_copy(update={"image": "checkout:7"})
    return new.model_copy(update={"containers": (web,)})


def test_the_deployment_that_had_failed_before_is_no_failure_of_the_roll_back() -> None:
    failed = plans(FIX, given_up())[0].success.fails[0]
    old = {"id": "ecs-svc/8", "status": "PRIMARY", "rolloutState": "FAILED"}
    assert not holds(failed, {"services": [{"deployments": [old]}]})
    assert holds(failed, {"services": [{"deployments": [old | {"id": "ecs-svc/9"}, old | {"status": "ACTIVE"}]}]})


def test_a_deployment_that_the_circuit_breaker_took_back_has_failed() -> None:
    failed = plans(FIX, given_up())[0].success.fails[0]
    back = {"id": "ecs-svc/8", "status": "PRIMARY", "rolloutState": "IN_PROGRESS"}
    new = {"id": "ecs-svc/9", "status": "ACTIVE", "rolloutState": "FAILED"}
    assert holds(failed, {"services": [{"deployments": [back, new]}]})
