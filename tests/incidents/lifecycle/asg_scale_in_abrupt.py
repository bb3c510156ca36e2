"""Scale-ins that hurt, and scale-ins that did not."""

from typing import Any

from diagnostics.facts import ContainerInstances, Hosts, ScalingActivities, StoppedTasks
from tests.incidents.building import TG, Incident, change, stopped_task
from tests.incidents.cases import finds, look_alike
from tests.incidents.on_hosts import (
    addresses,
    container_instance,
    forgotten,
    host_went_away,
    on_hosts,
    plain_instances,
    scaled_in,
    terminated,
    with_host,
)
from tests.incidents.rows import Rows, closed, connect_timeouts, logged, refused, slow

CODE = "asg-scale-in-abrupt"
LOST = ("container-instance-lost", "graceful-shutdown-missing")
BY_REFRESH = "At 2026-11-21T03:10:00Z an instance was taken out of service in response to an instance refresh."
BY_AN_UNKNOWN_WORD = "At 2026-11-21T03:10:00Z an instance was taken out of service in response to its change of state."
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


def plain_instance_lost_its_requests() -> Incident:
    """Rows name an address that belongs to nobody by now, in the moments in which the instance ended."""
    return logged(scaled_in(forgotten(plain_instances()), minutes_ago=25), *rows_of_the_lost())


def only_its_group_remembers_it() -> Incident:
    """No target any more when it was asked, so that the instance itself was not looked up."""
    return plain_instance_lost_its_requests().edit(
        Hosts,
        lambda fact: fact.model_copy(update={"items": tuple(item for item in fact.items if item.id != "i-0b")}),
    )


def rows_of_the_lost(at: float = 25) -> tuple[Rows, Rows]:
    gone = addresses(["i-0b"])
    return (
        closed(60, (0.01, 1.0), since=at, until=at - 0.3, targets=gone),
        connect_timeouts(50, since=at - 0.2, until=at - 0.6, targets=gone),
    )


def taken_out_long_before_it_ended() -> Incident:
    """Auto Scaling deregistered it and waited; a report that takes longer than the delay broke off."""
    incident = scaled_in(forgotten(plain_instances()), minutes_ago=25)
    request: dict[str, Any] = {"targetGroupArn": TG, "targets": [{"id": "i-0b"}]}
    incident.changed(change("DeregisterTargets", minutes_ago=30.1, resources=(TG,), request=request))
    gone = addresses(["i-0b"])
    return logged(incident, closed(100, (301.0, 340.0), since=25.1, until=24.5, targets=gone))


def an_unknown_address_at_another_time() -> Incident:
    """Nothing ties these rows to an instance that ended half an hour before."""
    incident = scaled_in(forgotten(plain_instances(), minutes_ago=45), minutes_ago=45)
    return logged(incident, closed(60, (0.3, 1.0), since=12, until=11, targets=("10.0.1.77:8080",)))


def aws_ended_it_first() -> Incident:
    """Auto Scaling takes note in words that are not known, and the instance says that Spot ended it."""
    ended = terminated("i-0b", lifecycle="spot", reason_code="Server.SpotInstanceTermination", reason="")
    return scaled_in(with_host(host_went_away(on_hosts()), ended), cause=BY_AN_UNKNOWN_WORD)


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
    finds(
        CODE,
        "a plain instance that lost its requests",
        plain_instance_lost_its_requests,
        band="likely",
        also=("container-instance-lost", "graceful-shutdown-missing"),
    ),
    finds(CODE, "only its group remembers the instance", only_its_group_remembers_it, band="likely"),
    look_alike(
        CODE,
        "taken out long before it ended",
        taken_out_long_before_it_ended,
        first="deregistration-delay-too-short",
    ),
    look_alike(
        CODE,
        "an unknown address at another time",
        an_unknown_address_at_another_time,
        first="target-closed-mid-request",
    ),
    look_alike(CODE, "AWS ended it first", aws_ended_it_first, first="spot-interruption", also=LOST),
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
