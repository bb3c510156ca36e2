"""Commands that cannot be run."""

from diagnostics.facts import ApplicationLogs
from tests.incidents.building import Incident, definition, deployment, stopped_task
from tests.incidents.cases import finds, look_alike
from tests.incidents.written import Said, said

CODE = "task-entrypoint-failed"
NUMBERS = range(1, 5)


def deploying() -> Incident:
    new = deployment(8, created=20, rollout_state="IN_PROGRESS", failed_tasks=4, running=0)
    old = deployment(7, status="ACTIVE", desired=4, running=4)
    incident = Incident().service(deployments=(new, old), task_definition=new.task_definition)
    return incident.definitions(definition(7), definition(8), previous=7)


def ended(exit_code: int, ran_minutes: float = 0.2) -> Incident:
    tasks = [
        stopped_task(n, minutes_ago=n * 4, exit_code=exit_code, revision=8, ran_minutes=ran_minutes) for n in NUMBERS
    ]
    return deploying().stopped(*tasks)


def last_line(incident: Incident, text: str) -> Incident:
    lines = [Said(text, since=n * 4 + 0.1, until=n * 4, tasks=(stopped_task(n, minutes_ago=1).id,)) for n in NUMBERS]
    return said(incident, *lines)


def could_not_start(reason: str) -> Incident:
    tasks = [
        stopped_task(
            n,
            minutes_ago=n * 4,
            reason=reason,
            stop_code="TaskFailedToStart",
            stopped_reason="Task failed to start",
            revision=8,
        )
        for n in NUMBERS
    ]
    return deploying().stopped(*tasks)


ALSO = ("deployment-regression", "deployment-failing-loop")
NO_FILE = 'CannotStartContainerError: runc: exec: "/app/run": stat /app/run: no such file or directory: unknown'
PULL = "CannotPullContainerError: failed to resolve ref: no such file or directory"

CASES = (
    finds(CODE, "exit 127: the command is not in the image", lambda: ended(127), also=ALSO, band="likely"),
    finds(
        CODE,
        "built for ARM, run on x86: exec format error in the log",
        lambda: last_line(ended(255), "exec /app/server: exec format error"),
        also=ALSO,
        summary_says="another processor",
    ),
    finds(
        CODE,
        "the shell says which command is missing",
        lambda: last_line(ended(127), "/bin/sh: 1: gunicorn: not found"),
        also=ALSO,
        band="confirmed",
    ),
    finds(CODE, "the runtime names the missing file", lambda: could_not_start(NO_FILE), also=ALSO, band="likely"),
    finds(
        CODE,
        "exit 126, and the log is denied",
        lambda: ended(126).denied(ApplicationLogs, "logs:GetLogEvents"),
        also=ALSO,
    ),
    look_alike(
        CODE,
        "a script misses a tool, and the task crashes an hour later",
        lambda: last_line(ended(1, ran_minutes=90), "sh: 1: jq: not found"),
        first="task-crash-exit",
        also=ALSO,
    ),
    look_alike(CODE, "exit 1 at start, and nobody says why", lambda: ended(1), first="task-crash-exit", also=ALSO),
    look_alike(
        CODE,
        "a file that the program does not find",
        lambda: last_line(ended(1), "FileNotFoundError: [Errno 2] No such file or directory: 'settings.toml'"),
        first="task-crash-exit",
        also=ALSO,
    ),
    look_alike(
        CODE,
        "the image cannot be pulled",
        lambda: could_not_start(PULL),
        first="image-pull-failed",
        also=ALSO,
    ),
    look_alike(
        CODE,
        "a running container misses a tool",
        lambda: said(Incident(), Said("/bin/sh: 1: curl: not found", 9)),
        verdict="no_fault_found",
    ),
)
