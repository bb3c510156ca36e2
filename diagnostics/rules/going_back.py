"""How a service goes back to what ran before, by whoever makes its deployments: commands behind colons, as in advice.

UpdateService takes a task definition only where ECS itself deploys:
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
"""

from __future__ import annotations

import json
import shlex

from diagnostics.facts import CodeDeployment, CodeDeployments, Deployment, EcsService, Read
from diagnostics.rules.safer_deployments import ALARMS, BLUE_GREEN, update

Made = Read[CodeDeployments]


def way_back(service: EcsService, newest: Deployment, before: str | None, made: Made) -> str:
    """What follows ``Roll back …: ``. `before`: the ARN of the task definition that ran before; None: not known."""
    if service.deployment_controller == "CODE_DEPLOY":
        return _by_code_deploy(service, newest, before, _of(newest, made))
    if service.deployment_controller == "EXTERNAL":
        return _by_task_set(service, newest, before)
    back = update(service, f"--task-definition {before.rsplit('/', 1)[-1] if before else 'REVISION'}")
    return f"`{back}`" if before else f"`{back}`, with the revision before it"


def by_itself(service: EcsService, newest: Deployment, made: Made) -> str:
    """What lets the next deployment that goes wrong go back without anybody; empty where nothing is known of it."""
    if service.deployment_controller == "CODE_DEPLOY":
        return f"alarms and a roll-back in the deployment group: `{_with_alarms(_of(newest, made))}`"
    return f"{ALARMS}. {BLUE_GREEN}" if service.deployment_controller == "ECS" else ""


def _of(newest: Deployment, made: Made) -> CodeDeployment | None:
    return made.of(newest.code_deploy_id) if isinstance(made, CodeDeployments) else None


def _by_code_deploy(
    service: EcsService, newest: Deployment, before: str | None, deployment: CodeDeployment | None
) -> str:
    """What goes on is stopped with its roll-back; after that, the earlier revision is deployed anew."""
    wanted = shlex.quote(newest.code_deploy_id or "DEPLOYMENT")
    stop = f"aws deploy stop-deployment --deployment-id {wanted} --auto-rollback-enabled"
    anew = _deploy(service, before, deployment)
    if deployment is None:
        return f"`{stop}`. If the deployment of CodeDeploy is over, deploy the earlier revision: `{anew}`"
    return f"`{stop}`. CodeDeploy then moves the traffic back" if deployment.goes_on else f"`{anew}`"


def _deploy(service: EcsService, before: str | None, deployment: CodeDeployment | None) -> str:
    """https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-resources.html"""
    entry = next(iter(service.load_balancers), None)
    load_balancer = {
        "ContainerName": entry.container_name if entry else "CONTAINER",
        "ContainerPort": entry.container_port if entry else "PORT",
    }
    properties = {"TaskDefinition": before or "REVISION", "LoadBalancerInfo": load_balancer}
    target = {"TargetService": {"Type": "AWS::ECS::Service", "Properties": properties}}
    content = json.dumps({"version": 0.0, "Resources": [target]}, separators=(",", ":"))
    revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": content}}
    application, group = _group(deployment)
    return (
        f"aws deploy create-deployment --application-name {application} --deployment-group-name {group}"
        f" --revision {shlex.quote(json.dumps(revision, separators=(',', ':')))}"
    )


def _with_alarms(deployment: CodeDeployment | None) -> str:
    """https://docs.aws.amazon.com/codedeploy/latest/userguide/deployments-rollback-and-redeploy.html"""
    application, group = _group(deployment)
    return (
        f"aws deploy update-deployment-group --application-name {application} --current-deployment-group-name {group}"
        " --alarm-configuration 'enabled=true,alarms=[{name=ALARM}]'"
        " --auto-rollback-configuration enabled=true,events=DEPLOYMENT_FAILURE,DEPLOYMENT_STOP_ON_ALARM"
    )


def _group(deployment: CodeDeployment | None) -> tuple[str, str]:
    if deployment is None:
        return "APPLICATION", "GROUP"
    return shlex.quote(deployment.application), shlex.quote(deployment.group)


def _by_task_set(service: EcsService, newest: Deployment, before: str | None) -> str:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-external.html"""
    place = f"--cluster {service.cluster.rsplit('/', 1)[-1]} --service {service.service}"
    still = next((one for one in service.deployments if one.status == "ACTIVE" and one.running > 0), None)
    primary = f"aws ecs update-service-primary-task-set {place} --primary-task-set"
    traffic = "move the traffic with what makes its deployments (controller EXTERNAL)"
    if still is not None and still.id != newest.id:
        return f"`{primary} {still.id}`. Then {traffic}"
    made = f"aws ecs create-task-set {place} --task-definition {before or 'REVISION'}"
    return (
        f"`{made}`, with the network and the load balancers of the present task set. Then make it the primary one:"
        f" `{primary} TASK-SET`, and {traffic}"
    )
