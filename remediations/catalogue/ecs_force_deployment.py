"""Replace all tasks by new ones of the same task definition."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.facts import ApplicationLogs, EcsService
from diagnostics.report import SettingChange
from remediations.fix import Case, fix
from remediations.plan import Plan, Undo
from remediations.steps import deployments, ecs_services, paths
from remediations.steps.deployments import DEPLOYMENT_USES


@fix(
    id="ecs-force-deployment",
    title="Replace all tasks by new ones",
    risk="medium",
    aim="relieves",
    causes=("target-dependency-hang", "memory-pressure"),
    calls=("ecs:UpdateService",),
    needs=(EcsService,),
    uses=(*DEPLOYMENT_USES, ApplicationLogs),
    docs=("https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html",),
)
def ecs_force_deployment(case: Case) -> Iterator[Plan]:
    """Starts a deployment of the present task definition: every task is replaced by a new one.

    A stop-gap where new tasks can get healthy, which frees connections that hang, where the log says that a pool is
    used up, and memory that grew; what made them comes back. Refused while a deployment is in progress. ECS keeps the
    image that a deployment began with, and looks the tag up again for a new one: if the tag was moved since, other code
    runs then. There is no undo.
    Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-options.html
    """
    service = case.facts[EcsService]
    newest = service.primary
    if case.cause.band == "possible" or newest is None or not deployments.is_deployed_by_ecs(service):
        return
    if case.cause.code == "target-dependency-hang" and not _hangs_inside(case):
        return
    if service.desired == 0 or any(_fills_new_tasks(cause.code) for cause in case.report.causes):
        return
    same = "services[0].deployments[?status == 'PRIMARY'] | [0].id"
    name = service.service
    present = ecs_services.holds(
        service, f"{same} == {paths.quoted(newest.id)}", f"{newest.id} is the newest deployment of {name}"
    )
    another = ecs_services.holds(
        service, f"{same} != {paths.quoted(newest.id)}", f"a new deployment of {name} has begun"
    )
    yield Plan(
        fix="ecs-force-deployment",
        title=f"Replace all tasks of {name} by new ones",
        risk="medium",
        resource=service.arn,
        changes=(SettingChange(resource=name, setting="forceNewDeployment", before=None, after=True),),
        guards=(*deployments.starts_one(service), present),
        writes=(ecs_services.update(service, {"forceNewDeployment": True}, another),),
        success=deployments.succeeds(case.facts, service, another),
        undo=Undo(kind="none", text="tasks that were replaced do not come back"),
        touches=deployments.replaced(service),
        warnings=(
            "a stop-gap: what filled the old tasks up fills the new ones, too",
            "if the image's tag was moved since the last deployment, other code runs afterwards",
        ),
        eta_s=deployments.takes_s(case.facts, service),
        not_now=deployments.not_now(service),
    )


def _hangs_inside(case: Case) -> bool:
    """The tasks' own connections or threads are used up; a slow database does not get faster by new tasks."""
    logs = case.facts.maybe(ApplicationLogs)
    return isinstance(logs, ApplicationLogs) and next(logs.of("pool-exhausted", "no-threads"), None) is not None


def _fills_new_tasks(code: str) -> bool:
    """New tasks would not get healthy either, or be as full at once."""
    return code.startswith("health-check-") or code in _OF_ALL_TASKS


_OF_ALL_TASKS = frozenset({"all-targets-unhealthy-fail-open", "cpu-saturation", "insufficient-task-count"})
