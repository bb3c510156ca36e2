"""The ECS API refuses, pages and reports as AWS does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from demo.world.apps import App
from demo.world.service_handle import ServiceHandle
from tests.demo.world.conftest import Incident

Settled = Callable[..., ServiceHandle]


@pytest.fixture
def ecs(incident: Incident) -> Any:
    incident.acct.cluster("prod")
    return incident.acct.client("ecs")


def code_of(refused: pytest.ExceptionInfo[ClientError]) -> str:
    return str(refused.value.response["Error"]["Code"])


def test_what_is_missing_is_a_failure_not_an_error(incident: Incident, ecs: Any) -> None:
    answer = ecs.describe_services(cluster="prod", services=["nobody"])
    place = f"arn:aws:ecs:us-east-1:{incident.acct.account}"
    assert answer["services"] == []
    assert answer["failures"] == [{"arn": f"{place}:service/prod/nobody", "reason": "MISSING"}]
    assert ecs.describe_clusters(clusters=["other"])["failures"][0]["reason"] == "MISSING"
    tasks = ecs.describe_tasks(cluster="prod", tasks=["0" * 32])
    assert tasks["failures"] == [{"arn": f"{place}:task/prod/{'0' * 32}", "reason": "MISSING"}]


@pytest.mark.parametrize(
    ("operation", "arguments", "code"),
    [
        ("describe_services", {"cluster": "nowhere", "services": ["x"]}, "ClusterNotFoundException"),
        ("list_tasks", {"cluster": "nowhere"}, "ClusterNotFoundException"),
        ("list_tasks", {"cluster": "prod", "serviceName": "nobody"}, "ServiceNotFoundException"),
        ("update_service", {"cluster": "prod", "service": "nobody"}, "ServiceNotFoundException"),
        ("describe_task_definition", {"taskDefinition": "nothing:1"}, "ClientException"),
        (
            "describe_services",
            {"cluster": "prod", "services": [f"s{n}" for n in range(11)]},
            "InvalidParameterException",
        ),
        ("describe_tasks", {"cluster": "prod", "tasks": [f"{n}" for n in range(101)]}, "InvalidParameterException"),
        ("list_services", {"cluster": "prod", "nextToken": "made up"}, "InvalidParameterException"),
        ("stop_task", {"cluster": "prod", "task": "0" * 32}, "InvalidParameterException"),
    ],
)
def test_refusals(ecs: Any, operation: str, arguments: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(ecs, operation)(**arguments)
    assert code_of(refused) == code


def test_services_come_in_pages_of_ten(incident: Incident, ecs: Any) -> None:
    for number in range(12):
        incident.acct.service(f"svc-{number}", path=f"/{number}/*", desired=0, rpm=0)
    first = ecs.list_services(cluster="prod")
    second = ecs.list_services(cluster="prod", nextToken=first["nextToken"])
    assert (len(first["serviceArns"]), len(second["serviceArns"])) == (10, 2)
    assert "nextToken" not in second


def test_a_service_registers_only_ports_that_are_mapped(incident: Incident, ecs: Any) -> None:
    checkout = incident.acct.service("checkout", desired=0, rpm=0)
    entry = {"targetGroupArn": checkout.target_group, "containerName": "checkout", "containerPort": 9090}
    for changes, words in (({}, "did not have a container port 9090"), ({"containerName": "web"}, "does not exist")):
        with pytest.raises(ClientError, match=words):
            ecs.update_service(cluster="prod", service="checkout", desiredCount=3, loadBalancers=[entry | changes])
    assert incident.describe(checkout)["desiredCount"] == 0


def test_a_service_needs_a_target_group_that_a_rule_names(incident: Incident, ecs: Any) -> None:
    acct = incident.acct
    checkout = acct.service("checkout", path="/shop/*", desired=0)
    acct.client("elbv2").delete_rule(RuleArn=checkout.rule)
    with pytest.raises(ClientError, match="does not have an associated load balancer"):
        ecs.create_service(
            cluster="prod",
            serviceName="again",
            taskDefinition="checkout",
            loadBalancers=[
                {"targetGroupArn": checkout.target_group, "containerName": "checkout", "containerPort": 8080}
            ],
            networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": []}},
        )


def test_task_definitions_keep_their_revisions_and_tags(incident: Incident, settled: Settled, ecs: Any) -> None:
    checkout = settled(environment={"PORT": "8080"})
    second = checkout.deploy("checkout:2", app=App(), environment={"PORT": "9090"})
    described = ecs.describe_task_definition(taskDefinition="checkout:1", include=["TAGS"])
    assert described["tags"] == []
    container = described["taskDefinition"]["containerDefinitions"][0]
    assert container["environment"] == [{"name": "PORT", "value": "8080"}]
    assert container["portMappings"] == [{"containerPort": 8080, "hostPort": 8080, "protocol": "tcp"}]
    assert ecs.list_task_definitions(familyPrefix="checkout", sort="DESC")["taskDefinitionArns"][0] == second
    assert ecs.describe_task_definition(taskDefinition="checkout")["taskDefinition"]["revision"] == 2


def test_fargate_wants_sizes(ecs: Any) -> None:
    with pytest.raises(ClientError, match="cpu"):
        ecs.register_task_definition(
            family="x", requiresCompatibilities=["FARGATE"], containerDefinitions=[{"name": "x", "image": "x"}]
        )


def test_revisions_tell_what_a_deployment_changed(incident: Incident, settled: Settled, ecs: Any) -> None:
    checkout = settled()
    incident.world.advance(60)
    checkout.deploy("checkout:2", app=App())
    listed = ecs.list_service_deployments(cluster="prod", service="checkout")["serviceDeployments"]
    assert [brief["status"] for brief in listed] == ["IN_PROGRESS", "SUCCESSFUL"]
    full = ecs.describe_service_deployments(serviceDeploymentArns=[listed[0]["serviceDeploymentArn"]])
    deployment = full["serviceDeployments"][0]
    arns = [deployment["sourceServiceRevisions"][0]["arn"], deployment["targetServiceRevision"]["arn"]]
    before, after = ecs.describe_service_revisions(serviceRevisionArns=arns)["serviceRevisions"]
    assert before["containerImages"][0]["image"].endswith("checkout:1")
    assert after["containerImages"][0]["image"].endswith("checkout:2")


def test_an_update_without_a_new_revision_begins_no_deployment(incident: Incident, settled: Settled) -> None:
    checkout = settled()
    only = incident.describe(checkout)["deployments"][0]["id"]
    checkout.update(healthCheckGracePeriodSeconds=300, deploymentConfiguration={"maximumPercent": 150})
    found = incident.describe(checkout)
    assert [d["id"] for d in found["deployments"]] == [only]
    assert found["healthCheckGracePeriodSeconds"] == 300
    assert found["deploymentConfiguration"]["maximumPercent"] == 150
    assert found["deploymentConfiguration"]["minimumHealthyPercent"] == 100
    checkout.update(forceNewDeployment=True)
    assert incident.describe(checkout)["deployments"][0]["id"] != only


def test_the_deployment_configuration_is_replaced_as_a_whole(incident: Incident, settled: Settled) -> None:
    checkout = settled(breaker=True, rollback=True)
    checkout.update(deploymentConfiguration={"minimumHealthyPercent": 50, "maximumPercent": 200})
    found = incident.describe(checkout)["deploymentConfiguration"]
    assert found["minimumHealthyPercent"] == 50
    assert found["deploymentCircuitBreaker"] == {"enable": False, "rollback": False}


def test_a_person_stops_a_deployment_and_it_goes_back(incident: Incident, settled: Settled, ecs: Any) -> None:
    checkout = settled()
    good = incident.describe(checkout)["taskDefinition"]
    incident.world.advance(60)
    checkout.deploy("checkout:2", app=App(boot_s=30, crash_after_s=14, exit_code=1))
    incident.world.advance(90)
    arn = ecs.list_service_deployments(cluster="prod", service="checkout")["serviceDeployments"][0][
        "serviceDeploymentArn"
    ]
    ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
    incident.world.advance(120)
    stopped = ecs.describe_service_deployments(serviceDeploymentArns=[arn])["serviceDeployments"][0]
    assert stopped["status"] == "ROLLBACK_SUCCESSFUL"
    found = incident.describe(checkout)
    assert (found["taskDefinition"], found["deployments"][0]["rolloutState"]) == (good, "COMPLETED")
    with pytest.raises(ClientError, match="ConflictException"):
        ecs.stop_service_deployment(serviceDeploymentArn=arn)
    with pytest.raises(ClientError, match="ServiceDeploymentNotFoundException"):
        ecs.stop_service_deployment(serviceDeploymentArn=arn + "x")


def test_a_person_stops_a_task_and_is_named(incident: Incident, settled: Settled) -> None:
    checkout = settled()
    task = incident.tasks(checkout)[0]
    checkout.stop_task(task["taskArn"], reason="stuck", by="on-call/incident-7")
    incident.world.advance(10)
    stopped = incident.tasks(checkout, "STOPPED")[0]
    assert (stopped["stopCode"], stopped["stoppedReason"]) == ("UserInitiated", "stuck")
    incident.world.advance(400)
    found = incident.acct.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "StopTask"}]
    )["Events"]
    assert [event["Username"] for event in found] == ["incident-7"]


def test_what_ecs_registers_is_in_the_trail_as_its_own_doing(incident: Incident, settled: Settled) -> None:
    settled()
    incident.world.advance(400)
    found = incident.acct.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "RegisterTargets"}]
    )["Events"]
    assert [event["Username"] for event in found] == ["ecs-service-scheduler"]
    assert '"invokedBy": "ecs.amazonaws.com"' in found[0]["CloudTrailEvent"]


def test_tags_of_a_service(settled: Settled, ecs: Any) -> None:
    checkout = settled(team="payments")
    assert ecs.list_tags_for_resource(resourceArn=checkout.arn)["tags"] == [{"key": "team", "value": "payments"}]
    ecs.tag_resource(resourceArn=checkout.arn, tags=[{"key": "change-freeze", "value": "true"}])
    ecs.untag_resource(resourceArn=checkout.arn, tagKeys=["team"])
    found = ecs.describe_services(cluster="prod", services=[checkout.arn], include=["TAGS"])["services"][0]
    assert found["tags"] == [{"key": "change-freeze", "value": "true"}]
    assert "tags" not in ecs.describe_services(cluster="prod", services=[checkout.arn])["services"][0]


def test_a_deleted_service_is_inactive_and_gone_from_the_list(incident: Incident, settled: Settled, ecs: Any) -> None:
    checkout = settled()
    with pytest.raises(ClientError, match="scaled above 0"):
        ecs.delete_service(cluster="prod", service="checkout")
    ecs.delete_service(cluster="prod", service="checkout", force=True)
    incident.world.advance(60)
    assert ecs.list_services(cluster="prod")["serviceArns"] == []
    assert incident.describe(checkout)["status"] == "INACTIVE"
    assert incident.tasks(checkout) == []


def test_a_raised_minimum_starts_tasks_and_a_lowered_maximum_stops_them(incident: Incident, settled: Settled) -> None:
    checkout, scaling = settled(), incident.acct.client("application-autoscaling")
    which = {
        "ServiceNamespace": "ecs",
        "ResourceId": "service/prod/checkout",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    with pytest.raises(ClientError, match="ValidationException"):
        scaling.register_scalable_target(**which, MinCapacity=9)
    scaling.register_scalable_target(**which, MinCapacity=1, MaxCapacity=8)
    before = incident.describe(checkout)["desiredCount"]
    scaling.register_scalable_target(**which, MinCapacity=before + 2)
    assert incident.describe(checkout)["desiredCount"] == before + 2
    asked = ["service/prod/another", which["ResourceId"]]
    [target] = scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=asked)["ScalableTargets"]
    assert not scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=asked[:1])["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (before + 2, 8)
    assert scaling.list_tags_for_resource(ResourceARN=target["ScalableTargetARN"])["Tags"] == {}
    scaling.register_scalable_target(**which, MinCapacity=0, MaxCapacity=1)
    assert incident.describe(checkout)["desiredCount"] == 1
    done = scaling.describe_scaling_activities(ServiceNamespace="ecs", ResourceId=which["ResourceId"])
    assert [one["Cause"] for one in done["ScalingActivities"]] == [
        "maximum capacity was set to 1",
        f"minimum capacity was set to {before + 2}",
    ]
    scaling.deregister_scalable_target(**which)
    assert not scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
