from diagnostics.facts import EcsService
from tests.incidents.building import Incident, definition, deployment, stopped_task
from tests.incidents.cases import finds, look_alike

CODE = "deployment-percent-deadlock"
SAID = "was unable to stop or start tasks during a deployment because of the service deployment configuration."


def waiting(tasks: int = 4, *, created: float = 40, percents: tuple[int, int] = (100, 100), **changes: int) -> Incident:
    """The new revision has been deployed and none of its tasks was started; the old ones serve."""
    new = deployment(8, created=created, desired=tasks, **{"running": 0, **changes}, rollout_state="IN_PROGRESS")
    old = deployment(7, status="ACTIVE", desired=tasks, running=tasks)
    low, high = percents
    return (
        Incident()
        .service(
            desired=tasks,
            running=tasks,
            deployments=(new, old),
            task_definition=new.task_definition,
            minimum_healthy_percent=low,
            maximum_percent=high,
        )
        .definitions(definition(7), definition(8), previous=7)
    )


def old_ones_are_not_healthy() -> Incident:
    """50 and 100 percent would leave room, if the old tasks were well."""
    return waiting(percents=(50, 100)).event(SAID, 12)


CASES = (
    finds(CODE, "100 and 100 percent", waiting, band="likely"),
    finds(CODE, "ECS says so", lambda: waiting().event(SAID, 12)),
    finds(
        CODE,
        "one task and a maximum of 150 percent, which is one task",
        lambda: waiting(1, percents=(100, 150)),
        summary_says="with 1 task",
    ),
    finds(CODE, "one task and a minimum of 50 percent, which is one task", lambda: waiting(1, percents=(50, 100))),
    finds(CODE, "only the event tells", old_ones_are_not_healthy),
    look_alike(CODE, "nobody deploys", lambda: Incident().service(maximum_percent=100), risk=True),
    look_alike(CODE, "it began two minutes ago", lambda: waiting(created=2), risk=True, verdict="no_fault_found"),
    look_alike(
        CODE,
        "new tasks start, and fail",
        lambda: waiting(percents=(100, 200), failed_tasks=4).stopped(
            *(stopped_task(n, minutes_ago=n * 4, exit_code=1, revision=8, ran_minutes=1) for n in range(1, 5))
        ),
        first="task-crash-exit",
        also=("deployment-failing-loop", "deployment-regression"),
    ),
    look_alike(
        CODE,
        "100 and 200 percent: a slow start",
        lambda: waiting(percents=(100, 200)),
        first="insufficient-evidence",
    ),
    look_alike(
        CODE,
        "the service could not be read",
        lambda: waiting().denied(EcsService, "ecs:DescribeServices"),
        verdict="no_fault_found",
    ),
)
