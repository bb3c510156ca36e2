from diagnostics.facts import TaskDefinitions
from tests.incidents.building import Incident, stopped_task
from tests.incidents.cases import finds, look_alike
from tests.incidents.rows import logged
from tests.incidents.stopping import leaving, lost_at, with_delay, with_stop_timeout

CODE = "task-sigkill-on-stop"
SHUTDOWN, MANUAL, DELAY = "graceful-shutdown-missing", "manual-stop-task", "deregistration-delay-too-short"


def killed(by: str = "ServiceSchedulerInitiated", took_s: float = 33, timeout_s: int | None = 30) -> Incident:
    return with_stop_timeout(Incident().stopped(leaving(by=by, exit_code=137, took_s=took_s)), timeout_s)


def cut_off(by: str = "SpotInterruption") -> Incident:
    """It drains, and its requests need longer than the 30 s it is given after the notice."""
    incident = killed(by)
    return logged(incident, lost_at(20, after_s=(31.0, 55.0), before_min=0.03))


CASES = (
    finds(CODE, "open requests are cut off by SIGKILL", cut_off, first="spot-interruption", role="contributing"),
    finds(
        CODE,
        "its host goes, and open requests are cut off by SIGKILL",
        lambda: cut_off("TerminationNotice"),
        band="confirmed",
    ),
    finds(
        CODE,
        "a shell swallows SIGTERM after a StopTask",
        lambda: logged(killed("UserInitiated"), lost_at(20, before_min=0.1)),
        first=MANUAL,
        role="contributing",
        also=(SHUTDOWN,),
    ),
    finds(
        CODE,
        "a scale-in with no time to drain, and a process that ignores SIGTERM",
        lambda: logged(with_delay(killed(), 0), lost_at(20, before_min=0.1)),
        first=SHUTDOWN,
        role="contributing",
        also=(DELAY,),
    ),
    finds(
        CODE,
        "the task definition could not be read",
        lambda: logged(killed("UserInitiated"), lost_at(20, before_min=0.1)).denied(
            TaskDefinitions, "ecs:DescribeTaskDefinition"
        ),
        first=MANUAL,
        role="contributing",
        band="likely",
        also=(SHUTDOWN,),
    ),
    look_alike(CODE, "killed after the drain, and nothing was lost", killed, risk=True, verdict="no_fault_found"),
    look_alike(
        CODE,
        "the drain came first, then the stop timeout",
        lambda: killed(took_s=340),
        risk=True,
        verdict="no_fault_found",
    ),
    look_alike(
        CODE,
        "exit 137 and nobody ordered it",
        lambda: Incident().stopped(stopped_task(9, minutes_ago=20, exit_code=137)).elb_errors(502, 80, 20, 18),
        first="task-crash-exit",
        also=("insufficient-evidence",),
    ),
    look_alike(
        CODE,
        "exit 137 three seconds after the order: not the stop timeout",
        lambda: logged(killed("UserInitiated", took_s=3), lost_at()),
        first=MANUAL,
        also=(SHUTDOWN,),
    ),
    look_alike(
        CODE,
        "killed for memory while it was being stopped",
        lambda: Incident().stopped(
            leaving(exit_code=137, took_s=33).model_copy(
                update={
                    "containers": tuple(
                        c.model_copy(update={"reason": "OutOfMemoryError: Container killed due to memory usage"})
                        for c in leaving(exit_code=137).containers
                    )
                }
            )
        ),
        verdict="no_fault_found",
    ),
)
