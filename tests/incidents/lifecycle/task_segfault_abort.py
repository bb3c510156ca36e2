from tests.incidents.building import Incident, stopped_task
from tests.incidents.cases import finds, look_alike


def crashing(exit_code: int) -> Incident:
    return Incident().stopped(*(stopped_task(n, minutes_ago=n * 6, exit_code=exit_code) for n in (1, 2)))


def stopped_by_the_scheduler() -> Incident:
    stop = "Scaling activity initiated by (deployment ecs-svc/6)"
    return Incident().stopped(
        stopped_task(1, minutes_ago=9, exit_code=139, stop_code="ServiceSchedulerInitiated", stopped_reason=stop)
    )


CASES = (
    finds("task-segfault-abort", "a native library faults: exit 139", lambda: crashing(139), summary_says="SIGSEGV"),
    finds("task-segfault-abort", "the V8 heap is full: exit 134", lambda: crashing(134), summary_says="V8 heap"),
    look_alike("task-segfault-abort", "plain exit 1", lambda: crashing(1), first="task-crash-exit"),
    look_alike("task-segfault-abort", "a fault while the scheduler was stopping it", stopped_by_the_scheduler),
)
