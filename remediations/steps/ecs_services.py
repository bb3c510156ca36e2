"""Settings of an ECS service: what they must still be, and calls of UpdateService that change one of them.

Only what is passed changes, and a structure that is passed is replaced as a whole. A new task definition, new load
balancer settings or a forced deployment start a deployment; counts, percentages and the grace period do not.
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from diagnostics.facts import DeploymentHook, EcsService
from remediations.fix import CannotPrepareError, Prepare
from remediations.plan import Call, Guard, Look, Write
from remediations.steps import paths

SERVICE = "service"
CLUSTER = "cluster"
DEPLOYMENT_CONFIGURATION = "deploymentConfiguration"
_BREAKER = "deploymentCircuitBreaker"
_HOOKS = "lifecycleHooks"
_BY_HAND = "a fix passes no role on to ECS: change it by hand, with all of the structure"
_REGISTERS_WITH_A_ROLE = f"its load balancers would have to be sent again with their IAM role, and {_BY_HAND}"


def describe(service: EcsService) -> Call:
    return Call.of("ecs", "describe_services", cluster=service.cluster, services=[service.service])


def looked_up(service: EcsService, path: str) -> Look:
    """The path begins at the service."""
    return Look(call=describe(service), path=f"services[0].{path}")


def setting(service: EcsService, name: str, value: JsonValue, text: str) -> Guard:
    """A member of the service has this value; `name` as in the API (``desiredCount``)."""
    return Guard(look=looked_up(service, name), expected=value, text=text)


def holds(service: EcsService, path: str, text: str) -> Guard:
    """An expression over ``services[0]`` is true."""
    return Guard(look=Look(call=describe(service), path=path), expected=True, text=text)


def runs(service: EcsService, definition: JsonValue, name: str) -> Guard:
    """The service is told to run this task definition, which may be one that the plan has yet to make."""
    return setting(service, "taskDefinition", definition, f"{service.service} is told to run {name}")


def is_active(service: EcsService) -> Guard:
    return setting(service, "status", "ACTIVE", f"{service.service} is active")


def keeps_a_count(service: EcsService) -> Guard:
    """A daemon service runs one task on each host instead, and takes neither a count nor a maximum."""
    look = looked_up(service, "schedulingStrategy || 'REPLICA'")
    return Guard(look=look, expected="REPLICA", text=f"{service.service} keeps a number of tasks")


def deployed_by_ecs(service: EcsService) -> Guard:
    """Where CodeDeploy or somebody else makes the deployments, UpdateService takes no task definition."""
    look = looked_up(service, "deploymentController.type || 'ECS'")
    return Guard(look=look, expected="ECS", text=f"ECS itself deploys {service.service}")


def counts(service: EcsService, least: int) -> Guard:
    """So many tasks run."""
    path = paths.no_less("services[0].runningCount", least)
    return holds(service, path, f"at least {least} tasks of {service.service} run")


def places(service: EcsService) -> dict[str, JsonValue]:
    """The parameters that say which service is meant."""
    return {CLUSTER: service.cluster, SERVICE: service.service}


def update(service: EcsService, values: Mapping[str, JsonValue], done_when: Guard) -> Write:
    call = Call.of("ecs", "update_service", **places(service), **values)
    return Write(call=call, resources=(service.arn,), done_when=done_when)


# -- the deployment configuration, of which the service keeps what is not passed on


def configuration(service: EcsService, path: str, value: JsonValue, text: str) -> Guard:
    """A member of the deployment configuration, such as ``maximumPercent``, has this value."""
    return setting(service, f"{DEPLOYMENT_CONFIGURATION}.{path}", value, text)


def set_configuration(service: EcsService, values: dict[str, JsonValue], done_when: Guard) -> Write:
    """Changes these members and passes all others on as they are at that moment; `prepare_configuration` does it."""
    write = update(service, {}, done_when)
    arguments: dict[str, JsonValue] = {**places(service), "set": values}
    return write.model_copy(
        update={
            "reads": {SERVICE: describe(service)},
            "prepared_by": prepare_configuration.__name__,
            "arguments": arguments,
        }
    )


def not_now(service: EcsService) -> str | None:
    """Why its deployment configuration cannot be set. It is replaced as a whole, and whoever sends an IAM role along
    has to be allowed to pass it on. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-permissions.html
    """
    return _with_a_role(service.service) if any(hook.has_role for hook in service.hooks) else None


def registrations_not_now(service: EcsService) -> str | None:
    """Why its list of load balancers cannot be sent: with the second target group of blue/green goes an IAM role.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_AdvancedConfiguration.html"""
    with_role = any(one.alternate_target_group_arn for one in service.load_balancers)
    return _REGISTERS_WITH_A_ROLE if with_role else None


def run_at_stages(service: EcsService) -> str:
    """What its lifecycle hooks do in every deployment, in words; empty without any.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-lifecycle-hooks.html"""
    return "; ".join(_in_words(hook) for hook in service.hooks)


def _in_words(hook: DeploymentHook) -> str:
    at = f" at {', '.join(hook.stages)}" if hook.stages else ""
    if hook.function is None:
        return f"it waits{at} until somebody continues it"
    return f"its lifecycle hook {hook.function.rpartition(':function:')[2] or hook.function} is called{at}"


def _with_a_role(name: str) -> str:
    return f"the lifecycle hooks of {name} would have to be sent again with their IAM role, and {_BY_HAND}"


def prepare_configuration(answers: Mapping[str, Any], arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """The live deployment configuration with the members in `set` replaced: alarms, strategy and hooks that only wait
    stay. Raises CannotPrepareError where a role would have to be sent along."""
    present = dict(_service(answers).get(DEPLOYMENT_CONFIGURATION) or {})
    if any(hook.get("roleArn") for hook in present.get(_HOOKS) or ()):
        raise CannotPrepareError(_with_a_role(arguments[SERVICE]))
    wanted = dict(arguments["set"])
    breaker = wanted.pop(_BREAKER, None)
    changed = {**present, **wanted}
    if breaker is not None:
        changed[_BREAKER] = {**(present.get(_BREAKER) or {}), **breaker}
    return {**_places_in(arguments), DEPLOYMENT_CONFIGURATION: changed}


# -- the port that the service registers


def register_port(service: EcsService, definition: JsonValue, move: Mapping[str, JsonValue], done_when: Guard) -> Write:
    """Deploys the task definition and registers another port of one container, in one call and one deployment.

    `move` has the ``container``, the port ``before`` and ``after``.
    """
    write = update(service, {"taskDefinition": definition}, done_when)
    arguments: dict[str, JsonValue] = {**places(service), "taskDefinition": definition, "move": dict(move)}
    return write.model_copy(
        update={
            "reads": {SERVICE: describe(service)},
            "prepared_by": prepare_registered_port.__name__,
            "arguments": arguments,
        }
    )


def prepare_registered_port(answers: Mapping[str, Any], arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """The live list of load balancers with one port changed: the list is replaced as a whole. Raises
    CannotPrepareError where the port is another one by now, or a role would have to be sent along."""
    service, move = _service(answers), arguments["move"]
    old = (move["container"], move["before"])
    entries = [dict(entry) for entry in service.get("loadBalancers") or ()]
    if any((entry.get("containerName"), entry.get("containerPort")) == old for entry in service["serviceRegistries"]):
        raise CannotPrepareError(f"the service registers port {move['before']} with Cloud Map as well")
    moved = [entry for entry in entries if (entry.get("containerName"), entry.get("containerPort")) == old]
    if not moved:
        raise CannotPrepareError(f"the service no longer registers port {move['before']} of {move['container']}")
    if any((entry.get("advancedConfiguration") or {}).get("roleArn") for entry in entries):
        raise CannotPrepareError(_REGISTERS_WITH_A_ROLE)
    for entry in moved:
        entry["containerPort"] = move["after"]
    return {**_places_in(arguments), "taskDefinition": arguments["taskDefinition"], "loadBalancers": entries}


def _service(answers: Mapping[str, Any]) -> Mapping[str, Any]:
    found = answers[SERVICE].get("services") or ()
    if not found:
        raise CannotPrepareError("ECS does not know the service any more")
    service: dict[str, Any] = {"serviceRegistries": [], **found[0]}
    return service


def _places_in(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {CLUSTER: arguments[CLUSTER], SERVICE: arguments[SERVICE]}


PREPARE_CONFIGURATION: Mapping[str, Prepare] = {prepare_configuration.__name__: prepare_configuration}
PREPARE_PORT: Mapping[str, Prepare] = {prepare_registered_port.__name__: prepare_registered_port}
"""What a fix declares that uses one of these."""
