from diagnostics.facts import ContainerDefinition, LoadBalancerAttributes, PortMapping, TaskDefinitions
from tests.incidents.building import LB, PORT, Incident, change, definition, stopped_task
from tests.incidents.cases import finds, look_alike
from tests.incidents.rows import ALL_TARGETS, closed, logged, no_target, refused

CODE = "keepalive-race"
RESETS = (0.001, 0.02)


def running(image: str, *command: str, **environment: str) -> Incident:
    """The service runs this image and command."""
    web = ContainerDefinition(
        name="web",
        image=image,
        port_mappings=(PortMapping(container_port=PORT, host_port=PORT),),
        command=command,
        environment=environment,
        environment_names=tuple(environment),
    )
    return Incident().definitions(definition(7, containers=(web,)))


def told_to_keep_5_s() -> Incident:
    return running("api:7", "uvicorn", "main:app", "--timeout-keep-alive", "5")


def trickle(incident: Incident, count: int = 120) -> Incident:
    return logged(incident, closed(count, RESETS, since=59))


def idle_timeout(incident: Incident, seconds: int) -> Incident:
    return incident.replace(LoadBalancerAttributes(by_arn={LB: {"idle_timeout.timeout_seconds": str(seconds)}}))


def only_counters(incident: Incident) -> Incident:
    return incident.elb_errors(502, 2, 59)


def two_populations() -> Incident:
    """Resets at once everywhere, and workers killed after 30 s: two causes, each with its own rows."""
    return logged(
        running("api:7", "gunicorn", "-k", "gthread", "--timeout", "30", "--keep-alive", "5", "app:app"),
        closed(120, RESETS, since=59),
        closed(40, (30.0, 30.4), since=58, routes=("POST shop.example.com/report",)),
    )


CASES = (
    finds(
        CODE,
        "Node.js 20 behind an idle timeout of 60 s: a steady trickle of 502",
        lambda: trickle(running("node:20-slim", "node", "server.js")),
        band="likely",
        summary_says="Node.js 20",
    ),
    finds(
        CODE,
        "a roll-out stopped a task in the same hour",
        lambda: trickle(told_to_keep_5_s()).stopped(
            stopped_task(9, minutes_ago=30, exit_code=143, stop_code="ServiceSchedulerInitiated")
        ),
        band="likely",
    ),
    finds(
        CODE,
        "they began in the middle of a quiet hour, and nothing was changed",
        lambda: logged(told_to_keep_5_s(), closed(120, RESETS, since=20)),
        band="possible",
    ),
    finds(
        CODE,
        "uvicorn was told to keep connections for 5 s",
        lambda: trickle(told_to_keep_5_s()),
        band="confirmed",
    ),
    finds(CODE, "what runs in the container is not known", lambda: trickle(Incident()), band="likely"),
    finds(
        CODE,
        "Spring Boot keeps connections for 60 s, and so does the load balancer",
        lambda: trickle(running("shop:7", "java", "-jar", "app.jar", SPRING_PROFILES_ACTIVE="prod")),
        band="likely",
    ),
    finds(
        CODE,
        "somebody raised the idle timeout above nginx's 75 s",
        lambda: idle_timeout(
            trickle(
                Incident().definitions(
                    definition(
                        7,
                        containers=(
                            ContainerDefinition(
                                name="web", image="nginx:1.29", port_mappings=(PortMapping(container_port=80),)
                            ),
                        ),
                    )
                )
            ),
            120,
        ),
        band="likely",
    ),
    finds(
        CODE,
        "a task crashed once in the same hour, and the resets come before and after it too",
        lambda: trickle(
            running("node:20", "npm", "start").stopped(stopped_task(9, minutes_ago=30, exit_code=1, ip="10.0.1.77"))
        ),
        also=("task-crash-exit",),
        first="task-crash-exit",
    ),
    finds(CODE, "workers are killed as well, on another route", two_populations, also=("worker-timeout-kill",)),
    finds(
        CODE,
        "access logs are off: only the pattern is there",
        lambda: only_counters(running("node:20", "node", "server.js")),
        first="insufficient-evidence",
        band="possible",
    ),
    look_alike(
        CODE,
        "Node.js 20 without any error is a risk",
        lambda: running("node:20", "node", "server.js"),
        risk=True,
        verdict="no_fault_found",
    ),
    look_alike(
        CODE,
        "Puma was told to keep connections for 75 s, and something else closes them",
        lambda: trickle(running("shop:7", "bundle", "exec", "puma", PUMA_PERSISTENT_TIMEOUT="75")),
        first="target-closed-mid-request",
    ),
    look_alike(
        CODE,
        "gunicorn's sync workers close after each answer",
        lambda: trickle(running("api:7", "gunicorn", "--worker-class", "sync", "app:app")),
        first="target-closed-mid-request",
    ),
    look_alike(
        CODE,
        "the resets are all on one of four targets",
        lambda: logged(running("node:20", "node", "server.js"), closed(120, RESETS, targets=ALL_TARGETS[:1])),
        first="target-closed-mid-request",
        risk=True,
    ),
    look_alike(
        CODE,
        "one burst of half a minute",
        lambda: logged(running("node:20", "node", "server.js"), closed(120, RESETS, since=20, until=19.5)),
        first="target-closed-mid-request",
        risk=True,
    ),
    look_alike(
        CODE,
        "connections are refused, which is another 502",
        lambda: logged(running("node:20", "node", "server.js"), refused(400)),
        first="port-not-listening",
        risk=True,
    ),
    look_alike(
        CODE,
        "requests that found nobody",
        lambda: logged(
            Incident().targets(()).changed(change("DeregisterTargets", minutes_ago=52, resources=())), no_target(500)
        ),
        first="no-registered-targets",
    ),
    look_alike(
        CODE,
        "a burst of 502 in the counters, and no rows",
        lambda: Incident().elb_errors(502, 200, 20, 16).denied(TaskDefinitions, "ecs:DescribeTaskDefinition"),
        first="insufficient-evidence",
    ),
)
