from diagnostics.facts import Point
from tests.incidents.building import Incident, ago, definition, deployment, stopped_task, task
from tests.incidents.cases import finds, look_alike
from tests.incidents.releases import FORMER, PRESENT, replaced

OOM = "OutOfMemoryError: Container killed due to memory usage"


def killed_now_and_then() -> Incident:
    return (
        Incident()
        .stopped(*(stopped_task(n, minutes_ago=n * 10, exit_code=137, reason=OOM) for n in (1, 2, 3)))
        .metric("HTTPCode_ELB_502_Count", _around(10, 20, 30), LoadBalancer="app/shop/50dc6c495c0c9188")
    )


def killed_after_deployment() -> Incident:
    new = deployment(8, created=25, rollout_state="IN_PROGRESS", failed_tasks=3, running=1)
    old = deployment(7, status="ACTIVE", desired=3, running=3)
    return (
        Incident()
        .service(deployments=(new, old), task_definition=new.task_definition)
        .definitions(definition(7), definition(8), previous=7)
        .running(*(task(n, ip) for n, ip in enumerate(("10.0.1.21", "10.0.1.22", "10.0.2.21"), 1)))
        .stopped(*(stopped_task(n, minutes_ago=n * 5, exit_code=137, reason=OOM, revision=8) for n in (1, 2, 3)))
    )


def killed_without_a_reason_while_memory_was_full() -> Incident:
    return (
        Incident()
        .stopped(stopped_task(1, minutes_ago=8, exit_code=137))
        .metric(
            "MemoryUtilization",
            _around(8, value=99.0),
            "Maximum",
            namespace="AWS/ECS",
            ClusterName="prod",
            ServiceName="checkout",
        )
    )


def killed_by_the_scheduler_after_stop_timeout() -> Incident:
    return Incident().stopped(
        stopped_task(
            1,
            minutes_ago=8,
            exit_code=137,
            stop_code="ServiceSchedulerInitiated",
            stopped_reason="Scaling activity initiated by (deployment ecs-svc/6)",
        )
    )


def killed_and_nobody_says_by_whom() -> Incident:
    return Incident().stopped(stopped_task(1, minutes_ago=8, exit_code=137))


def one_kill_in_an_hour_of_other_errors() -> Incident:
    return Incident().elb_errors(504, 50, 40).stopped(stopped_task(1, minutes_ago=20, exit_code=137, reason=OOM))


def mended_and_the_next_release_crashes() -> Incident:
    return replaced(
        *(stopped_task(n, minutes_ago=24 + n * 3, exit_code=137, reason=OOM, revision=FORMER) for n in (1, 2, 3)),
        *(stopped_task(20 + n, minutes_ago=n * 4, exit_code=1, revision=PRESENT) for n in (1, 2, 3)),
    )


def _around(*minutes: float, value: float = 30.0) -> tuple[Point, ...]:
    return tuple(Point(at=ago(m), value=value) for m in sorted(minutes, reverse=True))


CASES = (
    finds(
        "task-oom-killed",
        "the release that ran out of memory is gone, and the next one crashes",
        mended_and_the_next_release_crashes,
        first="task-crash-exit",
        band="possible",
        summary_says="no deployment runs checkout:8 any more",
    ),
    finds(
        "task-oom-killed",
        "tasks are killed for memory now and then, each time a burst of 502",
        killed_now_and_then,
        band="confirmed",
        summary_says="container limit 1024 MiB",
    ),
    finds(
        "task-oom-killed",
        "the new revision needs more memory than it has; the old one keeps serving",
        killed_after_deployment,
        also=("deployment-regression", "deployment-failing-loop"),
        band="likely",
    ),
    finds(
        "task-oom-killed",
        "exit 137 without a reason while memory stood at 99 %",
        killed_without_a_reason_while_memory_was_full,
    ),
    finds(
        "task-oom-killed",
        "one kill explains its own burst, not forty minutes of 504",
        one_kill_in_an_hour_of_other_errors,
        also=("insufficient-evidence",),
    ),
    look_alike(
        "task-oom-killed",
        "the scheduler killed a task that ignored SIGTERM",
        killed_by_the_scheduler_after_stop_timeout,
        verdict="no_fault_found",
    ),
    look_alike(
        "task-oom-killed",
        "exit 137, no reason, memory far from full",
        killed_and_nobody_says_by_whom,
        first="task-crash-exit",
    ),
)
