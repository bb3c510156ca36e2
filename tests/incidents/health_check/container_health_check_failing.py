from diagnostics.facts import ContainerHealthCheck, TaskDefinitions
from tests.incidents.building import Incident, definition, deployment, stopped_task, task
from tests.incidents.cases import finds, look_alike

CODE = "container-health-check-failing"
CURL = ("CMD-SHELL", "curl -f http://localhost:8080/healthz || exit 1")


def checked_with(command: tuple[str, ...], revision: int = 7) -> Incident:
    container = (
        definition(revision)
        .containers[0]
        .model_copy(update={"health_check": ContainerHealthCheck(command=command, start_period_s=10)})
    )
    return Incident().definitions(definition(revision, containers=(container,)))


def beside_a_proxy_whose_check_passes() -> Incident:
    incident = checked_with(("CMD-SHELL", "wget -q -O- http://127.0.0.1:9000/ || exit 1"))
    (web,) = next(incident.known(TaskDefinitions).all()).containers
    proxy = web.model_copy(update={"name": "envoy", "health_check": ContainerHealthCheck(command=CURL)})
    incident.definitions(definition(containers=(proxy, web)))
    one = task(1, "10.0.1.21")
    states = (("envoy", "HEALTHY"), ("web", "UNHEALTHY"))
    containers = (one.containers[0].model_copy(update={"name": n, "health_status": s}) for n, s in states)
    return incident.running(one.model_copy(update={"containers": tuple(containers)}))


def replaced(incident: Incident, revision: int = 7) -> Incident:
    return incident.stopped(
        *(
            stopped_task(
                n,
                minutes_ago=n * 5,
                exit_code=143,
                stop_code="ServiceSchedulerInitiated",
                stopped_reason="Task failed container health checks",
                revision=revision,
                ran_minutes=2,
            )
            for n in (1, 2, 3)
        )
    ).event(f"(task {1:032x}) failed container health checks.", 5)


def unhealthy_while_the_load_balancer_is_content() -> Incident:
    incident = checked_with(CURL)
    tasks = [task(n, ip) for n, ip in enumerate(("10.0.1.21", "10.0.1.22"), 1)]
    return incident.running(
        *(
            one.model_copy(
                update={"containers": (one.containers[0].model_copy(update={"health_status": "UNHEALTHY"}),)}
            )
            for one in tasks
        )
    )


def new_image_without_curl() -> Incident:
    new = deployment(8, created=20, rollout_state="IN_PROGRESS", running=1, failed_tasks=3)
    old = deployment(7, status="ACTIVE", desired=3, running=3)
    return replaced(
        checked_with(CURL, 8).service(deployments=(new, old), task_definition=new.task_definition), revision=8
    )


def stopped_by_a_roll_out() -> Incident:
    return checked_with(CURL).stopped(
        stopped_task(
            1,
            minutes_ago=5,
            exit_code=143,
            stop_code="ServiceSchedulerInitiated",
            stopped_reason="Scaling activity initiated by (deployment ecs-svc/6)",
        )
    )


CASES = (
    finds(
        CODE,
        "the image has no curl, ECS replaces task after task",
        lambda: replaced(checked_with(CURL)),
        band="confirmed",
    ),
    finds(
        CODE,
        "the command asks a port that the container does not open",
        lambda: replaced(checked_with(("CMD-SHELL", "wget -q -O- http://127.0.0.1:9000/ || exit 1"))),
        band="confirmed",
        summary_says="port 9000",
    ),
    finds(
        CODE,
        "a new image without curl: the deployment loops for it",
        new_image_without_curl,
        also=("deployment-failing-loop", "deployment-regression"),
    ),
    finds(
        CODE,
        "containers are UNHEALTHY while the load balancer's check passes",
        unhealthy_while_the_load_balancer_is_content,
        band="confirmed",
    ),
    finds(
        CODE,
        "the check of the application fails, and that of the proxy beside it passes",
        beside_a_proxy_whose_check_passes,
        summary_says="1 running task is UNHEALTHY; it asks port 9000",
    ),
    finds(
        CODE,
        "the task definition may not be read",
        lambda: replaced(Incident()).denied(TaskDefinitions, "ecs:DescribeTaskDefinition"),
    ),
    look_alike(CODE, "a roll-out stops tasks that have a check", stopped_by_a_roll_out, verdict="no_fault_found"),
    look_alike(CODE, "a check that nobody fails", lambda: checked_with(CURL), verdict="no_fault_found"),
)
