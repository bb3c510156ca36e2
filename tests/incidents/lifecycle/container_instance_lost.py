"""Hosts that end or fall ill, and hosts that are innocent."""

from diagnostics.facts import (
    EcsService,
    Hosts,
    NetworkInterfaces,
    RunningTasks,
    ServiceHistory,
    StoppedTasks,
    TaskDefinitions,
)
from tests.incidents.building import Incident, ago, stopped_task
from tests.incidents.cases import finds, look_alike
from tests.incidents.network.sg_ingress_missing import task_group
from tests.incidents.on_hosts import (
    HOSTS,
    PORTS,
    addresses,
    container_instance,
    forgotten,
    host,
    host_went_away,
    lost_task,
    on_hosts,
    plain_instances,
    scaled_in,
    sick_on,
    terminated,
    with_host,
)
from tests.incidents.rows import closed, connect_timeouts, logged

CODE = "container-instance-lost"
DRAIN = ("graceful-shutdown-missing",)
ILL = {"system_status": "impaired", "impaired_since": ago(12)}
REPLACED_FOR_ELB = (
    "At 2026-11-21T03:10:00Z an instance was taken out of service in response to an ELB system health check failure."
)


def somebody_terminated_a_host() -> Incident:
    return with_host(host_went_away(on_hosts()), terminated("i-0b"))


def the_hardware_under_it_fails() -> Incident:
    """Status checks fail; its tasks look alive to ECS, and connections to them time out."""
    incident = with_host(on_hosts(), host("i-0b", **ILL))
    return sick_on(incident, "i-0b").elb_errors(504, 40, 12).connection_errors(40, 12)


def ill_with_rows() -> Incident:
    incident = with_host(on_hosts(), host("i-0b", **ILL))
    rows = connect_timeouts(80, since=12, targets=tuple(f"10.0.2.5:{port}" for port in PORTS["i-0b"]))
    return logged(sick_on(incident, "i-0b"), rows)


def plain_instance_fails_its_checks() -> Incident:
    incident = with_host(plain_instances(), host("i-0b", **ILL))
    return sick_on(incident, "i-0b").elb_errors(504, 40, 12).connection_errors(40, 12)


def taken_out_by_force() -> Incident:
    """Somebody deregistered the container instance with --force; the host lives on."""
    incident = host_went_away(on_hosts())
    forced = [
        lost_task(
            70 + n, "i-0b", stop_code="UserInitiated", stopped_reason="Container instance deregistration forced by user"
        )
        for n in range(2)
    ]
    return incident.replace(StoppedTasks(items=tuple(forced)))


def rows_at_its_end() -> Incident:
    incident = with_host(host_went_away(on_hosts()), terminated("i-0b"))
    targets = tuple(f"10.0.2.5:{port}" for port in PORTS["i-0b"])
    return logged(incident, closed(90, (0.1, 4.0), since=20, until=19.5, targets=targets))


def plain_instance_was_terminated_by_a_person() -> Incident:
    """Without ECS and Auto Scaling: the rows of its last moments name an address that nobody has by now."""
    incident = forgotten(plain_instances())
    return logged(incident, closed(90, (0.1, 4.0), since=25, until=24.6, targets=addresses(["i-0b"])))


def hosts_may_not_be_read() -> Incident:
    return host_went_away(on_hosts()).denied(Hosts, "ec2:DescribeInstances")


def drained_before_it_ended() -> Incident:
    """The tasks were moved by the scheduler; the errors come from a crash later on."""
    incident = with_host(on_hosts(), terminated("i-0c", minutes_ago=40))
    moved = [
        stopped_task(
            70 + n,
            minutes_ago=45,
            stop_code="ServiceSchedulerInitiated",
            stopped_reason="Task stopped because its container instance was drained",
            exit_code=0,
        ).model_copy(update={"private_ips": (), "container_instance_arn": container_instance("i-0c")})
        for n in range(2)
    ]
    crash = stopped_task(80, minutes_ago=10, exit_code=1, ran_minutes=200)
    return incident.stopped(*moved, crash).elb_errors(502, 40, 10, 8)


def everybody_is_shut_out() -> Incident:
    """One host is ill as well, but nobody on any host is reached: the security group."""
    incident = with_host(on_hosts(), host("i-0b", **ILL)).security_group(task_group())
    return sick_on(incident, *HOSTS).elb_errors(504, 200, 12).connection_errors(200, 12)


def health_checks_made_auto_scaling_replace_it() -> Incident:
    """What made the targets fail is the fault, not the replacement."""
    incident = with_host(host_went_away(on_hosts()), terminated("i-0b"))
    return scaled_in(incident, cause=REPLACED_FOR_ELB).unhealthy(
        "Target.ResponseCodeMismatch", "Health checks failed with these codes: [500]", targets=["i-0a"]
    )


def pods_on_an_ill_node() -> Incident:
    """Kubernetes: two pods' addresses are on the node's interface; there is no ECS."""
    incident = pods()
    incident.replace(Hosts(items=(host("i-0a"), host("i-0b", **ILL))))
    incident.unhealthy("Target.Timeout", "Request timed out", targets=["10.0.2.21", "10.0.2.22"])
    return incident.elb_errors(504, 40, 12).connection_errors(40, 12)


def pods_that_do_not_listen() -> Incident:
    """The node is well; a release of the application listens on another port, wherever its pods are."""
    incident = pods().replace(Hosts(items=(host("i-0a"), host("i-0b"))))
    return incident.unhealthy("Target.FailedHealthChecks", "Health checks failed", targets=["10.0.1.21", "10.0.2.22"])


def pods() -> Incident:
    incident = Incident()
    incident.subject = plain_instances().subject
    for kind in (EcsService, ServiceHistory, RunningTasks, StoppedTasks, TaskDefinitions):
        incident.not_applicable(kind, "no ECS service")
    nodes = {"subnet-0a": "i-0a", "subnet-0b": "i-0b"}

    def edit(fact: NetworkInterfaces) -> NetworkInterfaces:
        items = tuple(
            item
            if item.description.startswith("ELB")
            else item.model_copy(update={"instance_id": nodes[item.subnet_id], "description": "aws-K8S-i-0"})
            for item in fact.items
        )
        return fact.model_copy(update={"items": items})

    return incident.edit(NetworkInterfaces, edit)


CASES = (
    finds(
        CODE,
        "a plain instance was terminated by a person",
        plain_instance_was_terminated_by_a_person,
        band="likely",
        also=("graceful-shutdown-missing",),
        summary_says="while requests still went to it",
    ),
    finds(CODE, "pods on a node that is ill", pods_on_an_ill_node, band="confirmed", summary_says="2 targets on it"),
    look_alike(CODE, "pods that do not listen", pods_that_do_not_listen, first="port-not-listening"),
    finds(
        CODE,
        "somebody terminated a host",
        somebody_terminated_a_host,
        band="confirmed",
        summary_says="2 tasks",
        also=DRAIN,
    ),
    finds(CODE, "the hardware under one host fails", the_hardware_under_it_fails, band="confirmed"),
    finds(CODE, "rows time out on one ill host", ill_with_rows, band="confirmed"),
    finds(CODE, "a plain instance fails its status checks", plain_instance_fails_its_checks, band="confirmed"),
    finds(CODE, "a container instance was taken out by force", taken_out_by_force, also=DRAIN),
    finds(CODE, "rows at the end of its tasks", rows_at_its_end, band="confirmed", also=DRAIN),
    finds(CODE, "instances may not be read", hosts_may_not_be_read, also=DRAIN),
    finds(
        CODE,
        "Auto Scaling took it away with tasks on it",
        lambda: scaled_in(somebody_terminated_a_host()),
        first="asg-scale-in-abrupt",
        role="consequence",
        also=DRAIN,
    ),
    finds(
        CODE,
        "Auto Scaling replaced it for failed health checks",
        health_checks_made_auto_scaling_replace_it,
        first="health-check-app-error",
        role="contributing",
        also=("all-targets-unhealthy-fail-open", *DRAIN),
    ),
    finds(
        CODE,
        "one of two hosts is ill, and nobody on any of them is let in",
        everybody_is_shut_out,
        first="sg-ingress-missing",
        role="root",
        also=("all-targets-unhealthy-fail-open",),
    ),
    look_alike(CODE, "drained before it ended", drained_before_it_ended, first="task-crash-exit"),
    look_alike(
        CODE,
        "status checks fail and nothing else does",
        lambda: with_host(on_hosts(), host("i-0b", **ILL)),
        risk=True,
    ),
    look_alike(CODE, "a healthy host", on_hosts, verdict="no_fault_found"),
)
