"""Blue/green deployments of CodeDeploy: who gets the requests, when old tasks are ended, and what a stop does."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from demo.clock import ManualClock
from demo.world.service_handle import ServiceHandle
from demo.world.world import World
from tests.demo.world.conftest import START, Incident

STEP_S = 5.0
BLUE, GREEN = "checkout:1", "checkout:2"


class CreepingClock(ManualClock):
    """Goes on a little whenever somebody looks at it."""

    def __call__(self) -> float:
        self.advance(0.001)
        return super().__call__()


@pytest.fixture
def service(incident: Incident) -> ServiceHandle:
    """The first set of tasks has all requests."""
    made = incident.acct.service("checkout", code_deploy=True)
    incident.world.advance(120, STEP_S)
    assert sets(incident) == [("PRIMARY", BLUE, 2, 2)]
    return made


def sets(incident: Incident) -> list[tuple[str, str, int, int]]:
    """Newest first: status, task definition, tasks wanted, tasks that run."""
    answer = incident.acct.client("ecs").describe_services(cluster="prod", services=["checkout"])
    return [
        (one["status"], one["taskDefinition"].rsplit("/", 1)[-1], one["computedDesiredCount"], one["runningCount"])
        for one in answer["services"][0]["taskSets"]
    ]


def deployed(incident: Incident, service: ServiceHandle, wait_s: float) -> str:
    service.deploy(GREEN)
    incident.world.advance(wait_s, STEP_S)
    answer = incident.acct.client("ecs").describe_services(cluster="prod", services=["checkout"])
    newest, *_ = answer["services"][0]["taskSets"]
    assert newest["startedBy"] == "CODE_DEPLOY"
    return str(newest["externalId"])


def told(incident: Incident, deployment: str) -> dict[str, Any]:
    found = incident.acct.client("codedeploy").get_deployment(deploymentId=deployment)["deploymentInfo"]
    assert (found["applicationName"], found["deploymentGroupName"]) == ("checkout", "checkout")
    return dict(found)


def forwards_to(incident: Incident, service: ServiceHandle) -> str:
    rules = incident.acct.client("elbv2").describe_rules(RuleArns=[service.rule])["Rules"]
    return str(rules[0]["Actions"][0]["TargetGroupArn"].split("/")[1])


def test_requests_go_to_the_new_tasks_while_the_old_ones_wait(incident: Incident, service: ServiceHandle) -> None:
    made = deployed(incident, service, 20)
    assert sets(incident)[1] == ("PRIMARY", BLUE, 2, 2)
    incident.world.advance(180, STEP_S)
    assert sets(incident) == [("PRIMARY", GREEN, 2, 2), ("ACTIVE", BLUE, 2, 2)]
    assert (told(incident, made)["status"], forwards_to(incident, service)) == ("InProgress", "checkout-green")
    incident.world.advance(3700, 20)
    assert sets(incident) == [("PRIMARY", GREEN, 2, 2)]
    assert told(incident, made)["status"] == "Succeeded"
    with pytest.raises(ClientError, match="DeploymentAlreadyCompletedException"):
        incident.acct.client("codedeploy").stop_deployment(deploymentId=made, autoRollbackEnabled=True)


def test_requests_are_moved_once_although_time_passes_meanwhile() -> None:
    """As in a live demo: every call that moves them could make the world tick, and move them again."""
    world = World(CreepingClock(START), present=START)
    incident = Incident(world, world.account("699000000001"))
    service = incident.acct.service("checkout", code_deploy=True)
    world.advance(120, STEP_S)
    deployed(incident, service, 200)
    assert forwards_to(incident, service) == "checkout-green"
    events = world.trail.events(incident.acct.account, incident.acct.region)
    assert [one.name for one in events if one.username == "deployment"] == ["ModifyListener"]


def test_a_stop_with_roll_back_sends_requests_to_the_tasks_before(incident: Incident, service: ServiceHandle) -> None:
    made = deployed(incident, service, 200)
    client = incident.acct.client("codedeploy")
    assert client.stop_deployment(deploymentId=made, autoRollbackEnabled=True)["status"] == "Succeeded"
    assert [one[:2] for one in sets(incident)] == [("DRAINING", GREEN), ("PRIMARY", BLUE)]
    assert forwards_to(incident, service) == "checkout"
    assert incident.states(service) == ["initial", "initial"]
    incident.world.advance(120, STEP_S)
    assert sets(incident) == [("PRIMARY", BLUE, 2, 2)]
    assert incident.states(service) == ["healthy", "healthy"]
    stopped = told(incident, made)
    back = told(incident, stopped["rollbackInfo"]["rollbackDeploymentId"])
    assert (stopped["status"], back["status"], back["creator"]) == ("Stopped", "Succeeded", "codeDeployRollback")
    assert back["rollbackInfo"]["rollbackTriggeringDeploymentId"] == made


def test_a_stop_alone_leaves_everything_where_it_is(incident: Incident, service: ServiceHandle) -> None:
    made = deployed(incident, service, 200)
    incident.acct.client("codedeploy").stop_deployment(deploymentId=made)
    incident.world.advance(60, STEP_S)
    assert sets(incident) == [("PRIMARY", GREEN, 2, 2), ("ACTIVE", BLUE, 2, 2)]
    assert (told(incident, made)["status"], "rollbackInfo" in told(incident, made)) == ("Stopped", False)


def test_ecs_takes_no_deployment_of_its_own(incident: Incident, service: ServiceHandle) -> None:
    for change in ({"forceNewDeployment": True}, {"taskDefinition": BLUE}):
        with pytest.raises(ClientError, match="InvalidParameterException"):
            service.update(**change)
    service.scale(3)
    incident.world.advance(60, STEP_S)
    assert sets(incident) == [("PRIMARY", BLUE, 3, 3)]


def test_what_is_not_there(incident: Incident, service: ServiceHandle) -> None:
    client = incident.acct.client("codedeploy")
    with pytest.raises(ClientError, match="DeploymentDoesNotExistException"):
        client.get_deployment(deploymentId="d-000000000")
    arn = f"arn:aws:codedeploy:us-east-1:{incident.acct.account}:deploymentgroup:checkout/"
    assert client.list_tags_for_resource(ResourceArn=f"{arn}{service.name}")["Tags"] == []
    with pytest.raises(ClientError, match="InvalidArnException"):
        client.list_tags_for_resource(ResourceArn=f"{arn}other")
