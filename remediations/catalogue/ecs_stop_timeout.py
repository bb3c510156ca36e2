"""Give tasks longer to end before they are killed."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.facts import EcsService, StoppedTasks, TaskDefinition, TaskDefinitions
from diagnostics.rules.lost_at_stop import LOST_USES, killed_on_stop, lost_at_stops, ordered_stops
from remediations.fix import Case, fix
from remediations.plan import Plan
from remediations.steps import deployments
from remediations.steps.deployments import DEPLOYMENT_USES
from remediations.steps.task_definitions import PREPARE, Edit

DEFAULT_S = 30
MOST_S = 120
"""Fargate takes no more."""


@fix(
    id="ecs-stop-timeout",
    title="Give tasks longer to end",
    risk="medium",
    causes=("task-sigkill-on-stop",),
    calls=("ecs:RegisterTaskDefinition", "ecs:TagResource", "iam:PassRole", "ecs:UpdateService"),
    needs=(EcsService, StoppedTasks, TaskDefinitions),
    uses=(*DEPLOYMENT_USES, *LOST_USES),
    docs=("https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html",),
    prepare=PREPARE,
)
def ecs_stop_timeout(case: Case) -> Iterator[Plan]:
    """Registers a revision of the present task definition with twice the stop timeout, at most 120 s, and deploys it.

    Offered for the container that was killed when its stop timeout was over, while it still worked on requests. Where
    SIGTERM does not reach the process at all, a longer wait does not help. The tasks that this deployment replaces
    still have the old timeout. The undo deploys the present revision again.
    Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html
    """
    service = case.facts[EcsService]
    definition = deployments.present_definition(case, service)
    cut_off = any(lost.mechanism == "kill" for lost in lost_at_stops(case.facts))
    if case.cause.band == "possible" or not cut_off or definition is None:
        return
    edit = _edit(case, definition)
    if edit is not None:
        yield deployments.revision_plan(
            case,
            service,
            definition,
            (edit,),
            fix="ecs-stop-timeout",
            title=f"Give container {edit.container} {edit.after} s to end instead of {edit.before or DEFAULT_S} s",
            warnings=(
                "the tasks that are replaced now are still killed after the old time",
                "each stop may take that much longer, and so may deployments",
            ),
        )


def _edit(case: Case, definition: TaskDefinition) -> Edit | None:
    killed = (
        ended.name
        for task in ordered_stops(case.facts)
        if task.task_definition == definition.arn and (ended := killed_on_stop(task)) is not None
    )
    container = next((found for name in killed if (found := definition.container(name)) is not None), None)
    if container is None:
        return None
    after = min(2 * (container.stop_timeout_s or DEFAULT_S), MOST_S)
    if after <= (container.stop_timeout_s or DEFAULT_S):
        return None
    return Edit(
        what="setting", name="stopTimeout", before=container.stop_timeout_s, after=after, container=container.name
    )
