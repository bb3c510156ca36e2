"""Stop the deployment that CodeDeploy makes, and let it move the traffic back."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.facts import CodeDeployment, CodeDeployments, Deployment, EcsService, StoppedTasks
from diagnostics.facts.code_deploy import GOES_ON
from diagnostics.printable import counted
from diagnostics.report import SettingChange
from remediations.fix import Case, fix
from remediations.plan import Call, Guard, Look, Plan, Success, Undo, Write
from remediations.steps import ecs_services, healthy, paths, task_definitions
from remediations.steps.arns import arn_of
from remediations.steps.deployments import DEPLOYMENT_USES
from remediations.steps.last_good import CAUSES, LAST_GOOD_USES, came_with_deployment

TAKES_S = 180
WITHIN_S = 900


@fix(
    id="code-deploy-stop",
    title="Stop the deployment of CodeDeploy and move the traffic back",
    risk="medium",
    aim="back",
    causes=CAUSES,
    calls=("codedeploy:StopDeployment",),
    needs=(EcsService, CodeDeployments, StoppedTasks),
    uses=(*LAST_GOOD_USES, *DEPLOYMENT_USES),
    docs=(
        "https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_StopDeployment.html",
        "https://docs.aws.amazon.com/codedeploy/latest/userguide/deployments-stop.html",
    ),
)
def code_deploy_stop(case: Case) -> Iterator[Plan]:
    """Stops the blue/green deployment in progress with its roll-back: CodeDeploy sends all requests to the task set
    before and ends the new one.

    Offered where CodeDeploy deploys the service, its deployment still goes on, the trouble began with it, only tasks of
    the new task set have it, and all tasks of the one before still run, so that nothing has to start. A roll-back that
    is in progress is left alone. When the deployment is over, the earlier revision has to be deployed anew: the
    cause's advice has the command. There is no undo: deploy the newer revision again when it is mended.
    Source: https://docs.aws.amazon.com/codedeploy/latest/userguide/deployments-stop.html
    """
    service = case.facts[EcsService]
    if case.cause.band == "possible" or service.deployment_controller != "CODE_DEPLOY" or service.status != "ACTIVE":
        return
    newest = came_with_deployment(case.facts, service, case.cause.since)
    made = case.facts[CodeDeployments].of(newest.code_deploy_id) if newest else None
    old = _before(service, newest) if newest else None
    if newest is None or made is None or old is None or not made.goes_on or made.rolls_back is not None:
        return
    yield _plan(case, service, made, newest, old)


def _before(service: EcsService, newest: Deployment) -> Deployment | None:
    """The task set that still runs in full beside the newest one; None where there is none, or more than one."""
    others = [one for one in service.deployments if one.id != newest.id and one.status == "ACTIVE"]
    whole = [one for one in others if one.running >= max(one.desired, 1)]
    return whole[0] if len(others) == 1 and whole else None


def _plan(case: Case, service: EcsService, made: CodeDeployment, newest: Deployment, old: Deployment) -> Plan:
    bad, good = task_definitions.short(newest.task_definition), task_definitions.short(old.task_definition)
    group = arn_of(case.facts.subject, "codedeploy", f"deploymentgroup:{made.application}/{made.group}")
    serves = ecs_services.holds(
        service, f"{_task_set(old)}.status == 'PRIMARY'", f"requests go to the task set of {good}"
    )
    return Plan(
        fix="code-deploy-stop",
        title=f"Stop the deployment of {bad} by CodeDeploy and go back to {good}",
        risk="medium",
        resource=service.arn,
        changes=(
            SettingChange(
                resource=f"deployment {made.id} of {made.application}, {made.group}",
                setting="status",
                before=made.status,
                after="Stopped",
            ),
            SettingChange(
                resource=service.service,
                setting="task definition that serves",
                before=newest.task_definition,
                after=old.task_definition,
            ),
        ),
        guards=(
            ecs_services.is_active(service),
            _deployment(made, f"contains({paths.listed(GOES_ON)}, status)", f"deployment {made.id} goes on"),
            _deployment(
                made, "rollbackInfo.rollbackTriggeringDeploymentId == `null`", f"{made.id} is no roll-back itself"
            ),
            _still_whole(service, old, good),
        ),
        writes=(_stop(made, group),),
        success=Success(
            text=f"requests go to the tasks of {good} again, which pass their health checks",
            within_s=WITHIN_S,
            guards=(
                _deployment(made, "status == 'Stopped'", f"deployment {made.id} is stopped"),
                serves,
                *(healthy.targets_healthy(arn) for arn in old.target_group_arns),
            ),
            fails=(_deployment(made, "status == 'Succeeded'", f"deployment {made.id} was over before it was stopped"),),
        ),
        undo=Undo(kind="none", text=f"a stopped deployment stays stopped; deploy {bad} again to have it back"),
        touches=f"all requests of {service.service} go to its {counted(old.running, 'task')} of {good}; the new"
        " tasks are ended",
        warnings=(
            f"{good} is taken for good because {old.running} of its tasks still run, and none of them failed",
            f"if {bad} changed a database or a queue, {good} has to get along with it",
        ),
        eta_s=TAKES_S,
    )


def _stop(made: CodeDeployment, group: str) -> Write:
    """What was asked for is under way as soon as a roll-back has an id, whatever the status says yet."""
    return Write(
        call=Call.of("codedeploy", "stop_deployment", deploymentId=made.id, autoRollbackEnabled=True),
        resources=(group,),
        done_when=_deployment(
            made, "status == 'Stopped' || rollbackInfo.rollbackDeploymentId != `null`", f"{made.id} is stopped"
        ),
    )


def _deployment(made: CodeDeployment, says: str, text: str) -> Guard:
    call = Call.of("codedeploy", "get_deployment", deploymentId=made.id)
    return Guard(look=Look(call=call, path=f"deploymentInfo.[{says}] | [0]"), expected=True, text=text)


def _still_whole(service: EcsService, old: Deployment, good: str) -> Guard:
    """It is no longer when the wait before its end is over."""
    at = _task_set(old)
    path = f"{at}.status != 'DRAINING' && {paths.no_less(f'{at}.runningCount', max(old.desired, 1))}"
    return ecs_services.holds(service, path, f"all {old.running} tasks of {good} still run")


def _task_set(one: Deployment) -> str:
    return f"(services[0].taskSets[?id == {paths.quoted(one.id)}] | [0])"
