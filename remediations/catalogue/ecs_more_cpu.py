"""Give each task more CPU."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.facts import EcsService, Metrics, TaskDefinition, TaskDefinitions
from diagnostics.rules.load import LOAD_USES, load_of
from diagnostics.rules.processor import PROCESSOR_USES, processor_of
from diagnostics.rules.strain import STRAIN_USES, span
from remediations.fix import Case, fix
from remediations.plan import Plan
from remediations.steps import deployments, fargate
from remediations.steps.deployments import DEPLOYMENT_USES
from remediations.steps.task_definitions import PREPARE, Edit

FACTOR = 2


@fix(
    id="ecs-more-cpu",
    title="Give the tasks more CPU",
    risk="medium",
    causes=("cpu-saturation",),
    calls=("ecs:RegisterTaskDefinition", "ecs:TagResource", "iam:PassRole", "ecs:UpdateService"),
    needs=(EcsService, Metrics, TaskDefinitions),
    uses=(*DEPLOYMENT_USES, *PROCESSOR_USES, *LOAD_USES, *STRAIN_USES),
    docs=("https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html",),
    prepare=PREPARE,
)
def ecs_more_cpu(case: Case) -> Iterator[Plan]:
    """Registers a revision of the present task definition with the next size of CPU that Fargate has, and the memory
    that goes with it, and deploys it.

    Offered for tasks on Fargate whose processor is at its limit while more requests come than usual. More tasks work
    sooner and without a deployment; this is for requests of which a single one needs more. The undo deploys the present
    revision again.
    Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
    """
    service, asked = case.facts[EcsService], span(case.facts)
    definition = deployments.present_definition(case, service)
    if case.cause.band == "possible" or case.cause.role == "consequence" or definition is None:
        return
    if asked is None or not fargate.runs_on_fargate(service):
        return
    used, load = processor_of(case.facts, *asked), load_of(case.facts, *asked)
    if used is None or not used.is_full or load is None or load.is_flat:
        return
    edits = _edits(definition)
    if edits:
        yield deployments.revision_plan(
            case,
            service,
            definition,
            edits,
            fix="ecs-more-cpu",
            title=f"Give the tasks of {service.service} {edits[0].after} CPU units instead of {edits[0].before}",
            warnings=(
                "while tasks are replaced the others carry the load: run more tasks first",
                "a program that uses one processor only is not faster with two; a larger task costs more",
            ),
        )


def _edits(definition: TaskDefinition) -> tuple[Edit, ...]:
    """A limit of a container's own below the task's is left alone: it is a share, which the others may use too."""
    cpu, memory = definition.cpu or "", definition.memory or ""
    if not (cpu.isdigit() and memory.isdigit() and fargate.is_legal(int(cpu), int(memory))):
        return ()
    size = fargate.with_cpu(FACTOR * int(cpu), int(memory))
    if size is None:
        return ()
    edits = [Edit(what="setting", name="cpu", before=cpu, after=str(size[0]))]
    if size[1] != int(memory):
        edits.append(Edit(what="setting", name="memory", before=memory, after=str(size[1])))
    return tuple(edits)
