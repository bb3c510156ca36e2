"""Hardware that AWS retires or maintains."""

from diagnostics.facts import ScheduledEvent, Task
from tests.incidents.building import Incident, ago, stopped_task
from tests.incidents.cases import finds, look_alike
from tests.incidents.on_hosts import host, host_went_away, on_hosts, plain_instances, sick_on, terminated, with_host

CODE = "infrastructure-retirement"
DRAIN = ("graceful-shutdown-missing",)


def retired(number: int, **changes: object) -> Task:
    made = stopped_task(
        number,
        minutes_ago=15,
        stop_code="InfrastructureHealth",
        stopped_reason="ECS is performing maintenance on the underlying infrastructure hosting the task.",
        ran_minutes=40_000,
        exit_code=137,
        ip=f"10.0.1.{60 + number}",
    )
    return made.model_copy(update=changes)


def fargate_maintenance() -> Incident:
    return Incident().stopped(retired(1), retired(2)).elb_errors(502, 50, 15, 13)


def planned(minutes_ago: float, words: str = "The instance is running on degraded hardware") -> ScheduledEvent:
    return ScheduledEvent(code="instance-retirement", description=words, not_before=ago(minutes_ago))


def a_host_was_retired() -> Incident:
    ended = terminated(
        "i-0b",
        state="stopped",
        reason_code="Server.ScheduledStop",
        reason="Server.ScheduledStop: Stopped due to scheduled retirement",
        events=(planned(21),),
    )
    return with_host(host_went_away(on_hosts()), ended)


def plain_instance_was_retired() -> Incident:
    ended = terminated(
        "i-0b",
        state="stopped",
        reason_code="Server.ScheduledStop",
        reason="Server.ScheduledStop: Stopped due to scheduled retirement",
    )
    incident = with_host(plain_instances(), ended)
    return incident.health("unused", "Target.InvalidState", "Target is in the stopped state", targets=["i-0b"])


def degraded_already() -> Incident:
    ill = host("i-0b", system_status="impaired", impaired_since=ago(12), events=(planned(30),))
    return sick_on(with_host(on_hosts(), ill), "i-0b").elb_errors(504, 40, 12).connection_errors(40, 12)


def next_week() -> Incident:
    return with_host(on_hosts(), host("i-0b", events=(planned(-10_000),)))


def over_already() -> Incident:
    done = planned(30, "[Completed] The instance is running on degraded hardware")
    return with_host(on_hosts(), host("i-0b", events=(done,)))


def moved_by_a_deployment() -> Incident:
    moved = [
        stopped_task(
            n,
            minutes_ago=15,
            stop_code="ServiceSchedulerInitiated",
            stopped_reason="Scaling activity initiated by (deployment ecs-svc/7)",
            exit_code=0,
            ip=f"10.0.1.{60 + n}",
        )
        for n in (1, 2)
    ]
    return Incident().stopped(*moved)


CASES = (
    finds(CODE, "maintenance under Fargate tasks", fargate_maintenance, also=DRAIN, band="confirmed"),
    finds(CODE, "a host was retired", a_host_was_retired, also=("container-instance-lost", *DRAIN)),
    finds(CODE, "a plain instance was retired", plain_instance_was_retired, also=("target-instance-stopped",)),
    finds(CODE, "the hardware degrades before the date", degraded_already, also=("container-instance-lost",)),
    look_alike(CODE, "it lies ahead", next_week, risk=True),
    look_alike(CODE, "it is over", over_already, verdict="no_fault_found"),
    look_alike(CODE, "a deployment replaced the tasks", moved_by_a_deployment, verdict="no_fault_found"),
    look_alike(CODE, "replaced, and nobody noticed", lambda: Incident().stopped(retired(1)), risk=True),
)
