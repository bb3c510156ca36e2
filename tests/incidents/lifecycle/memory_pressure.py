from diagnostics.facts import ApplicationLogs, Metrics
from tests.incidents.building import Incident, minutes_of, stopped_task
from tests.incidents.cases import finds, look_alike
from tests.incidents.loading import ECS, Wrote, memory, slow_for_all, wrote
from tests.incidents.rows import ALL_TARGETS, closed, logged, slow

CODE = "memory-pressure"
PAUSES = Wrote("memory-pause", 40)
KILLED = Wrote("worker-killed", 30, details=(("kind", "memory"),))


def thrashing() -> Incident:
    """The heap is nearly full, and every answer waits for the garbage collector."""
    return memory(slow_for_all(Incident(), 20), 96, 25).elb_errors(504, 40, 19)


CASES = (
    finds(
        CODE,
        "the garbage collector does not get anywhere",
        lambda: wrote(thrashing(), PAUSES),
        also=("target-slow-response",),
        band="confirmed",
    ),
    finds(
        CODE,
        "workers die of it inside a container that lives on",
        lambda: wrote(
            memory(logged(Incident(), closed(120, (0.2, 2.0), since=20)), 98, 40), Wrote("out-of-memory", 30)
        ),
        also=("target-closed-mid-request",),
        band="confirmed",
    ),
    finds(
        CODE,
        "gunicorn's workers are killed from outside",
        lambda: wrote(memory(logged(Incident(), closed(120, (0.2, 2.0), since=20)), 98, 40), KILLED),
        also=("target-closed-mid-request",),
        band="confirmed",
    ),
    finds(
        CODE,
        "the log may not be read",
        lambda: thrashing().denied(ApplicationLogs, "logs:FilterLogEvents"),
        also=("target-slow-response",),
        band="possible",
    ),
    look_alike(
        CODE,
        "gunicorn kills workers that hang, and guesses at memory",
        lambda: wrote(
            memory(logged(Incident(), closed(120, (30.0, 30.4), since=20)), 98, 40), KILLED, Wrote("worker-timeout", 30)
        ),
        first="worker-timeout-kill",
        risk=True,
    ),
    look_alike(
        CODE,
        "a task was killed for memory",
        lambda: wrote(thrashing(), PAUSES).stopped(
            stopped_task(
                77, minutes_ago=15, exit_code=137, reason="OutOfMemoryError: Container killed due to memory usage"
            )
        ),
        first="task-oom-killed",
        also=("target-slow-response",),
    ),
    look_alike(
        CODE,
        "a heap that has been full for hours",
        lambda: (
            slow_for_all(Incident(), 20)
            .elb_errors(504, 40, 19)
            .metric("MemoryUtilization", minutes_of(93, 180), "Maximum", **ECS)
        ),
        first="target-slow-response",
    ),
    look_alike(
        CODE,
        "memory rises, and nobody suffers",
        lambda: memory(Incident(), 94, 30),
        risk=True,
        verdict="no_fault_found",
    ),
    look_alike(
        CODE,
        "one of four targets hangs, the memory of all is high",
        lambda: logged(memory(Incident(), 94, 30), slow(60, targets=ALL_TARGETS[3:], since=20)),
        first="target-slow-response",
    ),
    look_alike(
        CODE,
        "metrics may not be read",
        lambda: thrashing().denied(Metrics, "cloudwatch:GetMetricData"),
        verdict="no_fault_found",
    ),
)
