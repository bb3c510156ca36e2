from diagnostics.facts import ServiceDeployment, ServiceHistory, StoppedTasks
from tests.incidents.building import Incident, ago, definition, deployment, stopped_task
from tests.incidents.cases import finds, look_alike

CODE = "deployment-circuit-breaker-tripped"
REASON = "ECS deployment circuit breaker: tasks failed to start."


def failed(minutes_ago: float = 12, *, reason: str = REASON) -> Incident:
    """Revision 8 was given up, and nothing rolled it back; the tasks of revision 7 serve."""
    new = deployment(
        8, created=30, rollout_state="FAILED", rollout_state_reason=reason, running=0, updated_at=ago(minutes_ago)
    )
    old = deployment(7, status="ACTIVE", desired=4, running=4)
    return (
        Incident()
        .service(deployments=(new, old), task_definition=new.task_definition, circuit_breaker_enabled=True)
        .definitions(definition(7), definition(8), previous=7)
    )


def rolled_back(minutes_ago: float = 12) -> Incident:
    """The roll-back is complete, and only the history and an event tell of it."""
    past = ServiceDeployment(
        arn="arn:d/8",
        status="ROLLBACK_SUCCESSFUL",
        circuit_breaker_status="TRIGGERED",
        started_at=ago(minutes_ago + 15),
        finished_at=ago(minutes_ago),
    )
    incident = Incident().service(
        deployments=(deployment(7, created=minutes_ago + 2),),
        circuit_breaker_enabled=True,
        circuit_breaker_rollback=True,
    )
    incident.event("(deployment ecs-svc/8) deployment failed: tasks failed to start.", minutes_ago + 2)
    return incident.replace(ServiceHistory(deployments=(past,)))


def crashes(incident: Incident, exit_code: int = 1) -> Incident:
    tasks = (
        stopped_task(n, minutes_ago=13 + n * 3, exit_code=exit_code, revision=8, ran_minutes=1) for n in range(1, 5)
    )
    return incident.stopped(*tasks)


def cannot_pull() -> Incident:
    reason = "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref x:8"
    return failed().stopped(
        *(
            stopped_task(
                n, minutes_ago=13 + n * 3, stop_code="TaskFailedToStart", stopped_reason=reason, revision=8
            ).model_copy(update={"started_at": None})
            for n in range(1, 5)
        )
    )


CASES = (
    finds(
        CODE,
        "the tasks of the new revision crashed",
        lambda: crashes(failed()),
        first="task-crash-exit",
        role="consequence",
        also=("deployment-regression",),
    ),
    finds(
        CODE,
        "the image could not be pulled",
        cannot_pull,
        first="image-pull-failed",
        role="consequence",
        also=("deployment-regression",),
    ),
    finds(CODE, "why its tasks failed is not known any more", failed, summary_says="nothing rolls it back"),
    finds(CODE, "rolled back, as event and history say", rolled_back, band="confirmed", summary_says="was rolled back"),
    finds(
        CODE,
        "rolled back after crashes",
        lambda: crashes(rolled_back()),
        first="task-crash-exit",
        role="consequence",
        also=("deployment-regression",),
    ),
    finds(
        CODE, "stopped tasks could not be read", lambda: failed().denied(StoppedTasks, "ecs:ListTasks"), band="likely"
    ),
    look_alike(CODE, "tripped two days ago", lambda: rolled_back(2900), verdict="no_fault_found"),
    look_alike(
        CODE,
        "a person stopped the deployment",
        lambda: failed(reason="ECS deployment ecs-svc/8 was stopped by a user."),
        first="insufficient-evidence",
    ),
    look_alike(
        CODE,
        "a deployment without a circuit breaker goes on failing",
        lambda: crashes(
            Incident()
            .service(
                deployments=(
                    deployment(8, created=30, rollout_state="IN_PROGRESS", failed_tasks=4, running=0),
                    deployment(7, status="ACTIVE"),
                )
            )
            .definitions(definition(7), definition(8), previous=7)
        ),
        first="task-crash-exit",
        also=("deployment-regression", "deployment-failing-loop"),
    ),
)
