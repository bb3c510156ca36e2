from tests.incidents.building import Incident, definition, deployment, stopped_task, task
from tests.incidents.cases import finds, look_alike


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


CASES = (
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
