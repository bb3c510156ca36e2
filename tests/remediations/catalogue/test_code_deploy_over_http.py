"""A blue/green deployment of CodeDeploy that brings errors, stopped in the simulated world: the traffic goes back."""

from __future__ import annotations

from typing import Any

from demo.world.apps import App
from remediations.protection import Protection
from remediations.reading import see
from remediations.undo import undo_of
from tests.remediations.catalogue.proposing import of_report
from tests.remediations.doing import Scene, scene

FIX = "code-deploy-stop"
STEP_S = 5.0
FREEZE = Protection("change-freeze", "true")


def client(there: Scene, service: str) -> Any:
    return there.running.world.account(there.account).client(service)


def broken(there: Scene) -> None:
    """Its new revision answers 500 to everybody but the health check, and has had all requests for some minutes."""
    world = there.running.world
    ledger = world.account(there.account).service("ledger", path="/ledger/*", client_path="/ledger/x", code_deploy=True)
    world.advance(900, STEP_S)
    ledger.deploy("ledger:2", app=App(routes={"/healthz": 200, "*": 500}))
    world.advance(480, STEP_S)


def sets(there: Scene) -> list[tuple[str, str]]:
    """Newest first: status and task definition."""
    answer = client(there, "ecs").describe_services(cluster="prod", services=["ledger"])["services"][0]
    return [(one["status"], one["taskDefinition"].rsplit("/", 1)[-1]) for one in answer["taskSets"]]


def test_the_traffic_goes_back_to_the_tasks_before() -> None:
    with scene("all-well") as there:
        broken(there)
        assert sets(there) == [("PRIMARY", "ledger:2"), ("ACTIVE", "ledger:1")]
        report, snapshot = there.diagnose("ledger")
        assert report.causes[0].code == "deployment-regression"
        (plan,) = of_report(FIX, report, snapshot)
        assert plan.not_now is None

        execution = there.carry_out(plan, protections=(FREEZE,))
        assert execution.status == "done", execution.text
        assert not see(there.reads, plan.success.guards[-1]).holds
        there.watch(plan)
        there.running.world.advance(120, STEP_S)
        assert sets(there) == [("PRIMARY", "ledger:1")]
        made = str(plan.writes[0].call.parameters["deploymentId"])
        told = client(there, "codedeploy").get_deployment(deploymentId=made)["deploymentInfo"]
        assert (told["status"], "rollbackDeploymentId" in told["rollbackInfo"]) == ("Stopped", True)

        assert plan.undo.kind == "none"
        assert undo_of(plan, "p-test", execution) is None
        assert there.carry_out(plan, "p-again").status == "refused"
