"""The service registers one port and the container is set up for another."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import (
    ContainerDefinition,
    EcsService,
    Metrics,
    RunningTasks,
    ServiceLoadBalancer,
    TaskDefinition,
    TaskDefinitions,
)
from diagnostics.rules.listening import (
    LISTENING_NEEDS,
    LISTENING_USES,
    REFUSING_SHOWS,
    Refusing,
    declared_ports,
    refusing,
    registered_container,
)
from diagnostics.rules.row_evidence import ROW_USES

SOURCE = "ecs:DescribeTaskDefinition"


@cause(
    code="container-port-mismatch",
    family="connection",
    title="The registered port is not the port that the container uses",
    needs=(*LISTENING_NEEDS, EcsService, TaskDefinitions),
    uses=LISTENING_USES,
    clear_needs=(RunningTasks, Metrics, *ROW_USES),
    shows=REFUSING_SHOWS,
    docs=(
        "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LoadBalancer.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
    ),
    replaces=("port-not-listening", "health-check-grace-period-too-short"),
    leads_to=("all-targets-unhealthy-fail-open", "deployment-failing-loop", "no-registered-targets"),
    helped_by=("deployment-regression", "deployment-min-healthy-too-low"),
)
def container_port_mismatch(facts: Facts) -> Iterator[Finding]:
    """Targets refuse connections, and the container's settings name another port than the service registers.

    Decided by the refusals (Target.FailedHealthChecks, 502 with connection errors) together with the port mapping,
    or with a port in the environment or the command line of the container that the service registers. Refuted when
    one of the named ports is the registered one, when targets answer, or when connections time out. The target
    group's own port is only a default and proves nothing. A log line of the application that says where it listens
    would settle it.
    """
    for found in refusing(facts):
        registered = registered_container(facts, found.group, found.tasks)
        if registered is None:
            continue
        setting, definition, container = registered
        record = _disagreement(setting, container)
        if record is not None:
            yield _finding(found, setting, definition, record, facts)


def _disagreement(setting: ServiceLoadBalancer, container: ContainerDefinition) -> Evidence | None:
    port = setting.container_port
    mapped = [mapping.container_port for mapping in container.port_mappings]
    if mapped and port not in mapped:
        others = ", ".join(str(other) for other in mapped[:5])
        return decisive(
            f"container {container.name} maps port {others} and the service registers {port}", SOURCE, value=mapped[0]
        )
    declared = declared_ports(container)
    if not declared or any(item.port == port for item in declared):
        return None
    first = declared[0]
    return decisive(
        f"{first.where} tells container {container.name} to listen on {first.port}; the service registers {port}",
        SOURCE,
        value=first.port,
    )


def _finding(
    found: Refusing, setting: ServiceLoadBalancer, definition: TaskDefinition, record: Evidence, facts: Facts
) -> Finding:
    service = facts.subject.service or facts.subject.label
    return Finding(
        resource=definition.arn,
        summary=f"The service registers port {setting.container_port} of container {setting.container_name}, which is"
        f" set up for port {record.value}: connections are refused ({found.who()})",
        supports=(record, *found.records, *_earlier(setting, definition, facts)),
        effect_seen=True,
        affects=found.affects,
        explains=found.explains,
        since=facts.observed.onset,
        overturned_by=f"Port {setting.container_port} among the listening sockets of the container: aws ecs"
        f" execute-command --cluster {facts.subject.cluster} --task {_task(found)} --container"
        f" {setting.container_name} --interactive --command 'ss -tlnp'",
        advice=f"Let the application listen on {setting.container_port} (its port setting), or let service {service}"
        f" and its port mapping name port {record.value}.",
    )


def _task(found: Refusing) -> str:
    return found.tasks[0].id if found.tasks else "TASK"


def _earlier(setting: ServiceLoadBalancer, definition: TaskDefinition, facts: Facts) -> Iterator[Evidence]:
    """The revision before, where it still agreed with the service."""
    previous = facts[TaskDefinitions].previous
    container = previous.container(setting.container_name) if previous and previous.arn != definition.arn else None
    if previous and container and any(item.port == setting.container_port for item in declared_ports(container)):
        yield supporting(f"revision {previous.revision} still used port {setting.container_port}", SOURCE)
