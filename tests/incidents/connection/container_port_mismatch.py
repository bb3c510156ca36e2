"""Ports that the service, the mapping and the application do not agree on."""

from typing import Any

from diagnostics.facts import Metrics, PortMapping, RunningTasks, TaskDefinition
from tests.incidents.building import TARGETS, Incident, definition, deployment, task, task_definition_arn
from tests.incidents.cases import finds, look_alike
from tests.incidents.network.sg_ingress_missing import silent, task_group
from tests.incidents.on_hosts import on_hosts

CODE = "container-port-mismatch"
FAIL_OPEN = ("all-targets-unhealthy-fail-open",)


def refused(incident: Incident, targets: list[str] | None = None) -> Incident:
    """Connections are refused: 502 at once, health checks fail without a code."""
    incident.unhealthy("Target.FailedHealthChecks", "Health checks failed", targets=targets, since=10)
    incident.elb_errors(502, 300, 12).connection_errors(300, 12)
    return incident.of_group("HTTPCode_Target_2XX_Count", 600, 180, 12)


def with_container(revision: int = 7, **changes: Any) -> TaskDefinition:
    container = definition(revision).containers[0].model_copy(update=changes)
    return definition(revision, containers=(container,))


def port_setting_changed() -> Incident:
    """Revision 8 came with PORT=3000."""
    new = deployment(8, created=13, rollout_state="IN_PROGRESS", running=4)
    incident = Incident().service(task_definition=task_definition_arn(8), deployments=(new,))
    incident.running(*(task(n, ip, revision=8, started=12) for n, ip in enumerate(TARGETS, 1)))
    incident.definitions(definition(7), with_container(8, environment={"PORT": "3000"}), previous=7)
    return refused(incident)


def flag_says_another_port() -> Incident:
    container = with_container(environment={}, command=("uvicorn", "shop:app", "--host", "0.0.0.0", "--port", "8000"))
    return refused(Incident().definitions(container))


def another_port_is_mapped() -> Incident:
    return refused(Incident().definitions(with_container(port_mappings=(PortMapping(container_port=3000),))))


def same_host_port_on_two_hosts() -> Incident:
    """Both instances gave out port 32801; on the second one runs revision 8, which came with PORT=3000."""
    incident = on_hosts({"i-0a": (32801,), "i-0b": (32801,)})
    well, sick = incident.known(RunningTasks).items
    incident.running(well, sick.model_copy(update={"task_definition": task_definition_arn(8)}))
    new = definition(8, network_mode="bridge", containers=with_container(8, environment={"PORT": "3000"}).containers)
    return refused(incident.definitions(definition(7), new), ["i-0b"])


def metrics_denied() -> Incident:
    incident = refused(Incident().definitions(with_container(environment={"SERVER_PORT": "9090"})))
    return incident.denied(Metrics, "cloudwatch:GetMetricData")


def port_agrees() -> Incident:
    return refused(Incident())


def group_port_differs() -> Incident:
    """The target group's own port is a default; ECS registers each target with its own."""
    return Incident().target_group(port=80)


def port_of_the_database() -> Incident:
    values = {"DB_PORT": "5432", "REDIS_PORT": "6379", "MANAGEMENT_PORT": "9000"}
    return refused(Incident().definitions(with_container(environment=values)))


def setting_is_ignored_and_targets_answer() -> Incident:
    return Incident().definitions(with_container(environment={"PORT": "3000"}))


def packets_are_dropped() -> Incident:
    incident = Incident().definitions(with_container(environment={"PORT": "3000"})).security_group(task_group())
    return silent(incident)


CASES = (
    finds(
        CODE,
        "a new revision listens elsewhere",
        port_setting_changed,
        band="confirmed",
        also=(*FAIL_OPEN, "deployment-regression", "deployment-failing-loop"),
        summary_says="3000",
    ),
    finds(CODE, "a flag names another port", flag_says_another_port, band="confirmed", also=FAIL_OPEN),
    finds(CODE, "another port is mapped", another_port_is_mapped, band="confirmed", also=FAIL_OPEN),
    finds(CODE, "the host of the other task gave out the same port", same_host_port_on_two_hosts, band="confirmed"),
    finds(CODE, "metrics were denied", metrics_denied, band="confirmed", also=FAIL_OPEN),
    look_alike(CODE, "all settings agree", port_agrees, first="port-not-listening", also=FAIL_OPEN),
    look_alike(CODE, "the group's default port differs", group_port_differs),
    look_alike(CODE, "ports of other servers", port_of_the_database, first="port-not-listening", also=FAIL_OPEN),
    look_alike(CODE, "the setting is ignored", setting_is_ignored_and_targets_answer),
    look_alike(CODE, "packets are dropped", packets_are_dropped, first="sg-ingress-missing", also=FAIL_OPEN),
)
