"""A blue/green deployment of CodeDeploy is stopped only while the task set before can take the requests at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from diagnostics.engine import diagnose
from diagnostics.facts import CodeDeployment, CodeDeployments, EcsService, StoppedTasks
from diagnostics.facts.fact import Gap
from remediations.execute import Tools, carry_out
from remediations.journal import MemoryJournal
from remediations.plan import Call, Plan
from remediations.reach import reach_of
from remediations.refusals import refusal
from remediations.watch import check
from remediations.writing import Lost, Rejected, Sending, Written
from tests.incidents.building import NOW, OTHER_TG, TG, Incident, definition, deployment, stopped_task, task
from tests.incidents.lifecycle.deployment_regression import IPS, rolled_out
from tests.remediations.catalogue.proposing import holds, plans

FIX = "code-deploy-stop"
OLD_IPS = ("10.0.1.31", "10.0.1.32", "10.0.2.31", "10.0.2.32")
GROUP = "arn:aws:codedeploy:us-east-1:111122223333:deploymentgroup:shop/checkout"


def made(status: str = "InProgress", **changes: Any) -> CodeDeployment:
    base = CodeDeployment(id="d-8", application="shop", group="checkout", status=status)
    return base.model_copy(update=changes)


def blue_green(deployed: CodeDeployment | None = None, **old: Any) -> Incident:
    """Revision 8 answers 5xx and has all requests; revision 7 waits for its end."""
    new = deployment(8, created=22, rollout_state=None, code_deploy_id="d-8", target_group_arns=(TG,))
    before = deployment(7, created=2000, status="ACTIVE", rollout_state=None, target_group_arns=(OTHER_TG,))
    incident = rolled_out(created=22, onset=20).service(
        deployment_controller="CODE_DEPLOY", deployments=(new, before.model_copy(update=old))
    )
    tasks = [task(number, ip, revision=8, started=21) for number, ip in enumerate(IPS, 1)]
    tasks += [task(number, ip, revision=7) for number, ip in enumerate(OLD_IPS, 5)]
    incident = incident.running(*tasks).definitions(definition(7), definition(8), previous=7)
    return incident.replace(CodeDeployments(items=(deployed or made(),)))


def test_the_traffic_goes_back_to_the_tasks_before() -> None:
    incident = blue_green()
    (plan,) = plans(FIX, incident)
    (write,) = plan.writes
    assert write.call.parameters == {"deploymentId": "d-8", "autoRollbackEnabled": True}
    assert write.resources == (GROUP,)
    assert [(change.before, change.after) for change in plan.changes] == [
        ("InProgress", "Stopped"),
        (incident.known(EcsService).task_definition, definition(7).arn),
    ]
    assert plan.undo.kind == "none"
    assert plan.not_now is None


def test_another_deployment_is_out_of_reach() -> None:
    """A plan that was changed in the store may not stop what the report is not about."""
    incident = blue_green()
    (plan,) = plans(FIX, incident)
    call = plan.writes[0].call.model_copy(update={"parameters": {"deploymentId": "d-9", "autoRollbackEnabled": True}})
    other = plan.model_copy(update={"writes": (plan.writes[0].model_copy(update={"call": call}),)})
    assert refusal(other, reach_of(incident.snapshot())) == "deploymentId d-9 is not what the report is about"


@pytest.mark.parametrize(
    "incident",
    [
        lambda: blue_green(made("Succeeded")),
        lambda: blue_green(made("Stopped")),
        lambda: blue_green(made(rolled_back_by="d-9")),
        lambda: blue_green(made(rolls_back="d-5")),
        lambda: blue_green(made(id="d-5")),
        lambda: blue_green(running=3),
        lambda: blue_green(status="INACTIVE"),
        lambda: blue_green().service(deployment_controller="EXTERNAL"),
        lambda: blue_green().service(deployment_controller="ECS"),
        lambda: blue_green().stopped(stopped_task(9, minutes_ago=10, exit_code=1, revision=7)),
        lambda: blue_green().denied(CodeDeployments, "codedeploy:GetDeployment"),
        lambda: blue_green().denied(StoppedTasks, "ecs:DescribeTasks"),
        Incident,
    ],
    ids=[
        "it is over",
        "it is stopped",
        "it is rolled back already",
        "it is a roll-back itself",
        "another deployment than the task set's",
        "a task of the old set is gone",
        "the old set drains",
        "EXTERNAL",
        "ECS",
        "the old revision fails too",
        "CodeDeploy may not be asked",
        "stopped tasks may not be read",
        "nothing is wrong",
    ],
)
def test_it_is_not_offered(incident: Callable[[], Incident]) -> None:
    assert not plans(FIX, incident())


def told(incident: Incident) -> str:
    causes = diagnose(incident.snapshot()).causes
    found = next(cause for cause in causes if cause.code == "deployment-regression")
    return " ".join((found.advice or "", *found.advice_commands))


def test_advice_has_the_exact_commands() -> None:
    stop = "aws deploy stop-deployment --deployment-id d-8 --auto-rollback-enabled"
    assert stop in told(blue_green())
    over = told(blue_green(made("Succeeded")))
    assert "aws deploy create-deployment --application-name shop --deployment-group-name checkout --revision" in over
    assert definition(7).arn in over
    assert "update-service" not in over
    unread = told(blue_green().denied(CodeDeployments, "codedeploy:GetDeployment"))
    assert stop in unread
    assert "--application-name APPLICATION" in unread
    external = told(blue_green().service(deployment_controller="EXTERNAL"))
    assert "update-service-primary-task-set --cluster prod --service checkout --primary-task-set ecs-svc/7" in external
    alone = blue_green().service(deployment_controller="EXTERNAL")
    newest = alone.known(EcsService).deployments[:1]
    assert "create-task-set" in told(alone.service(deployments=newest))


@dataclass
class Deployer:
    """CodeDeploy and what depends on it: Reads and Writer in one."""

    status: str = "InProgress"
    old: dict[str, Any] = field(default_factory=lambda: {"id": "ecs-svc/7", "status": "ACTIVE", "runningCount": 4})
    stopped: list[str] = field(default_factory=list)

    def read(self, call: Call) -> dict[str, Any] | Gap:
        match call.operation:
            case "get_deployment":
                return {"deploymentInfo": {"deploymentId": "d-8", "status": self.status}}
            case "describe_services":
                return {"services": [{"status": "ACTIVE", "taskSets": [self.old]}]}
            case "describe_target_health":
                return {"TargetHealthDescriptions": [{"TargetHealth": {"State": "healthy"}}]}
            case "list_tags_for_resource":
                return {"Tags": [], "tags": []}
        raise AssertionError(call.operation)

    def write(self, call: Call, sending: Sending) -> Written | Rejected | Lost:
        sending()
        self.stopped.append(str(call.parameters["deploymentId"]))
        self.status, self.old["status"] = "Stopped", "PRIMARY"
        return Written({"status": "Succeeded"}, "request-1")


def carried_out(plan: Plan, there: Deployer) -> str:
    tools = Tools(reads=there, writer=there, journal=MemoryJournal(), pause=lambda _seconds: None)
    return carry_out(plan, "p-1", tools).status


def test_it_is_carried_out_once_and_watched() -> None:
    (plan,) = plans(FIX, blue_green())
    there = Deployer()
    assert not check(plan, there, NOW, NOW + timedelta(seconds=30)).complete
    assert carried_out(plan, there) == "done"
    assert there.stopped == ["d-8"]
    assert check(plan, there, NOW, NOW + timedelta(seconds=60)).complete
    assert carried_out(plan, there) == "refused"
    assert there.stopped == ["d-8"]


@pytest.mark.parametrize(
    "there", [Deployer(status="Succeeded"), Deployer(old={"id": "ecs-svc/7", "status": "DRAINING", "runningCount": 4})]
)
def test_what_is_over_by_then_is_left_alone(there: Deployer) -> None:
    (plan,) = plans(FIX, blue_green())
    assert carried_out(plan, there) == "refused"
    assert there.stopped == []


def test_guards_see_what_changed() -> None:
    _, goes_on, no_roll_back, whole = plans(FIX, blue_green())[0].guards
    for status, is_so in (("InProgress", True), ("Ready", True), ("Succeeded", False), ("Stopped", False)):
        assert holds(goes_on, {"deploymentInfo": {"status": status}}) is is_so
    back = {"rollbackInfo": {"rollbackTriggeringDeploymentId": "d-5"}}
    assert holds(no_roll_back, {"deploymentInfo": {"status": "InProgress"}})
    assert not holds(no_roll_back, {"deploymentInfo": back})
    for count, is_so in ((4, True), (3, False)):
        one = {"id": "ecs-svc/7", "status": "PRIMARY", "runningCount": count}
        assert holds(whole, {"services": [{"taskSets": [one]}]}) is is_so
    assert not holds(whole, {"services": [{"taskSets": []}]})
