"""Ways to break the service itself: its tasks, its releases, its application."""

from __future__ import annotations

from typing import Any, Final

from demo.page.faults import Fault
from demo.page.place import CLUSTER, Place
from demo.world.apps import PLAIN, Answer, App
from demo.world.service_handle import OPERATOR, PIPELINE

SLOW_S: Final = 75.0
IDLE_S: Final = 60.0
CLOSED_SHARE: Final = 0.3
KEPT_S: Final = 5.0
COPIED: Final = ("family", "networkMode", "requiresCompatibilities", "cpu", "memory", "executionRoleArn", "taskRoleArn")
HEALTH_PATH: Final = "/healthz"
CLIENT_PATH: Final = "/shop/cart"
CRASHES: Final = App(boot_s=30, crash_after_s=14, exit_code=1)
NEEDS_MORE: Final = App(memory_mib=900, memory_grows_for_s=120)


def scale_to_zero(place: Place) -> None:
    place.desired = place.service.desired or place.desired
    _scale(place, 0, "cost-saver/nightly-schedule")


def _scale(place: Place, desired: int, by: str = OPERATOR) -> None:
    place.client("ecs", by).update_service(cluster=CLUSTER, service=place.name, desiredCount=desired)


def stop_tasks(place: Place) -> None:
    """Every second of the tasks that serve."""
    running = [task.id for task in place.region.store.tasks_of(place.service) if task.is_running]
    for task in running[::2]:
        place.client("ecs", OPERATOR).stop_task(
            cluster=CLUSTER, task=task, reason="stopped by hand, to see what happens"
        )


def release(place: Place, app: App, called: str) -> None:
    """Rolls out a new image that behaves so."""
    place.releases += 1
    image = f"{place.image.rpartition(':')[0]}:{called}-{place.releases}"
    with place.world.layer.lock:
        place.world.apps[image] = app
    _roll_out(place, _register(place, image))


def _register(place: Place, image: str) -> str:
    ecs = place.client("ecs", PIPELINE)
    known: dict[str, Any] = ecs.describe_task_definition(taskDefinition=place.definition.arn)["taskDefinition"]
    containers = [{**known["containerDefinitions"][0], "image": image}, *known["containerDefinitions"][1:]]
    given = {name: known[name] for name in COPIED if known.get(name)}
    return str(
        ecs.register_task_definition(**given, containerDefinitions=containers)["taskDefinition"]["taskDefinitionArn"]
    )


def _roll_out(place: Place, definition: str) -> None:
    place.client("ecs", PIPELINE).update_service(cluster=CLUSTER, service=place.name, taskDefinition=definition)


def roll_back(place: Place) -> None:
    """To the newest release that was well; the first one when that is not known."""
    earlier = [one.definition for one in place.service.history if not _is_bad(place, one.definition)]
    family = place.definition.arn.rpartition(":")[0].rpartition("/")[2]
    _roll_out(place, earlier[0].arn if earlier else f"{family}:1")


def _is_bad(place: Place, definition: Any) -> bool:
    app = place.world.apps[definition.containers[0].image]
    return app.crash_after_s is not None or app.memory_mib > definition.memory_mib


def _crashes(place: Place) -> bool:
    return place.app.crash_after_s is not None


def _is_too_large(place: Place) -> bool:
    return place.app.memory_mib > place.definition.memory_mib


def _answer(place: Place) -> Answer:
    return place.app.answer(CLIENT_PATH, host_is_ip=False)


def _mend_routes(place: Place) -> None:
    place.change_app(routes=PLAIN.routes)


FAULTS: Final = (
    Fault(
        "scale-to-zero",
        "Scale the service to zero",
        "the service is told to run no task",
        scale_to_zero,
        lambda place: place.service.desired == 0,
        lambda place: _scale(place, place.desired),
    ),
    Fault(
        "stop-tasks",
        "Stop half of the tasks",
        "every second task is stopped by hand; ECS starts others",
        stop_tasks,
        lambda _: False,
        None,
    ),
    Fault(
        "crashing-release",
        "Deploy a release that crashes",
        "the newest release ends with exit code 1 soon after it starts",
        lambda place: release(place, CRASHES, "crashing"),
        _crashes,
        roll_back,
    ),
    Fault(
        "hungry-release",
        "Deploy a release that needs more memory",
        "the newest release grows beyond the memory of its tasks",
        lambda place: release(place, NEEDS_MORE, "hungry"),
        _is_too_large,
        roll_back,
    ),
    Fault(
        "not-listening",
        "Let the application listen on loopback only",
        "connections from outside are refused on the application's port",
        lambda place: place.change_app(loopback_only=True),
        lambda place: place.app.loopback_only,
        lambda place: place.change_app(loopback_only=False),
    ),
    Fault(
        "application-errors",
        "Let the application answer 500",
        "users get 500 while the health check is content",
        lambda place: place.change_app(routes={HEALTH_PATH: 200, "*": 500}),
        lambda place: _answer(place).status >= 500,
        _mend_routes,
    ),
    Fault(
        "slow-application",
        "Let answers take longer than the idle timeout",
        "an answer takes 75 s, and the load balancer waits for 60 s",
        lambda place: place.change_app(routes={HEALTH_PATH: 200, "*": Answer(200, SLOW_S)}),
        lambda place: _answer(place).latency_s > IDLE_S,
        _mend_routes,
    ),
    Fault(
        "keep-alive",
        "Close idle connections too early",
        "the application closes kept connections long before the load balancer stops using them",
        lambda place: place.change_app(keep_alive_s=KEPT_S, closes_share=CLOSED_SHARE),
        lambda place: place.app.closes_share > 0,
        lambda place: place.change_app(keep_alive_s=None, closes_share=0.0),
    ),
)
