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
from diagnostics.rules.app_lines import LINE_USES
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
from diagnostics.rules.written import Heard, heard_elsewhere, listening
from diagnostics.rules.written import record as line_record

SOURCE = "ecs:DescribeTaskDefinition"


@cause(
    code="container-port-mismatch",
    title="The registered port is not the port that the container uses",
    needs=(*LISTENING_NEEDS, EcsService, TaskDefinitions),
    uses=(*LISTENING_USES, *LINE_USES),
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
    group's own port is only a default and proves nothing. A line of the log in which the server says where it listens
    settles it, whatever the settings say.
    """
    for found in refusing(facts):
        registered = registered_container(facts, found.group, found.tasks)
        if registered is None:
            continue
        setting, definition, container = registered
        heard = listening(facts, container.name, found.tasks)
        records = tuple(_disagreements(setting, container, heard))
        if records:
            yield _finding(found, setting, definition, records, facts)


def _disagreements(
    setting: ServiceLoadBalancer, container: ContainerDefinition, heard: tuple[Heard, ...]
) -> Iterator[Evidence]:
    """What the server says counts for more than what it was told; a sentence of the program's own does not stand
    alone, because it may name the port of something else."""
    port = setting.container_port
    if any(one.port == port for one in heard):
        return
    declared, elsewhere = _disagreement(setting, container), heard_elsewhere(heard, port)
    agrees = any(item.port == port for item in declared_ports(container))
    if elsewhere and (elsewhere.by_server or declared or not agrees):
        text = f"says that it listens on {elsewhere.port}; the service registers {port}"
        yield line_record(elsewhere.line, text, decides=elsewhere.by_server, value=elsewhere.port)
    if declared:
        yield declared


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
    found: Refusing,
    setting: ServiceLoadBalancer,
    definition: TaskDefinition,
    records: tuple[Evidence, ...],
    facts: Facts,
) -> Finding:
    other = records[0].value
    service = facts.subject.service or facts.subject.label
    return Finding(
        resource=definition.arn,
        summary=f"The service registers port {setting.container_port} of container {setting.container_name}, which is"
        f" set up for port {other}: connections are refused ({found.who()})",
        supports=(*records, *found.records, *_earlier(setting, definition, facts)),
        effect_seen=True,
        affects=found.affects,
        explains=found.explains,
        since=facts.observed.onset,
        overturned_by=f"Port {setting.container_port} among the listening sockets of the container: aws ecs"
        f" execute-command --cluster {facts.subject.cluster} --task {found.any_task} --container"
        f" {setting.container_name} --interactive --command 'ss -tlnp'",
        advice=f"Let the application listen on {setting.container_port} (its port setting), or let service {service}"
        f" and its port mapping name port {other}.",
    )


def _earlier(setting: ServiceLoadBalancer, definition: TaskDefinition, facts: Facts) -> Iterator[Evidence]:
    """The revision before, where it still agreed with the service."""
    previous = facts[TaskDefinitions].previous
    container = previous.container(setting.container_name) if previous and previous.arn != definition.arn else None
    if previous and container and any(item.port == setting.container_port for item in declared_ports(container)):
        yield supporting(f"revision {previous.revision} still used port {setting.container_port}", SOURCE)
