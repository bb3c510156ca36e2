"""CodeDeploy for ECS, blue/green and all at once: a second set of tasks, the traffic to it, and the end of the first.

Of moto's CodeDeploy no deployment ever gets anywhere, and none can be stopped, so that this stands in its place.
Source: https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-steps-ecs.html and
https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_DeploymentInfo.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from demo.aws.call import AwsError, Call
from demo.aws.layer import AwsLayer
from demo.world.ecs import task_sets
from demo.world.ecs.model import Deployment, Service
from demo.world.ecs.scheduler import SETTLE_WITHOUT_TARGETS_S
from demo.world.region import Region, RegionOf
from demo.world.timing import stamp

ROLE = "ecsCodeDeployRole/deployment"
GOES_ON = "InProgress"
DEFAULT_WAIT_S = 3600.0
ID_LENGTH = 9

Clients = Callable[[str, Region], Any]
"""A client of a service in an account and region, as CodeDeploy has it."""


@dataclass(frozen=True, slots=True)
class Group:
    """A deployment group: the service, its two target groups, and the rule or listener that sends to one of them."""

    application: str
    name: str
    cluster: str
    service: str
    colours: tuple[str, str]
    listener: str
    wait_s: float


@dataclass(slots=True)
class Made:
    """One deployment. `before` and `new` are its sets of tasks; `shifted`: since when the new one has the requests."""

    id: str
    group: Group
    region: Region
    created: float
    before: Deployment | None = None
    new: Deployment | None = None
    status: str = GOES_ON
    shifted: float | None = None
    completed: float | None = None
    creator: str = "user"
    rollback: dict[str, str] = field(default_factory=dict)


class CodeDeploy:
    """All deployment groups and deployments of a world."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._groups: dict[tuple[Region, str, str], Group] = {}
        self._made: dict[str, Made] = {}

    def install(self, layer: AwsLayer, region_of: RegionOf) -> None:
        """Registers the operations."""

        @layer.op("codedeploy", "CreateDeploymentGroup")
        def create_deployment_group(call: Call) -> dict[str, Any]:
            region = region_of(call)
            group = _group(region, call.params)
            self._groups[(region, group.application, group.name)] = group
            return {"deploymentGroupId": region.store.new_id()}

        @layer.op("codedeploy", "CreateDeployment")
        def create_deployment(call: Call) -> dict[str, Any]:
            region, params = region_of(call), call.params
            key = (region, str(params["applicationName"]), str(params.get("deploymentGroupName")))
            if key not in self._groups:
                raise AwsError("DeploymentGroupDoesNotExistException", "No such deployment group.", 400)
            revision = params["revision"]["appSpecContent"]["content"]
            return {"deploymentId": self._begin(region, self._groups[key], revision).id}

        @layer.op("codedeploy", "GetDeployment")
        def get_deployment(call: Call) -> dict[str, Any]:
            return {"deploymentInfo": _document(self._of(region_of(call), call))}

        @layer.op("codedeploy", "StopDeployment")
        def stop_deployment(call: Call) -> dict[str, Any]:
            made = self._of(region_of(call), call)
            if made.status != GOES_ON:
                raise AwsError("DeploymentAlreadyCompletedException", "The deployment is already complete.", 400)
            self._stop(made, back=bool(call.params.get("autoRollbackEnabled")))
            return {"status": "Succeeded", "statusMessage": "Deployment stopped"}

        @layer.op("codedeploy", "ListTagsForResource")
        def list_tags(call: Call) -> dict[str, Any]:
            application, _, name = str(call.params["ResourceArn"]).partition(":deploymentgroup:")[2].partition("/")
            if (region_of(call), application, name) not in self._groups:
                raise AwsError("InvalidArnException", "The specified ARN is not in a valid format.", 400)
            return {"Tags": []}

    def tick(self) -> None:
        """Takes each deployment as far as it gets by now."""
        for made in self._made.values():
            if made.status == GOES_ON and made.new is not None:
                self._advance(made, made.new)

    def _begin(self, region: Region, group: Group, revision: str) -> Made:
        """The colour that does not serve gets the new tasks."""
        service = region.store.service(group.cluster, group.service)
        if any(one.status == GOES_ON and one.group == group and one.region is region for one in self._made.values()):
            raise AwsError("DeploymentLimitExceededException", "A deployment of this group is active already.", 400)
        (resource,) = json.loads(revision)["Resources"]
        definition = region.store.definition(resource["TargetService"]["Properties"]["TaskDefinition"])
        now, before = region.timing.now(), _serves(service)
        made = Made(f"d-{region.store.new_id(ID_LENGTH).upper()}", group, region, now, before)
        free = next(one for one in group.colours if before is None or one != _group_of(before))
        made.new = task_sets.begin(region.store, service, definition, free, made.id, now)
        self._made[made.id] = made
        return made

    def _advance(self, made: Made, new: Deployment) -> None:
        region, now = made.region, made.region.timing.now()
        service = region.store.service(made.group.cluster, made.group.service)
        if made.shifted is None:
            if task_sets.is_ready(service, new, region.store.tasks_of(service), _steady(region, new, service)):
                made.shifted = now  # first: with time that goes on, each call that follows makes the world tick again
                self._send_to(made, service, new)
        elif region.timing.age_s(made.shifted) >= made.group.wait_s:
            made.status, made.completed = "Succeeded", now
            if made.before is not None:
                made.before.task_set = task_sets.LEAVES

    def _stop(self, made: Made, *, back: bool) -> None:
        region, now = made.region, made.region.timing.now()
        made.status, made.completed = "Stopped", now
        if not back:
            return
        service = region.store.service(made.group.cluster, made.group.service)
        if made.shifted is not None and made.before is not None:
            self._send_to(made, service, made.before)
        if made.new is not None:
            made.new.task_set = task_sets.LEAVES
        name = f"d-{region.store.new_id(ID_LENGTH).upper()}"
        undone = Made(name, made.group, region, now, status="Succeeded", completed=now, creator="codeDeployRollback")
        undone.rollback = {"rollbackTriggeringDeploymentId": made.id, "rollbackMessage": "Stopped by a user"}
        made.rollback = {"rollbackDeploymentId": name}
        self._made[name] = undone

    def _send_to(self, made: Made, service: Service, chosen: Deployment) -> None:
        """CodeDeploy changes the listener as the role that it was given; CloudTrail tells of it."""
        elb, listener = self._clients("elbv2", made.region), made.group.listener
        action = {"Type": "forward", "TargetGroupArn": _group_of(chosen)}
        held = set(made.group.colours)
        for rule in elb.describe_rules(ListenerArn=listener)["Rules"]:
            if held & {one.get("TargetGroupArn") for one in rule["Actions"]}:
                if rule["IsDefault"]:
                    elb.modify_listener(ListenerArn=listener, DefaultActions=[action])
                else:
                    elb.modify_rule(RuleArn=rule["RuleArn"], Actions=[action])
        task_sets.serve(service, chosen)

    def _of(self, region: Region, call: Call) -> Made:
        made = self._made.get(str(call.params["deploymentId"]))
        if made is None or made.region is not region:
            message = f"The deployment {call.params['deploymentId']} could not be found."
            raise AwsError("DeploymentDoesNotExistException", message, 400)
        return made


def _group(region: Region, params: Mapping[str, Any]) -> Group:
    (service,) = params["ecsServices"]
    (pair,) = params["loadBalancerInfo"]["targetGroupPairInfoList"]
    by_name = {one.name: str(one.arn) for one in region.balancers.target_groups()}
    blue, green = (by_name[one["name"]] for one in pair["targetGroups"])
    held = (params.get("blueGreenDeploymentConfiguration") or {}).get("terminateBlueInstancesOnDeploymentSuccess") or {}
    minutes = held.get("terminationWaitTimeInMinutes")
    return Group(
        application=params["applicationName"],
        name=params["deploymentGroupName"],
        cluster=service["clusterName"],
        service=service["serviceName"],
        colours=(blue, green),
        listener=pair["prodTrafficRoute"]["listenerArns"][0],
        wait_s=DEFAULT_WAIT_S if minutes is None else minutes * 60.0,
    )


def _serves(service: Service) -> Deployment | None:
    return next((one for one in service.deployments if one.task_set == task_sets.SERVES), None)


def _group_of(one: Deployment) -> str:
    return str(one.load_balancers[0]["targetGroupArn"])


def _steady(region: Region, one: Deployment, service: Service) -> int:
    """A target group to which no listener sends is not checked: its tasks only have to run for a while."""
    count = 0
    for task in region.store.tasks_of(service):
        if task.deployment_id == one.id and task.is_running and task.started is not None:
            states = {region.health.view(*target).state for target in task.targets}
            unchecked = states <= {"unused"} and region.timing.age_s(task.started) >= SETTLE_WITHOUT_TARGETS_S
            count += states == {"healthy"} or unchecked
    return count


def _document(made: Made) -> dict[str, Any]:
    return {
        "applicationName": made.group.application,
        "deploymentGroupName": made.group.name,
        "deploymentConfigName": "CodeDeployDefault.ECSAllAtOnce",
        "deploymentId": made.id,
        "status": made.status,
        "createTime": stamp(made.created),
        "startTime": stamp(made.created),
        "completeTime": stamp(made.completed),
        "creator": made.creator,
        "rollbackInfo": made.rollback or None,
        "deploymentStyle": {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
        "computePlatform": "ECS",
    }
