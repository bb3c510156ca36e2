"""Register the port on which the application listens."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import JsonValue

from diagnostics.facts import (
    ContainerDefinition,
    EcsService,
    LoadBalancers,
    PrefixLists,
    SecurityGroups,
    ServiceLoadBalancer,
    TargetGroup,
    TaskDefinition,
    TaskDefinitions,
)
from diagnostics.report import SettingChange
from diagnostics.rules.app_lines import LINE_USES
from diagnostics.rules.listening import LISTENING_NEEDS, LISTENING_USES, refusing, registered_container
from diagnostics.rules.security_group import OtherSide, admission
from diagnostics.rules.written import Heard, heard_elsewhere, listening
from remediations.fix import Case, fix
from remediations.plan import Plan
from remediations.steps import deployments, ecs_services, paths, task_definitions
from remediations.steps.deployments import DEPLOYMENT_USES
from remediations.steps.ecs_services import PREPARE_PORT
from remediations.steps.task_definitions import NEW, PREPARE, Edit


@fix(
    id="ecs-container-port",
    title="Register the port on which the application listens",
    risk="medium",
    causes=("container-port-mismatch",),
    calls=("ecs:RegisterTaskDefinition", "ecs:TagResource", "iam:PassRole", "ecs:UpdateService"),
    needs=(*LISTENING_NEEDS, EcsService, LoadBalancers, SecurityGroups, TaskDefinitions),
    uses=(*LISTENING_USES, *LINE_USES, *DEPLOYMENT_USES, PrefixLists),
    docs=("https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LoadBalancer.html",),
    prepare={**PREPARE, **PREPARE_PORT},
)
def ecs_container_port(case: Case) -> Iterator[Plan]:
    """Registers a revision whose port mapping names the port that the server itself said it listens on, and lets the
    service register that port, in one deployment.

    Offered only where a line of the server's own log proves the port, for rolling deployments in network mode awsvpc,
    and where the tasks' security groups admit the load balancer on it. Not where a health check, of the target group or
    of the container itself, asks on the port before. The target group's own port is only a default and stays. The undo
    brings the earlier revision and port back in one deployment.
    Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
    """
    service = case.facts[EcsService]
    if case.cause.band == "possible" or service.deployment_strategy != "ROLLING":
        return
    present = deployments.present_definition(case, service)
    for found in refusing(case.facts):
        registered = registered_container(case.facts, found.group, found.tasks)
        if registered is None or present is None or registered[1].arn != present.arn:
            continue
        setting, definition, container = registered
        heard = heard_elsewhere(listening(case.facts, container.name, found.tasks), setting.container_port)
        mapped = {mapping.container_port for mapping in container.port_mappings}
        if heard is None or not _is_proof(heard) or definition.network_mode != "awsvpc" or heard.port in mapped:
            continue
        if setting.container_port not in mapped or _is_checked_elsewhere(found.group, container, setting, heard):
            continue
        if _admitted(case, service, heard.port or 0):
            yield _plan(case, service, setting, definition, heard)
            return


def _is_proof(heard: Heard) -> bool:
    return heard.by_server and not heard.is_loopback and heard.port is not None


def _is_checked_elsewhere(
    group: TargetGroup, container: ContainerDefinition, setting: ServiceLoadBalancer, heard: Heard
) -> bool:
    """A health check that stays on a port on which nobody listens would end the new tasks as well."""
    own = container.health_check.command if container.health_check else ()
    asks_before = re.search(rf"(?<!\d){setting.container_port}(?!\d)", " ".join(own)) is not None
    return asks_before or group.health_check.port not in ("traffic-port", str(heard.port))


def _admitted(case: Case, service: EcsService, port: int) -> bool:
    """Every load balancer of the subject may reach the tasks on the port, by their security groups."""
    known, lists = case.facts[SecurityGroups].by_id, case.facts.maybe(PrefixLists)
    own = [known[group] for group in service.security_groups if group in known]
    cidrs = lists.cidrs if isinstance(lists, PrefixLists) else {}
    balancers = [one for one in case.facts[LoadBalancers].items if one.arn in case.facts.subject.load_balancers]
    sides = [OtherSide(address=None, groups=frozenset(balancer.security_groups)) for balancer in balancers]
    return (
        bool(own)
        and bool(sides)
        and all(admission(own, "ingress", port, side, cidrs).answer == "yes" for side in sides)
    )


def _plan(
    case: Case, service: EcsService, setting: ServiceLoadBalancer, definition: TaskDefinition, heard: Heard
) -> Plan:
    before, after, name = setting.container_port, heard.port, setting.container_name
    edit = Edit(what="port", name="containerPort", before=before, after=after, container=name)
    new = f"the new revision of {definition.family}"
    base = deployments.revision_plan(
        case,
        service,
        definition,
        (edit,),
        fix="ecs-container-port",
        title=f"Register port {after} of container {name} instead of {before}",
        warnings=(f"the server said in its log that it listens on {after}",),
    )
    there: dict[str, JsonValue] = {"container": name, "before": before, "after": after}
    back: dict[str, JsonValue] = {"container": name, "before": after, "after": before}
    registers = ecs_services.setting(
        service,
        f"length(loadBalancers[?containerName == {paths.quoted(name)} && containerPort == {paths.number(before)}])",
        len([one for one in service.load_balancers if (one.container_name, one.container_port) == (name, before)]),
        f"{service.service} registers port {before} of {name}",
    )
    runs_new = ecs_services.runs(service, NEW, new)
    old = task_definitions.short(service.task_definition)
    runs_old = ecs_services.runs(service, service.task_definition, old)
    return base.model_copy(
        update={
            "changes": (
                *base.changes,
                SettingChange(
                    resource=service.service, setting="loadBalancers containerPort", before=before, after=after
                ),
            ),
            "guards": (*base.guards, registers),
            "not_now": base.not_now or ecs_services.registrations_not_now(service),
            "writes": (base.writes[0], ecs_services.register_port(service, NEW, there, runs_new)),
            "undo": base.undo.model_copy(
                update={
                    "text": f"deploys {old} again and registers port {before}, which is a new deployment",
                    "writes": (ecs_services.register_port(service, service.task_definition, back, runs_old),),
                }
            ),
        }
    )
