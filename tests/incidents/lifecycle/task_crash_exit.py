from diagnostics.facts import EcsService
from tests.incidents.building import LB_DIMENSION, Incident, definition, deployment, minutes_of, stopped_task, task
from tests.incidents.cases import finds, look_alike
from tests.incidents.releases import FORMER, PRESENT, replaced

OOM = "OutOfMemoryError: Container killed due to memory usage"


def crashing(exit_code: int) -> Incident:
    return (
        Incident()
        .stopped(*(stopped_task(n, minutes_ago=n * 3, exit_code=exit_code) for n in range(1, 6)))
        .elb_errors(502, 20, 16)
    )


def new_revision_crashes_at_start() -> Incident:
    new = deployment(8, created=20, rollout_state="IN_PROGRESS", failed_tasks=4, running=0)
    old = deployment(7, status="ACTIVE", desired=4, running=4)
    return (
        Incident()
        .service(deployments=(new, old), task_definition=new.task_definition)
        .definitions(definition(7), definition(8), previous=7)
        .running(*(task(n, ip) for n, ip in enumerate(("10.0.1.21", "10.0.1.22", "10.0.2.21", "10.0.2.22"), 1)))
        .stopped(*(stopped_task(n, minutes_ago=n * 4, exit_code=1, revision=8, ran_minutes=1) for n in range(1, 5)))
    )


def tasks_of_an_old_deployment_ended_on_sigterm() -> Incident:
    return Incident().stopped(
        *(
            stopped_task(
                n,
                minutes_ago=40,
                exit_code=143,
                stop_code="ServiceSchedulerInitiated",
                stopped_reason="Scaling activity initiated by (deployment ecs-svc/6)",
                revision=6,
            )
            for n in (1, 2)
        )
    )


def a_person_stopped_a_task_that_exits_1_on_sigterm() -> Incident:
    return Incident().stopped(
        stopped_task(1, minutes_ago=5, exit_code=1, stop_code="UserInitiated", stopped_reason="Task stopped by user")
    )


def killed_for_memory() -> Incident:
    reason = "OutOfMemoryError: Container killed due to memory usage"
    return Incident().stopped(stopped_task(1, minutes_ago=5, exit_code=137, reason=reason))


def the_next_release_runs_out_of_memory() -> Incident:
    """checkout:8 crashed until checkout:9 took its place, and that one is killed for memory."""
    return replaced(
        *(stopped_task(n, minutes_ago=24 + n * 2, exit_code=1, revision=FORMER, ran_minutes=1) for n in range(1, 9)),
        *(stopped_task(20 + n, minutes_ago=n * 4, exit_code=137, reason=OOM, revision=PRESENT) for n in (1, 2, 3)),
    ).metric("HTTPCode_ELB_502_Count", (*minutes_of(40, 42, 26), *minutes_of(5, 13, 2)), LoadBalancer=LB_DIMENSION)


def the_next_release_crashes_too() -> Incident:
    return replaced(
        *(stopped_task(n, minutes_ago=24 + n * 2, exit_code=1, revision=FORMER, ran_minutes=1) for n in range(1, 4)),
        *(stopped_task(20 + n, minutes_ago=n * 4, exit_code=3, revision=PRESENT) for n in (1, 2, 3)),
    )


def the_crash_that_is_just_being_mended() -> Incident:
    """checkout:9 was deployed a minute ago; no other trouble is known yet."""
    incident = crashing(1)
    new = deployment(9, created=1, rollout_state="IN_PROGRESS", running=1, pending=3)
    return incident.service(deployments=(new,), task_definition=new.task_definition)


CASES = (
    finds(
        "task-crash-exit",
        "the crashing release is gone, and the next one is killed for memory",
        the_next_release_runs_out_of_memory,
        first="task-oom-killed",
        band="possible",
        summary_says="no deployment runs checkout:8 any more",
    ),
    finds(
        "task-crash-exit",
        "the same, and nobody may read the service's deployments",
        lambda: the_next_release_runs_out_of_memory().denied(EcsService, "ecs:DescribeServices"),
        also=("task-oom-killed",),
    ),
    finds(
        "task-crash-exit",
        "the next release crashes too, with another exit code",
        the_next_release_crashes_too,
        summary_says="3 tasks ended by themselves: container web exit 3 (the application's own code) (and 1 more)",
    ),
    finds("task-crash-exit", "the next release only begins to start", the_crash_that_is_just_being_mended),
    finds(
        "task-crash-exit", "the application ends with exit 1 every few minutes", lambda: crashing(1), band="confirmed"
    ),
    finds("task-crash-exit", "exit 137 and nobody says who killed it", lambda: crashing(137), band="possible"),
    finds(
        "task-crash-exit",
        "the new revision crashes at start, the old one keeps serving",
        new_revision_crashes_at_start,
        also=("deployment-regression", "deployment-failing-loop"),
    ),
    look_alike(
        "task-crash-exit", "old tasks ended on SIGTERM after a deployment", tasks_of_an_old_deployment_ended_on_sigterm
    ),
    look_alike("task-crash-exit", "a person stopped the task", a_person_stopped_a_task_that_exits_1_on_sigterm),
    look_alike("task-crash-exit", "the task was killed for memory", killed_for_memory, first="task-oom-killed"),
)
