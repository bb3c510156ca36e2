"""Go back to the task definition that ran before the trouble."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from diagnostics.facts import EcsService, ServiceHistory, StoppedTasks, TaskDefinition, TaskDefinitions
from diagnostics.report import SettingChange
from remediations.fix import Case, fix
from remediations.plan import Plan
from remediations.steps import deployments, ecs_services, task_definitions
from remediations.steps.deployments import DEPLOYMENT_USES
from remediations.steps.last_good import CAUSES, LAST_GOOD_USES, LastGood, came_with_deployment, last_good, under_way


@fix(
    id="ecs-roll-back",
    title="Roll the service back to the last good task definition",
    risk="medium",
    aim="back",
    causes=CAUSES,
    calls=("ecs:UpdateService",),
    needs=(EcsService, StoppedTasks),
    uses=(*LAST_GOOD_USES, *DEPLOYMENT_USES),
    docs=("https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html",),
)
def ecs_roll_back(case: Case) -> Iterator[Plan]:
    """Tells the service to run the task definition that ran before the newest deployment, which is a deployment.

    Offered where the trouble began with the newest deployment, only its revision has it, and an earlier revision is
    known to have run well: its tasks still run, its deployment was complete, or its tasks ran until they were replaced.
    Not offered where tasks cannot start for a reason that the earlier revision shares (a network, a permission).
    While a deployment is in progress it is to be stopped instead. What the newer revision brought is gone again; a
    change of a database that only the newer one understands is not undone. The undo deploys the newer one again.
    Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/update-service-console-v2.html
    """
    service = case.facts[EcsService]
    if case.cause.band == "possible" or not deployments.is_deployed_by_ecs(service):
        return
    newest = came_with_deployment(case.facts, service, case.cause.since)
    good = last_good(case.facts, service)
    if newest is None or good is None or newest.task_definition != service.task_definition:
        return
    if good.arn == service.task_definition:  # another image under the same tag, which the definition would run again
        return
    history = case.facts.maybe(ServiceHistory)
    if isinstance(history, ServiceHistory) and under_way(history, newest) is not None:
        return
    if not _fails_as_well(case, service, good):
        yield _plan(case, service, good)


def _not_now(service: EcsService) -> str | None:
    """Only where the deployment's own history, by which it could be stopped, was not read."""
    if deployments.not_now(service) is None:
        return None
    bad = task_definitions.short(service.task_definition)
    return (
        f"the deployment of {bad} is in progress, and stopping it is better than starting another: `aws ecs"
        " stop-service-deployment --stop-type ROLLBACK` with the ARN that `aws ecs list-service-deployments` shows"
    )


def _warnings(case: Case, service: EcsService, good: LastGood) -> Iterator[str]:
    bad, name = task_definitions.short(service.task_definition), task_definitions.short(good.arn)
    yield f"{name} is taken for good because {good.why}"
    yield f"if {bad} changed a database or a queue, {name} has to get along with it"
    now, then = _definitions(case, service, good)
    if now is not None and then is not None and _images(now) == _images(then):
        yield f"both name the same image: if its tag was moved, {name} runs the new code too"


def _definitions(
    case: Case, service: EcsService, good: LastGood
) -> tuple[TaskDefinition | None, TaskDefinition | None]:
    known = case.facts.maybe(TaskDefinitions)
    if not isinstance(known, TaskDefinitions):
        return None, None
    return known.of(service.task_definition), known.of(good.arn)


def _fails_as_well(case: Case, service: EcsService, good: LastGood) -> bool:
    """Tasks that cannot start for a reason outside of the revision would not start from the earlier one either, and a
    roll-back would replace those of it that still run."""
    now, then = _definitions(case, service, good)
    for cause in case.report.causes:
        said = " ".join(record.text.lower() for record in cause.evidence)
        differ = _DIFFER.get(cause.code)
        if differ is None:
            continue
        if now is None or then is None or any(words in said for words in _NO_WAY) or differ(now) == differ(then):
            return True
    return False


def _images(definition: TaskDefinition) -> list[str]:
    return [container.image for container in definition.containers]


def _resources(definition: TaskDefinition) -> list[object]:
    """What is fetched before a container starts, and as whom."""
    wanted = [(one.environment_names, one.log_driver, one.log_options) for one in definition.containers]
    return [definition.execution_role_arn, *wanted]


_NO_WAY = ("dial tcp", "i/o timeout", "context deadline exceeded", "tls handshake timeout", "timed out")
_DIFFER: Mapping[str, Callable[[TaskDefinition], object]] = {
    "image-pull-failed": _images,
    "resource-initialization-failed": _resources,
}


def _plan(case: Case, service: EcsService, good: LastGood) -> Plan:
    bad, name = task_definitions.short(service.task_definition), task_definitions.short(good.arn)
    return Plan(
        fix="ecs-roll-back",
        title=f"Roll {service.service} back from {bad} to {name}",
        risk="medium",
        resource=service.arn,
        changes=(
            SettingChange(
                resource=service.service, setting="taskDefinition", before=service.task_definition, after=good.arn
            ),
        ),
        guards=(*deployments.starts_one(service), task_definitions.is_usable(good.arn)),
        writes=(deployments.deploy(service, good.arn, name),),
        success=deployments.succeeds(case.facts, service, ecs_services.runs(service, good.arn, name)),
        undo=deployments.back_to(service, good.arn, name),
        touches=deployments.replaced(service),
        warnings=tuple(_warnings(case, service, good)),
        eta_s=deployments.takes_s(case.facts, service),
        not_now=_not_now(service),
    )
