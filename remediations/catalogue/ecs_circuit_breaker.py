"""Let ECS give a failing deployment up and roll it back by itself."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import JsonValue

from diagnostics.facts import EcsService
from diagnostics.report import SettingChange
from remediations.fix import Case, fix
from remediations.plan import Guard, Plan, Success, Undo
from remediations.steps import ecs_services
from remediations.steps.deployments import is_in_progress
from remediations.steps.ecs_services import DEPLOYMENT_CONFIGURATION, PREPARE_CONFIGURATION

BREAKER = "deploymentCircuitBreaker"
EFFECT_S = 60


@fix(
    id="ecs-circuit-breaker",
    title="Switch on the deployment circuit breaker with its roll-back",
    risk="low",
    up_to="medium",
    aim="prevents",
    causes=("deployment-failing-loop", "deployment-circuit-breaker-tripped", "deployment-regression"),
    calls=("ecs:UpdateService",),
    needs=(EcsService,),
    docs=("https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html",),
    prepare=PREPARE_CONFIGURATION,
)
def ecs_circuit_breaker(case: Case) -> Iterator[Plan]:
    """Switches on the circuit breaker and its roll-back, which starts no deployment.

    From then on ECS gives a rolling deployment up whose tasks keep failing, and goes back to the last one that was
    complete. It sees tasks that do not get well, not answers of 5xx: those need alarms. A deployment that fails at
    present may be given up by it as well. Everything else of the deployment configuration stays as it is at that
    moment; where its lifecycle hooks have an IAM role, it has to be done by hand. The undo sets both switches as they
    were; it does not bring back a deployment that was given up.
    Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
    """
    service = case.facts[EcsService]
    if service.deployment_controller != "ECS" or service.deployment_strategy != "ROLLING":
        return
    if service.status == "ACTIVE" and not (service.circuit_breaker_enabled and service.circuit_breaker_rollback):
        yield _plan(service)


def _plan(service: EcsService) -> Plan:
    name = service.service
    before = {"enable": service.circuit_breaker_enabled, "rollback": service.circuit_breaker_rollback}
    after = {"enable": True, "rollback": True}
    was, now = _is(service, before), _is(service, after)
    return Plan(
        fix="ecs-circuit-breaker",
        title=f"Switch on the deployment circuit breaker of {name} with its roll-back",
        risk="medium" if is_in_progress(service) else "low",
        resource=service.arn,
        changes=tuple(
            SettingChange(
                resource=name,
                setting=f"{DEPLOYMENT_CONFIGURATION}.{BREAKER}.{key}",
                before=before[key],
                after=value,
            )
            for key, value in after.items()
            if value != before[key]
        ),
        guards=(ecs_services.is_active(service), ecs_services.deployed_by_ecs(service), was),
        writes=(ecs_services.set_configuration(service, _breaker(after), now),),
        success=Success(text="the next deployment is watched by the circuit breaker", within_s=EFFECT_S, guards=(now,)),
        undo=Undo(
            kind="exact",
            text="sets the circuit breaker as it was",
            writes=(ecs_services.set_configuration(service, _breaker(before), was),),
            guards=(now,),
        ),
        touches=f"deployments of {name}: one whose tasks keep failing is rolled back",
        warnings=tuple(_warnings(service)),
        eta_s=EFFECT_S,
        not_now=ecs_services.not_now(service),
    )


def _warnings(service: EcsService) -> Iterator[str]:
    if is_in_progress(service):
        yield "the deployment in progress may be given up and rolled back at once, when its tasks failed often"
    else:
        yield "what fails now is not mended by it"


def _breaker(switches: dict[str, bool]) -> dict[str, JsonValue]:
    return {BREAKER: {**switches}}


def _is(service: EcsService, switches: dict[str, bool]) -> Guard:
    """AWS leaves the structure out where it was never set."""
    path = f"[{BREAKER}.enable || `false`, {BREAKER}.rollback || `false`]"
    words = ", ".join(f"{key} {'on' if value else 'off'}" for key, value in switches.items())
    expected: list[JsonValue] = [switches["enable"], switches["rollback"]]
    return ecs_services.configuration(service, path, expected, f"the circuit breaker of {service.service} is: {words}")
