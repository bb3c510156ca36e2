"""Access log rows beside stops and deployments: whose targets had the errors."""

from diagnostics.facts import RunningTasks
from tests.incidents.building import Incident, definition, deployment, stopped_task, task
from tests.incidents.cases import finds, look_alike
from tests.incidents.rows import ALL_TARGETS, answered, closed, logged

OLD, NEW = ALL_TARGETS[:2], ALL_TARGETS[2:]


def half_rolled_out() -> Incident:
    """Two tasks of the new revision serve beside two of the old one since twenty minutes."""
    new = deployment(8, created=22, desired=2, running=2, rollout_state="IN_PROGRESS")
    old = deployment(7, status="ACTIVE", desired=2, running=2)
    return (
        Incident()
        .service(deployments=(new, old), task_definition=new.task_definition)
        .definitions(definition(7), definition(8), previous=7)
        .running(
            *(task(n, target.partition(":")[0]) for n, target in enumerate(OLD, 1)),
            *(task(n, target.partition(":")[0], revision=8, started=21) for n, target in enumerate(NEW, 3)),
        )
    )


def crash(minutes_ago: float, ip: str) -> Incident:
    return Incident().stopped(stopped_task(9, minutes_ago=minutes_ago, exit_code=1, ip=ip, ran_minutes=300))


CASES = (
    finds(
        "deployment-regression",
        "the rows are on targets of the new revision, the old ones beside them answer well",
        lambda: logged(half_rolled_out(), answered(300, since=20, targets=NEW)),
        band="confirmed",
        also=("target-generated-5xx",),
    ),
    look_alike(
        "deployment-regression",
        "the rows are on targets of both revisions",
        lambda: logged(half_rolled_out(), answered(300, since=20)),
        first="target-generated-5xx",
    ),
    finds(
        "task-crash-exit",
        "rows on the task's target at its end",
        lambda: logged(
            crash(20, "10.0.1.60"), closed(60, (0.1, 4.0), since=20.8, until=19.9, targets=("10.0.1.60:8080",))
        ),
        band="confirmed",
    ),
    finds(
        "target-closed-mid-request",
        "a task crashed in the same minute, and the rows are on all the others",
        lambda: logged(crash(20, "10.0.1.60"), closed(60, (0.1, 4.0), since=20.8, until=19.9)),
        also=("task-crash-exit",),
    ),
    look_alike(
        "task-crash-exit",
        "rows on a target whose task was not read",
        lambda: logged(Incident(), closed(60, (0.1, 4.0), targets=("10.0.1.60:8080",))).denied(
            RunningTasks, "ecs:DescribeTasks"
        ),
        first="target-closed-mid-request",
    ),
)
