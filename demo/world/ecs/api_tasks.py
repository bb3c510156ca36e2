"""ECS operations on tasks."""

from __future__ import annotations

from typing import Any

from demo.aws.call import Call
from demo.aws.layer import AwsLayer
from demo.world.ecs import documents, errors
from demo.world.ecs.model import Cluster, Task
from demo.world.ecs.pages import failure, page
from demo.world.ecs.store import last_part
from demo.world.region import RegionOf

MAX_DESCRIBED_TASKS = 100


def install(layer: AwsLayer, region_of: RegionOf) -> None:
    """Registers the operations."""

    @layer.op("ecs", "ListTasks")
    def list_tasks(call: Call) -> dict[str, Any]:
        store, params = region_of(call).store, call.params
        cluster = store.cluster(params.get("cluster"))
        if params.get("serviceName"):
            store.service(params.get("cluster"), params["serviceName"])
        desired = params.get("desiredStatus") or "RUNNING"
        found = [task for task in cluster.tasks.values() if task.desired_status == desired and _matches(task, params)]
        return page(call, "taskArns", [task.arn for task in found])

    @layer.op("ecs", "DescribeTasks")
    def describe_tasks(call: Call) -> dict[str, Any]:
        store = region_of(call).store
        cluster = store.cluster(call.params.get("cluster"))
        asked = call.params["tasks"]
        if not asked:
            raise errors.invalid("Tasks cannot be empty.")
        if len(asked) > MAX_DESCRIBED_TASKS:
            raise errors.invalid(f"Tasks cannot have more than {MAX_DESCRIBED_TASKS} elements.")
        with_tags = "TAGS" in (call.params.get("include") or [])
        tasks = {given: store.task(cluster, given) for given in asked}
        return {
            "tasks": [documents.task(task, with_tags=with_tags) for task in tasks.values() if task is not None],
            "failures": [failure(_task_arn(cluster, given)) for given, task in tasks.items() if task is None],
        }

    @layer.op("ecs", "StopTask")
    def stop_task(call: Call) -> dict[str, Any]:
        region = region_of(call)
        cluster = region.store.cluster(call.params.get("cluster"))
        task = region.store.task(cluster, call.params["task"])
        if task is None:
            raise errors.invalid("The referenced task was not found.")
        if task.is_wanted:
            reason = call.params.get("reason") or "Task stopped by user"
            region.lifecycle.stop(cluster.services[task.service], task, "UserInitiated", reason, drain=False)
        return {"task": documents.task(task, with_tags=False)}


def _matches(task: Task, params: Any) -> bool:
    instance = params.get("containerInstance")
    return (
        (not params.get("serviceName") or task.service == last_part(params["serviceName"]))
        and (not params.get("family") or task.definition.family == params["family"])
        and (not params.get("startedBy") or task.deployment_id == params["startedBy"])
        and (not params.get("launchType") or task.launch_type == params["launchType"])
        and (not instance or (task.instance is not None and last_part(task.instance.arn) == last_part(instance)))
    )


def _task_arn(cluster: Cluster, given: str) -> str:
    if given.startswith("arn:"):
        return given
    return f"{cluster.arn.replace(':cluster/', ':task/')}/{given}"
