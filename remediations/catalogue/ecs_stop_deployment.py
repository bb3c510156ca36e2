"""Stop the deployment in progress and let ECS roll it back."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.facts import EcsService, ServiceDeployment, ServiceHistory, StoppedTasks
from diagnostics.report import SettingChange
from remediations.fix import Case, fix
from remediations.plan import Call, Guard, Look, Plan, Success, Undo, Write
from remediations.steps import deployments, ecs_services, healthy, paths, task_definitions
from remediations.steps.deployments import DEPLOYMENT_USES
from remediations.steps.last_good import (
    CAUSES,
    LAST_GOOD_USES,
    UNDER_WAY,
    LastGood,
    came_with_deployment,
    last_good,
    under_way,
)


@fix(
    id="ecs-stop-deployment",
    title="Stop the deployment and roll it back",
    risk="medium",
    aim="back",
    causes=CAUSES,
    calls=("ecs:StopServiceDeployment",),
    needs=(EcsService, ServiceHistory, StoppedTasks),
    uses=(*LAST_GOOD_USES, *DEPLOYMENT_USES),
    docs=("https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopServiceDeployment.html",),
)
def ecs_stop_deployment(case: Case) -> Iterator[Plan]:
    """Stops the deployment in progress with a roll-back to the service revision that was deployed last with success.

    Offered while that deployment is in progress, the trouble began with it, only its revision has the trouble, and an
    earlier one is known to have run well. It works whether or not the circuit breaker is set up. ECS brings back the
    whole earlier configuration of the service, not only its task definition. There is no undo: deploy the newer
    revision again when it is mended.
    Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stop-service-deployment.html
    """
    service = case.facts[EcsService]
    if case.cause.band == "possible" or not deployments.is_deployed_by_ecs(service):
        return
    newest, good = came_with_deployment(case.facts, service, case.cause.since), last_good(case.facts, service)
    if newest is None or newest.rollout_state != "IN_PROGRESS" or good is None:
        return
    running = under_way(case.facts[ServiceHistory], newest)
    if running is not None:
        yield _plan(case, service, running, good)


def _plan(case: Case, service: EcsService, running: ServiceDeployment, good: LastGood) -> Plan:
    bad, name = task_definitions.short(service.task_definition), task_definitions.short(good.arn)
    groups = deployments.groups_of(case.facts, service)
    return Plan(
        fix="ecs-stop-deployment",
        title=f"Stop the deployment of {bad} and roll it back",
        risk="medium",
        resource=service.arn,
        changes=(
            SettingChange(
                resource=f"deployment {running.arn.rsplit('/', 1)[-1]} of {service.service}",
                setting="status",
                before=running.status,
                after="ROLLBACK_SUCCESSFUL",
            ),
            *_other_definition(service, good),
        ),
        guards=(
            ecs_services.is_active(service),
            ecs_services.runs(service, service.task_definition, bad),
            _status(running, f"contains({paths.listed(UNDER_WAY)}, status)", f"the deployment of {bad} is in progress"),
        ),
        writes=(_stop(service, running, bad),),
        success=Success(
            text="the roll-back is complete, and all targets pass their health checks",
            within_s=2 * deployments.takes_s(case.facts, service),
            guards=(
                _status(running, "status == 'ROLLBACK_SUCCESSFUL'", f"{bad} is rolled back"),
                healthy.deployed(service),
                *(healthy.targets_healthy(group.arn) for group in groups),
            ),
            fails=(_status(running, "status == 'ROLLBACK_FAILED'", f"the roll-back of {bad} failed"),),
        ),
        undo=Undo(kind="none", text=f"a stopped deployment stays stopped; deploy {bad} again to have it back"),
        touches=f"the new tasks of {service.service} are replaced by tasks of the revision before",
        warnings=(
            f"ECS goes back to its last successful deployment, which is {name} as far as was read: {good.why}",
            f"if {bad} changed a database or a queue, {name} has to get along with it",
        ),
        eta_s=deployments.takes_s(case.facts, service),
    )


def _other_definition(service: EcsService, good: LastGood) -> tuple[SettingChange, ...]:
    """None where both have the same one, with another image under its tag."""
    before, after = service.task_definition, good.arn
    changed = SettingChange(resource=service.service, setting="taskDefinition", before=before, after=after)
    return () if before == after else (changed,)


def _stop(service: EcsService, running: ServiceDeployment, bad: str) -> Write:
    return Write(
        call=Call.of("ecs", "stop_service_deployment", serviceDeploymentArn=running.arn, stopType="ROLLBACK"),
        resources=(service.arn, running.arn),
        done_when=_status(running, "starts_with(status, 'ROLLBACK_')", f"the roll-back of {bad} has begun"),
    )


def _status(running: ServiceDeployment, says: str, text: str) -> Guard:
    call = Call.of("ecs", "describe_service_deployments", serviceDeploymentArns=[running.arn])
    return Guard(look=Look(call=call, path=f"serviceDeployments[0].[{says}] | [0]"), expected=True, text=text)
