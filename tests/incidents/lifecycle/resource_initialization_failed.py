from tests.incidents.building import Incident
from tests.incidents.cases import finds, look_alike
from tests.incidents.lifecycle.image_pull_failed import new_tag_missing

DENIED = "ResourceInitializationError: unable to pull secrets or registry auth: AccessDeniedException: not authorized"
NETWORK = "ResourceInitializationError: unable to pull secrets or registry auth: context deadline exceeded"
LOGS = "ResourceInitializationError: failed to initialize logging driver: The specified log group does not exist"
WRONG_PROCESSOR = (
    "CannotStartContainerError: ResourceInitializationError: failed to create new container runtime task: OCI runtime"
    " create failed: exec /app/server: exec format error"
)


def with_reason(reason: str) -> Incident:
    return new_tag_missing(reason)


CASES = (
    finds(
        "resource-initialization-failed",
        "the execution role may not read the secret",
        lambda: with_reason(DENIED),
        also=("deployment-failing-loop", "deployment-regression"),
        summary_says="no permission",
    ),
    finds(
        "resource-initialization-failed",
        "no way to Secrets Manager",
        lambda: with_reason(NETWORK),
        also=("deployment-failing-loop", "deployment-regression"),
        summary_says="no way to an AWS endpoint",
    ),
    finds(
        "resource-initialization-failed",
        "the log group is missing",
        lambda: with_reason(LOGS),
        also=("deployment-failing-loop", "deployment-regression"),
        summary_says="does not exist",
    ),
    look_alike(
        "resource-initialization-failed",
        "the image cannot be pulled",
        new_tag_missing,
        first="image-pull-failed",
        also=("deployment-failing-loop", "deployment-regression"),
    ),
    look_alike(
        "resource-initialization-failed",
        "the image is for another processor",
        lambda: with_reason(WRONG_PROCESSOR),
        first="task-entrypoint-failed",
        also=("deployment-regression", "deployment-failing-loop"),
    ),
    look_alike(
        "resource-initialization-failed",
        "an event two hours ago, all tasks run since",
        lambda: Incident().event(DENIED, 119),
    ),
)
