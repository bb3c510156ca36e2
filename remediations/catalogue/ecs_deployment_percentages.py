"""Let no old task go before a new one is healthy."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.facts import EcsService, TaskDefinition, TaskDefinitions
from diagnostics.report import SettingChange
from diagnostics.rules.deployment_room import DeploymentRoom
from remediations.fix import Case, fix
from remediations.plan import Guard, Plan, Success, Undo
from remediations.steps import ecs_services
from remediations.steps.deployments import DEPLOYMENT_USES, is_in_progress, succeeds, takes_s
from remediations.steps.ecs_services import DEPLOYMENT_CONFIGURATION, PREPARE_CONFIGURATION
from remediations.steps.fargate import runs_on_fargate

MINIMUM, MAXIMUM = "minimumHealthyPercent", "maximumPercent"
WANTED = {MINIMUM: 100, MAXIMUM: 200}
EFFECT_S = 60


@fix(
    id="ecs-deployment-percentages",
    title="Start new tasks before old ones are stopped",
    risk="low",
    aim="prevents",
    causes=("deployment-min-healthy-too-low", "deployment-gap", "deployment-percent-deadlock"),
    calls=("ecs:UpdateService",),
    needs=(EcsService, TaskDefinitions),
    uses=DEPLOYMENT_USES,
    for_risks=True,
    docs=("https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html",),
    prepare=PREPARE_CONFIGURATION,
)
def ecs_deployment_percentages(case: Case) -> Iterator[Plan]:
    """Sets minimum healthy percent 100 and maximum percent 200, which starts no deployment.

    Everything else of the deployment configuration (alarms, circuit breaker, strategy) stays as it is at that moment;
    where its lifecycle hooks have an IAM role, it has to be done by hand. A deployment then runs up to twice the tasks
    for a while. Not offered for tasks with host ports of their own on EC2, of which no two fit on a host. The undo sets
    both numbers as they were.
    Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html
    """
    service = case.facts[EcsService]
    definition = case.facts[TaskDefinitions].of(service.task_definition)
    if service.deployment_controller != "ECS" or service.deployment_strategy != "ROLLING" or definition is None:
        return
    before = {MINIMUM: service.minimum_healthy_percent, MAXIMUM: service.maximum_percent}
    after = {name: max(value, before[name]) for name, value in WANTED.items()}
    if service.status != "ACTIVE" or after == before or _needs_its_host(service, definition):
        return
    plan = _plan(service, before, after)
    if case.cause.code == "deployment-percent-deadlock" and is_in_progress(service):
        went_on = succeeds(case.facts, service, *plan.success.guards)
        plan = plan.model_copy(update={"success": went_on, "eta_s": takes_s(case.facts, service)})
    yield plan


def _needs_its_host(service: EcsService, definition: TaskDefinition) -> bool:
    if runs_on_fargate(service) or definition.network_mode == "awsvpc":
        return False
    mapped = (mapping for container in definition.containers for mapping in container.port_mappings)
    return definition.network_mode == "host" or any(mapping.host_port for mapping in mapped)


def _plan(service: EcsService, before: dict[str, int], after: dict[str, int]) -> Plan:
    name = service.service
    was, now = _are(service, before), _are(service, after)
    room = DeploymentRoom.of(service.model_copy(update={"maximum_percent": after[MAXIMUM]}))
    return Plan(
        fix="ecs-deployment-percentages",
        title=f"Set the deployment percentages of {name} to {after[MINIMUM]} and {after[MAXIMUM]}",
        risk="low",
        resource=service.arn,
        changes=tuple(
            SettingChange(resource=name, setting=f"{DEPLOYMENT_CONFIGURATION}.{key}", before=before[key], after=value)
            for key, value in after.items()
            if value != before[key]
        ),
        guards=(
            ecs_services.is_active(service),
            ecs_services.deployed_by_ecs(service),
            ecs_services.keeps_a_count(service),
            was,
        ),
        writes=(ecs_services.set_configuration(service, dict(after), now),),
        success=Success(text="the next deployment uses these percentages", within_s=EFFECT_S, guards=(now,)),
        undo=Undo(
            kind="exact",
            text=f"sets the percentages to {before[MINIMUM]} and {before[MAXIMUM]} again",
            writes=(ecs_services.set_configuration(service, dict(before), was),),
            guards=(now,),
        ),
        touches=f"deployments of {name} from now on run up to {room.at_most} tasks for a while",
        warnings=() if runs_on_fargate(service) else ("the hosts need room for twice the tasks during a deployment",),
        eta_s=EFFECT_S,
        not_now=ecs_services.not_now(service),
    )


def _are(service: EcsService, values: dict[str, int]) -> Guard:
    text = f"the deployment percentages of {service.service} are {values[MINIMUM]} and {values[MAXIMUM]}"
    path = f"[{MINIMUM}, {MAXIMUM}]"
    return ecs_services.configuration(service, path, [values[MINIMUM], values[MAXIMUM]], text)
