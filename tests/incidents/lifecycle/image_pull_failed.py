from tests.incidents.building import Incident, definition, deployment, stopped_task
from tests.incidents.cases import finds, look_alike
from tests.incidents.releases import FORMER, PRESENT, replaced

NOT_FOUND = (
    "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref "
    "registry.example.com/checkout:8: not found"
)
TIMEOUT = "CannotPullContainerError: ref pull has been retried 5 time(s): dial tcp 10.0.0.9:443: i/o timeout"


def new_tag_missing(reason: str = NOT_FOUND) -> Incident:
    new = deployment(8, created=20, rollout_state="IN_PROGRESS", failed_tasks=3, running=0)
    old = deployment(7, status="ACTIVE", desired=4, running=4)
    stops = (
        stopped_task(n, minutes_ago=n * 5, stop_code="TaskFailedToStart", stopped_reason=reason, revision=8)
        for n in (1, 2, 3)
    )
    return (
        Incident()
        .service(deployments=(new, old), task_definition=new.task_definition)
        .definitions(definition(7), definition(8), previous=7)
        .stopped(*stops)
    )


def nothing_runs_any_more() -> Incident:
    broken = new_tag_missing().service(
        running=0, deployments=(deployment(8, created=50, rollout_state="IN_PROGRESS", running=0),)
    )
    return broken.targets(()).running().elb_errors(503, 500, 30)


def pulled_again_in_the_meantime() -> Incident:
    return Incident().event("has reached a steady state.", 4)


def secrets_cannot_be_read() -> Incident:
    reason = (
        "ResourceInitializationError: unable to pull secrets or registry auth: AccessDeniedException: not authorized"
    )
    return new_tag_missing(reason)


def mended_and_the_next_release_crashes() -> Incident:
    pulled = (
        stopped_task(
            n, minutes_ago=24 + n * 3, stop_code="TaskFailedToStart", stopped_reason=NOT_FOUND, revision=FORMER
        )
        for n in (1, 2, 3)
    )
    crashed = (stopped_task(20 + n, minutes_ago=n * 4, exit_code=1, revision=PRESENT) for n in (1, 2, 3))
    return replaced(*pulled, *crashed)


CASES = (
    finds(
        "image-pull-failed",
        "the release without an image is gone, and the next one crashes",
        mended_and_the_next_release_crashes,
        first="task-crash-exit",
        band="possible",
        summary_says="no deployment runs checkout:8 any more",
    ),
    finds(
        "image-pull-failed",
        "the deployed tag does not exist",
        new_tag_missing,
        also=("deployment-failing-loop", "deployment-regression"),
        summary_says="not found",
    ),
    finds(
        "image-pull-failed",
        "the subnet has no way to the registry",
        lambda: new_tag_missing(TIMEOUT),
        also=("deployment-failing-loop", "deployment-regression"),
        summary_says="no way to the registry",
    ),
    finds(
        "image-pull-failed",
        "nothing can start, so the target group is empty",
        nothing_runs_any_more,
        also=("deployment-failing-loop", "deployment-regression", "no-registered-targets"),
    ),
    look_alike("image-pull-failed", "all tasks run", pulled_again_in_the_meantime),
    look_alike(
        "image-pull-failed",
        "secrets cannot be read",
        secrets_cannot_be_read,
        first="resource-initialization-failed",
        also=("deployment-failing-loop", "deployment-regression"),
    ),
)
