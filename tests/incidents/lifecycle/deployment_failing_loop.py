from tests.incidents.building import Incident, deployment, stopped_task
from tests.incidents.cases import finds, look_alike
from tests.incidents.lifecycle.task_crash_exit import new_revision_crashes_at_start


def nobody_knows_why() -> Incident:
    """Tasks of the new revision vanish; ECS forgot the stopped ones."""
    new = deployment(8, created=40, rollout_state="IN_PROGRESS", failed_tasks=9, running=0)
    old = deployment(7, status="ACTIVE", desired=4, running=4)
    return (
        Incident()
        .service(deployments=(new, old), task_definition=new.task_definition)
        .event("is unable to consistently start tasks successfully.", 5)
    )


def only_an_event_tells() -> Incident:
    new = deployment(8, created=40, rollout_state="IN_PROGRESS", running=0)
    old = deployment(7, status="ACTIVE", desired=4, running=4)
    incident = Incident().service(deployments=(new, old), task_definition=new.task_definition)
    return incident.event("is unable to consistently start tasks successfully.", 5)


def failed_once_and_then_completed() -> Incident:
    done = deployment(8, created=40, failed_tasks=1)
    return Incident().service(deployments=(done,), task_definition=done.task_definition)


def still_rolling_out() -> Incident:
    new = deployment(8, created=3, rollout_state="IN_PROGRESS", running=2, desired=4)
    old = deployment(7, status="ACTIVE", desired=2, running=4)
    return Incident().service(deployments=(new, old), task_definition=new.task_definition)


def crashes_without_a_deployment() -> Incident:
    return Incident().stopped(*(stopped_task(n, minutes_ago=n * 8, exit_code=1) for n in (1, 2, 3)))


CASES = (
    finds("deployment-failing-loop", "tasks fail and ECS forgot why", nobody_knows_why, summary_says="9 tasks that"),
    finds(
        "deployment-failing-loop",
        "only an event tells of it",
        only_an_event_tells,
        summary_says="checkout:8 cannot start its tasks",
    ),
    finds(
        "deployment-failing-loop",
        "the new revision crashes: the crash is the root",
        new_revision_crashes_at_start,
        first="task-crash-exit",
        role="consequence",
        also=("deployment-regression",),
    ),
    look_alike(
        "deployment-failing-loop", "one task failed, then the deployment completed", failed_once_and_then_completed
    ),
    look_alike("deployment-failing-loop", "a deployment on its way", still_rolling_out),
    look_alike(
        "deployment-failing-loop",
        "crashes long after the deployment",
        crashes_without_a_deployment,
        first="task-crash-exit",
    ),
)
