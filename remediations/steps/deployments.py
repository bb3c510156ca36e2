"""Deployments that a fix starts: when it may, how long one takes, how it is seen that it worked, and the way back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil

from pydantic import JsonValue

from diagnostics.causes.cause import Facts
from diagnostics.facts import (
    EcsService,
    Fact,
    TargetGroup,
    TargetGroupAttributes,
    TargetGroups,
    TaskDefinition,
    TaskDefinitions,
)
from diagnostics.report import Risk, SettingChange
from remediations.fix import Case
from remediations.plan import Guard, Plan, Success, Undo, Write
from remediations.steps import ecs_services, healthy, paths, task_definitions
from remediations.steps.task_definitions import NEW, Edit

DEPLOYMENT_USES: tuple[type[Fact], ...] = (TargetGroups, TargetGroupAttributes)
"""What a fix declares that starts a deployment, beside the service."""
START_S = 120
"""What a task takes until its containers run: its place, its network interface, its image."""
DEFAULT_DELAY_S = 300
MAX_ROUNDS = 4
IN_PROGRESS = "a deployment is in progress, and another one would cut it short"


def is_deployed_by_ecs(service: EcsService) -> bool:
    """UpdateService takes a task definition only then."""
    return service.deployment_controller == "ECS" and service.status == "ACTIVE"


def is_in_progress(service: EcsService) -> bool:
    """Where ECS does not deploy, two task sets stand beside each other meanwhile."""
    if service.deployment_controller != "ECS":
        return sum(deployment.status != "INACTIVE" for deployment in service.deployments) > 1
    return any(deployment.rollout_state == "IN_PROGRESS" for deployment in service.deployments)


def not_now(service: EcsService) -> str | None:
    return IN_PROGRESS if is_in_progress(service) else None


def groups_of(facts: Facts, service: EcsService) -> tuple[TargetGroup, ...]:
    """The target groups that the service registers its tasks in, as far as they were read. Of a blue/green pair one is
    empty, and which one is not known beforehand: neither counts. Where ECS does not deploy, task sets tell."""
    known = facts.maybe(TargetGroups)
    own = {entry.target_group_arn for entry in service.load_balancers if entry.alternate_target_group_arn is None}
    colours = {arn for one in service.deployments if one.status != "INACTIVE" for arn in one.target_group_arns}
    own = own & colours or own
    return tuple(group for group in known.items if group.arn in own) if isinstance(known, TargetGroups) else ()


def takes_s(facts: Facts, service: EcsService) -> int:
    """How long a deployment takes that goes well: a start and the drain, for as many rounds as the room allows."""
    groups = groups_of(facts, service)
    attributes = facts.maybe(TargetGroupAttributes)
    delays = [
        attributes.by_arn.get(group.arn, {}).get("deregistration_delay.timeout_seconds", "")
        for group in groups
        if isinstance(attributes, TargetGroupAttributes)
    ]
    drain_s = max((int(delay) for delay in delays if delay.isdigit()), default=DEFAULT_DELAY_S)
    well_s = max((healthy.becomes_healthy_s(group) for group in groups), default=0)
    extra = max(1, service.desired * max(service.maximum_percent - 100, 0) // 100)
    rounds = min(ceil(max(service.desired, 1) / extra), MAX_ROUNDS)
    return rounds * (START_S + well_s + drain_s)


def starts_one(service: EcsService) -> tuple[Guard, ...]:
    """What must be so before a fix starts a deployment."""
    return (
        ecs_services.is_active(service),
        ecs_services.deployed_by_ecs(service),
        healthy.not_deploying(service),
        ecs_services.runs(service, service.task_definition, task_definitions.short(service.task_definition)),
    )


def succeeds(facts: Facts, service: EcsService, *also: Guard) -> Success:
    """The deployment is complete and all targets of the service's groups are healthy."""
    groups = groups_of(facts, service)
    return Success(
        text="the deployment is complete, and all targets pass their health checks",
        within_s=2 * takes_s(facts, service),
        guards=(
            *also,
            healthy.deployed(service),
            *(healthy.targets_healthy(group.arn) for group in groups),
        ),
        fails=(_another_failed(service),),
    )


def deploy(service: EcsService, definition: JsonValue, name: str) -> Write:
    done = ecs_services.runs(service, definition, name)
    return ecs_services.update(service, {"taskDefinition": definition}, done)


def back_to(service: EcsService, present: JsonValue, name: str) -> Undo:
    """Deploys the revision that runs today, as long as the service is told to run what the plan gave it."""
    old = task_definitions.short(service.task_definition)
    return Undo(
        kind="compensating",
        text=f"deploys {old} again, which is a new deployment",
        writes=(deploy(service, service.task_definition, old),),
        guards=(ecs_services.runs(service, present, name), task_definitions.is_usable(service.task_definition)),
    )


def revision_plan(
    case: Case,
    service: EcsService,
    definition: TaskDefinition,
    edits: Sequence[Edit],
    *,
    fix: str,
    title: str,
    risk: Risk = "medium",
    label: str = "",
    warnings: Iterable[str] = (),
) -> Plan:
    """Registers a revision of the service's present task definition with these edits and deploys it."""
    facts, new = case.facts, f"the new revision of {definition.family}"
    return Plan(
        fix=fix,
        title=title,
        risk=risk,
        resource=service.arn,
        changes=(*task_definitions.changes(definition, edits), _deployed(service, definition)),
        guards=(*starts_one(service), task_definitions.is_usable(definition.arn)),
        writes=(task_definitions.register(facts.subject, definition, edits), deploy(service, NEW, new)),
        success=succeeds(facts, service, _runs_another(service, new)),
        undo=back_to(service, NEW, new),
        touches=replaced(service),
        warnings=tuple(warnings),
        eta_s=takes_s(facts, service),
        not_now=not_now(service),
        label=label,
    )


def _deployed(service: EcsService, definition: TaskDefinition) -> SettingChange:
    return SettingChange(
        resource=service.service,
        setting="taskDefinition",
        before=service.task_definition,
        after=f"the new revision of {definition.family}",
    )


def _runs_another(service: EcsService, name: str) -> Guard:
    """Told without the new revision's ARN, which is not known before."""
    path = f"services[0].taskDefinition != {paths.quoted(service.task_definition)}"
    return ecs_services.holds(service, path, f"{service.service} is told to run {name}")


def _another_failed(service: EcsService) -> Guard:
    """One that is not there today was given up; ECS may have gone back from it to another one by then."""
    today = paths.listed(deployment.id for deployment in service.deployments)
    path = f"deployments[?!contains({today}, id) && rolloutState == 'FAILED'] | [0].rolloutState"
    return ecs_services.setting(service, path, "FAILED", f"the new deployment of {service.service} failed")


def replaced(service: EcsService) -> str:
    """Who notices a deployment."""
    count = "its task" if service.desired == 1 else f"all {service.desired} tasks"
    gap = (
        f"; minimum healthy percent {service.minimum_healthy_percent} lets old tasks go before new ones are healthy"
        if service.minimum_healthy_percent < 100
        else ""
    )
    hooks = ecs_services.run_at_stages(service)
    return f"a deployment of {service.service} replaces {count}{gap}{f'; {hooks}' if hooks else ''}"


def present_definition(case: Case, service: EcsService) -> TaskDefinition | None:
    """The task definition that the service is told to run, where a fix may build upon it: its `needs` hold both."""
    found = case.facts.maybe(TaskDefinitions)
    definition = found.of(service.task_definition) if isinstance(found, TaskDefinitions) else None
    return definition if definition is not None and is_deployed_by_ecs(service) else None
