"""Scale-ins that hurt, and scale-ins that did not."""

from diagnostics.facts import ContainerInstances, Hosts, ScalingActivities, StoppedTasks
from tests.incidents.building import Incident, stopped_task
from tests.incidents.cases import finds, look_alike
from tests.incidents.on_hosts import (
    container_instance,
    host_went_away,
    on_hosts,
    plain_instances,
    scaled_in,
    terminated,
    with_host,
)
from tests.incidents.rows import logged, refused, slow

CODE = "asg-scale-in-abrupt"
LOST = ("container-instance-lost", "graceful-shutdown-missing")
BY_REFRESH = "At 2026-11-21T03:10:00Z an instance was taken out of service in response to an instance refresh."
BY_STATUS = (
    "At 2026-11-21T03:10:00Z an instance was taken out of service in response to an EC2 health check indicating it has"
    " been terminated or stopped."
)


def abrupt() -> Incident:
    return scaled_in(with_host(host_went_away(on_hosts()), terminated("i-0b")))


def by_an_instance_refresh() -> Incident:
    return scaled_in(with_host(host_went_away(on_hosts()), terminated("i-0b")), cause=BY_REFRESH)


def despite_a_hook() -> Incident:
    return scaled_in(with_host(host_went_away(on_hosts()), terminated("i-0b")), hook=True)


def instances_are_forgotten_already() -> Incident:
    """The terminated instance has left DescribeInstances and the cluster; the other one names the scaling group."""
    incident = abrupt()
    return incident.edit(
        Hosts, lambda fact: fact.model_copy(update={"items": fact.items[:1], "missing": ("i-0b",)})
    ).denied(ContainerInstances, "ecs:DescribeContainerInstances")


def plain_instances_without_evidence_of_the_target() -> Incident:
    return scaled_in(plain_instances()).elb_errors(502, 60, 20, 18)


def long_before_the_errors() -> Incident:
    """Two hours ago a host went, and what ECS remembers of it is over; now one route is slow."""
    return logged(
        scaled_in(with_host(on_hosts(), terminated("i-0c", minutes_ago=55)), "i-0c", minutes_ago=55), slow(200)
    )


def drained_properly() -> Incident:
    """ECS moved the tasks before the instance ended; an application crash came at another time."""
    incident = scaled_in(with_host(on_hosts(), terminated("i-0c", minutes_ago=40)), "i-0c", minutes_ago=40, hook=True)
    moved = [
        stopped_task(
            70 + n,
            minutes_ago=44,
            stop_code="ServiceSchedulerInitiated",
            stopped_reason="Task stopped because its container instance was drained",
            exit_code=0,
        ).model_copy(update={"private_ips": (), "container_instance_arn": container_instance("i-0c")})
        for n in range(2)
    ]
    return incident.stopped(*moved)


def no_longer_there_when_it_took_note() -> Incident:
    return scaled_in(with_host(host_went_away(on_hosts()), terminated("i-0b")), cause=BY_STATUS)


def another_fault_at_the_same_time() -> Incident:
    """A scale-in of a host without tasks of this service, while a server on another host stopped listening."""
    incident = scaled_in(with_host(on_hosts(), terminated("i-0c", minutes_ago=12)), "i-0c", minutes_ago=12)
    incident.unhealthy("Target.FailedHealthChecks", "Health checks failed", targets=["i-0a"])
    return logged(incident, refused(90, since=11, targets=("10.0.1.5:32801", "10.0.1.5:32802")))


CASES = (
    finds(CODE, "a scale-in took a host with two tasks", abrupt, also=LOST, band="confirmed", summary_says="2 of its"),
    finds(CODE, "an instance refresh", by_an_instance_refresh, also=LOST, band="confirmed"),
    finds(CODE, "despite a lifecycle hook", despite_a_hook, also=LOST),
    finds(CODE, "the instance is forgotten already", instances_are_forgotten_already, also=LOST),
    finds(
        CODE,
        "stopped tasks may not be read",
        lambda: abrupt().denied(StoppedTasks, "ecs:ListTasks"),
        band="possible",
    ),
    finds(
        CODE,
        "plain instances, and errors begin when one is terminated",
        plain_instances_without_evidence_of_the_target,
        band="possible",
        also=("insufficient-evidence",),
    ),
    look_alike(CODE, "a scale-in long before the errors", long_before_the_errors, first="target-slow-response"),
    look_alike(CODE, "drained properly", drained_properly, verdict="no_fault_found"),
    look_alike(
        CODE,
        "the instance had been ended by somebody else",
        no_longer_there_when_it_took_note,
        first="container-instance-lost",
        also=LOST,
    ),
    look_alike(
        CODE,
        "activities may not be read",
        lambda: abrupt().denied(ScalingActivities, "autoscaling:DescribeScalingActivities"),
        first="container-instance-lost",
        also=LOST,
    ),
    look_alike(CODE, "another fault at the same time", another_fault_at_the_same_time, first="port-not-listening"),
)
