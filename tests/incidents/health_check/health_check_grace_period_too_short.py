from diagnostics.facts import Point, Task, TaskDefinition
from tests.incidents.building import (
    LB_DIMENSION,
    SERVICE,
    TG,
    TG_DIMENSION,
    Incident,
    change,
    definition,
    deployment,
    minutes_of,
    stopped_task,
    task,
)
from tests.incidents.cases import finds, look_alike
from tests.incidents.health_check.health_check_path_mismatch import kill_loop_without_a_deployment
from tests.incidents.health_check.health_check_port_mismatch import BROKEN

CODE = "health-check-grace-period-too-short"
KILLED = f"Task failed ELB health checks in (target-group {TG})"
OPEN = "all-targets-unhealthy-fail-open"


def killed(number: int, minutes_ago: float, *, ran: float = 2, revision: int = 7) -> Task:
    return stopped_task(
        number,
        minutes_ago=minutes_ago,
        exit_code=143,
        stop_code="ServiceSchedulerInitiated",
        stopped_reason=KILLED,
        revision=revision,
        ran_minutes=ran,
    )


def scaled_out_and_never_gets_there() -> Incident:
    """One task started an hour ago and needed five minutes; the ones that came after it get one."""
    both = {"LoadBalancer": LB_DIMENSION, "TargetGroup": TG_DIMENSION}
    count = (*minutes_of(3, 180, 55), *minutes_of(4, 55))
    incident = (
        Incident()
        .service(desired=5, grace_period_s=30)
        .running(task(1, "10.0.1.21"), task(2, "10.0.1.22"), task(3, "10.0.2.21"), task(4, "10.0.2.22", started=60))
        .stopped(*(killed(n + 10, n * 4) for n in (1, 2, 3)))
    )
    for statistic in ("Minimum", "Maximum"):
        incident.metric("HealthyHostCount", (Point(at=p.at, value=p.value) for p in count), statistic, **both)
    return incident


def lengthened_a_minute_ago() -> Incident:
    """No task was stopped since somebody gave the tasks more time."""
    return scaled_out_and_never_gets_there().service(grace_period_s=240)


def grace_was_shortened() -> Incident:
    request = {"cluster": "prod", "service": "checkout", "healthCheckGracePeriodSeconds": 10}
    return (
        Incident()
        .service(grace_period_s=10)
        .running(task(1, "10.0.1.21"), task(2, "10.0.1.22"), task(3, "10.0.2.21"))
        .stopped(*(killed(n + 10, n * 3) for n in (1, 2)))
        .changed(change("UpdateService", minutes_ago=15, resources=(SERVICE,), request=request))
    )


def first_deployment_of_a_slow_starter() -> Incident:
    new = deployment(8, created=20, rollout_state="IN_PROGRESS", running=1, failed_tasks=3)
    old = deployment(7, status="ACTIVE", desired=3, running=3)
    return (
        Incident()
        .service(grace_period_s=0, deployments=(new, old), task_definition=new.task_definition)
        .definitions(definition(7), definition(8), previous=7)
        .running(
            task(1, "10.0.1.21"),
            task(2, "10.0.1.22"),
            task(3, "10.0.2.21"),
            task(9, "10.0.2.22", revision=8, started=1),
        )
        .stopped(*(killed(n + 10, n * 4, revision=8) for n in (1, 2, 3)))
        .unhealthy(*BROKEN, targets=("10.0.2.22",), since=14)
    )


def says_no_port(revision: int, *command: str) -> TaskDefinition:
    web = definition(revision).containers[0]
    silent = web.model_copy(update={"environment": {}, "environment_names": (), "command": command})
    return definition(revision, containers=(silent,))


def release_that_may_never_listen() -> Incident:
    """The revision before came up under the same grace period: a slow start or a server on the loopback address."""
    new = deployment(8, created=20, rollout_state="IN_PROGRESS", running=0, failed_tasks=3)
    old = deployment(7, status="ACTIVE")
    reason = "(reason Health checks failed)"
    return (
        Incident()
        .service(grace_period_s=60, deployments=(new, old), task_definition=new.task_definition)
        .definitions(definition(7), definition(8), previous=7)
        .stopped(*(killed(n + 10, n * 4, revision=8) for n in (1, 2, 3)))
        .event(f"(task {11:08x}{0:024x}) (port 8080) is unhealthy in (target-group {TG}) due to {reason}.", 4.5)
    )


def long_up_before_they_fail() -> Incident:
    return (
        Incident()
        .service(grace_period_s=30)
        .stopped(killed(11, 4, ran=400))
        .unhealthy(*BROKEN, targets=("10.0.1.21",), since=8)
    )


CASES = (
    finds(
        CODE,
        "somebody lengthened it a minute ago",
        lengthened_a_minute_ago,
        summary_says="was too short for their start, and is 240 s since",
    ),
    finds(
        CODE,
        "a task of the same definition needed five minutes, the new ones get thirty seconds",
        scaled_out_and_never_gets_there,
        band="confirmed",
    ),
    finds(CODE, "somebody shortened the grace period", grace_was_shortened, band="confirmed"),
    finds(
        CODE,
        "the first roll-out of a slow starter: only its settings say that it would listen",
        first_deployment_of_a_slow_starter,
        also=("deployment-regression", "deployment-failing-loop"),
        band="likely",
    ),
    finds(
        CODE,
        "a release that starts slowly or never listens; the revision before came up in time",
        release_that_may_never_listen,
        also=("deployment-regression", "deployment-failing-loop", "port-not-listening"),
        summary_says="or they never listen on the port",
    ),
    finds(
        CODE,
        "no setting names a port, and the revision before listened with the same",
        lambda: first_deployment_of_a_slow_starter().definitions(says_no_port(7), says_no_port(8), previous=7),
        also=("deployment-regression", "deployment-failing-loop"),
        band="likely",
    ),
    finds(
        CODE,
        "no setting names a port, and the command is a new one",
        lambda: first_deployment_of_a_slow_starter().definitions(says_no_port(7), says_no_port(8, "new"), previous=7),
        first="deployment-failing-loop",
        also=("deployment-regression",),
        band="possible",
    ),
    look_alike(
        CODE,
        "the killed tasks answered 404",
        lambda: kill_loop_without_a_deployment().service(grace_period_s=0),
        first="health-check-path-mismatch",
    ),
    look_alike(
        CODE,
        "the killed task had been up for hours",
        long_up_before_they_fail,
        first="port-not-listening",
        also=("insufficient-evidence",),
    ),
    look_alike(
        CODE,
        "a short grace period that hurts nobody",
        lambda: Incident().service(grace_period_s=0),
        verdict="no_fault_found",
    ),
)
