from diagnostics.facts import Container, StoppedTasks, Task, TaskDefinitions
from tests.incidents.building import Incident, definition, deployment, stopped_task, task
from tests.incidents.cases import finds, look_alike
from tests.incidents.rows import logged
from tests.incidents.stopping import leaving, lost_at

CODE = "task-clean-exit"


def container(name: str, exit_code: int | None) -> Container:
    return Container(name=name, image=f"{name}:7", last_status="STOPPED", exit_code=exit_code)


def ended(number: int, minutes_ago: float, *containers: Container, **changes: object) -> Task:
    base = stopped_task(number, minutes_ago=minutes_ago, exit_code=0, **changes)  # type: ignore[arg-type]
    return base.model_copy(update={"containers": containers}) if containers else base


def done_every_few_minutes() -> Incident:
    return Incident().stopped(*(ended(n, n * 4) for n in range(1, 5))).elb_errors(502, 20, 17)


def with_sidecar(*, essential: bool) -> Incident:
    web = definition(7).containers[0]
    sidecar = web.model_copy(update={"name": "migrate", "essential": essential, "port_mappings": ()})
    return Incident().definitions(definition(7, containers=(web, sidecar)))


def new_revision_runs_a_job() -> Incident:
    new = deployment(8, created=20, rollout_state="IN_PROGRESS", failed_tasks=4, running=0)
    old = deployment(7, status="ACTIVE", desired=4, running=4)
    return (
        Incident()
        .service(deployments=(new, old), task_definition=new.task_definition)
        .definitions(definition(7), definition(8), previous=7)
        .running(*(task(n, ip) for n, ip in enumerate(("10.0.1.21", "10.0.1.22", "10.0.2.21", "10.0.2.22"), 1)))
        .stopped(*(ended(n, n * 4, revision=8, ran_minutes=1) for n in range(1, 5)))
    )


CASES = (
    finds(CODE, "the command does its work and ends", done_every_few_minutes, band="confirmed"),
    finds(
        CODE,
        "rows on its target at its end",
        lambda: logged(Incident().stopped(ended(9, 20, ip="10.0.1.60", ran_minutes=300)), lost_at()),
        band="confirmed",
    ),
    finds(
        CODE,
        "an essential helper is done, and takes the server with it",
        lambda: with_sidecar(essential=True).stopped(
            *(ended(n, n * 5, container("web", 143), container("migrate", 0)) for n in range(1, 4))
        ),
        summary_says="migrate",
    ),
    finds(
        CODE,
        "a new revision starts a job instead of the server",
        new_revision_runs_a_job,
        also=("deployment-regression", "deployment-failing-loop"),
    ),
    finds(
        CODE,
        "two containers, and the task definition could not be read",
        lambda: (
            Incident()
            .stopped(*(ended(n, n * 5, container("web", 0), container("proxy", 143)) for n in range(1, 4)))
            .denied(TaskDefinitions, "ecs:DescribeTaskDefinition")
        ),
        band="possible",
    ),
    look_alike(
        CODE,
        "a helper that is not essential was done long before the server crashed",
        lambda: with_sidecar(essential=False).stopped(
            *(ended(n, n * 5, container("web", 1), container("migrate", 0)) for n in range(1, 4))
        ),
        first="task-crash-exit",
    ),
    look_alike(
        CODE,
        "exit 0 after a stop order",
        lambda: Incident().stopped(leaving(exit_code=0), leaving(8, by="UserInitiated", exit_code=0)),
        verdict="no_fault_found",
    ),
    look_alike(
        CODE,
        "an end before the window",
        lambda: Incident().stopped(ended(9, 75)),
        verdict="no_fault_found",
    ),
    look_alike(
        CODE,
        "stopped tasks could not be read",
        lambda: Incident().denied(StoppedTasks, "ecs:ListTasks").elb_errors(502, 20, 17),
        first="insufficient-evidence",
    ),
)
