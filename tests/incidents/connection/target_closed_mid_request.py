from tests.incidents.building import Incident, stopped_task
from tests.incidents.cases import finds, look_alike
from tests.incidents.rows import ALL_TARGETS, Rows, closed, logged

CODE = "target-closed-mid-request"


def panics(since: float = 50) -> Rows:
    """Any route now and then, after any time: a handler that fails hard in a process that lives on."""
    return closed(200, (0.2, 9.0), since=since)


def drained_too_early() -> Incident:
    leaving = stopped_task(
        9,
        minutes_ago=20,
        exit_code=143,
        stop_code="ServiceSchedulerInitiated",
        stopped_reason="Scaling activity initiated by (deployment ecs-svc/7)",
        ip="10.0.1.60",
        ran_minutes=300,
    )
    return logged(
        Incident().stopped(leaving), closed(60, (0.1, 4.0), since=20.5, until=19.8, targets=("10.0.1.60:8080",))
    )


CASES = (
    finds(CODE, "a handler panics in a process that lives on", lambda: logged(Incident(), panics()), band="likely"),
    finds(
        CODE,
        "one of four targets breaks its connections",
        lambda: logged(Incident(), closed(80, (0.05, 3.0), targets=ALL_TARGETS[1:2])),
        summary_says="10.0.1.22:8080",
    ),
    look_alike(
        CODE,
        "a task that was scaled in drops what it was doing",
        drained_too_early,
        first="graceful-shutdown-missing",
    ),
    look_alike(
        CODE,
        "the task died at that moment",
        lambda: logged(
            Incident().stopped(stopped_task(9, minutes_ago=20, exit_code=1, ip="10.0.1.60", ran_minutes=300)),
            closed(60, (0.1, 4.0), since=20.8, until=19.9, targets=("10.0.1.60:8080",)),
        ),
        first="task-crash-exit",
    ),
    look_alike(
        CODE,
        "always after thirty seconds",
        lambda: logged(Incident(), closed(60, (30.0, 30.5))),
        first="worker-timeout-kill",
    ),
    look_alike(
        CODE, "two broken connections in an hour", lambda: logged(Incident(), closed(2, 1.0)), verdict="no_fault_found"
    ),
)
