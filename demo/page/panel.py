"""What the panel beside the channel shows of the world."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from demo.page.faults import Fault
from demo.page.place import Place
from demo.page.traffic_watch import EVERY_S, TrafficWatch
from demo.world.ecs.model import Task
from demo.world.region import Region

MAX_TARGETS: Final = 12
MAX_TASKS: Final = 8
MAX_RULES: Final = 8

Document = dict[str, Any]


def panel(region: Region, place: Place | None, watch: TrafficWatch, faults: dict[str, Fault]) -> Document:
    """Everything, as it is now. Call it under the world's lock."""
    return {
        "service": _service(place) if place else None,
        "targets": list(_targets(region))[:MAX_TARGETS],
        "tasks": _tasks(place) if place else [],
        "rules": list(_rules(region))[:MAX_RULES],
        "groups": list(_groups(place)) if place else [],
        "traffic": _traffic(watch),
        "faults": [_fault(fault, place) for fault in faults.values()] if place else [],
    }


def _service(place: Place) -> Document:
    service, tasks = place.service, place.region.store.tasks_of(place.service)
    return {
        "name": service.name,
        "desired": service.desired,
        "running": sum(task.is_running for task in tasks),
        "starting": sum(task.is_starting for task in tasks),
        "image": place.image.rpartition("/")[2],
        "rollout": service.primary.rollout_state,
    }


def _targets(region: Region) -> Iterator[Document]:
    for group in region.balancers.target_groups():
        for row in region.health.describe(group, None):
            health = row["TargetHealth"]
            yield {
                "group": str(group.name),
                "id": row["Target"]["Id"],
                "port": row["Target"].get("Port"),
                "state": health["State"],
                "why": health.get("Description") or health.get("Reason") or "",
            }


def _tasks(place: Place) -> list[Document]:
    tasks = sorted(place.region.store.tasks_of(place.service), key=lambda task: task.created, reverse=True)
    alive = [task for task in tasks if task.stopped is None]
    ended = [task for task in tasks if task.stopped is not None]
    return [_task(task) for task in [*alive, *ended][:MAX_TASKS]]


def _task(task: Task) -> Document:
    return {
        "id": task.id[:8],
        "status": task.last_status,
        "revision": task.definition.revision,
        "address": task.address,
        "why": task.stopped_reason or "",
    }


def _rules(region: Region) -> Iterator[Document]:
    for balancer in region.balancers.all():
        for listener in balancer.listeners.values():
            for rule in listener.rules.values():
                yield {
                    "priority": "default" if rule.is_default else str(rule.priority),
                    "when": ", ".join(_condition(one) for one in rule.conditions) or "everything else",
                    "then": ", ".join(_action(action) for action in rule.actions),
                }


def _condition(condition: Document) -> str:
    inner = (one.get("Values", []) for one in condition.values() if isinstance(one, dict))
    values: list[str] = condition.get("Values") or next((found for found in inner if found), [])
    return f"{condition.get('Field')} {' '.join(values)}"


def _action(action: Any) -> str:
    data = action.data
    if action.type == "fixed-response":
        return f"answers {data['FixedResponseConfig']['StatusCode']} by itself"
    if action.type == "redirect":
        return "redirects"
    groups = (data.get("ForwardConfig") or {}).get("TargetGroups") or [{"TargetGroupArn": data.get("TargetGroupArn")}]
    names = [str(group["TargetGroupArn"]).split("/")[1] for group in groups if group.get("TargetGroupArn")]
    return f"forwards to {', '.join(names)}"


def _groups(place: Place) -> Iterator[Document]:
    ec2 = place.region.network
    for name, ids in (("tasks", place.task_groups), ("load balancer", [place.balancer_group])):
        for one in ids:
            yield {"name": name, "id": one, "in": ec2.rules_of(one), "out": ec2.rules_of(one, leaving=True)}


def _traffic(watch: TrafficWatch) -> Document:
    return {
        "every_s": EVERY_S,
        "intervals": [
            {"at": one.at, "requests": one.requests, "errors": one.errors, "by_status": dict(one.by_status)}
            for one in watch.intervals()
        ],
    }


def _fault(fault: Fault, place: Place) -> Document:
    return {
        "name": fault.name,
        "label": fault.label,
        "tells": fault.tells,
        "broken": fault.is_broken(place),
        "mends": fault.mend is not None,
    }
