"""Tasks that are restarted by hand are killed while they still work on requests."""

from __future__ import annotations

from demo.scenarios.history import quiet_until
from demo.scenarios.scenario import Expect
from demo.world.apps import Answer, App
from demo.world.service_handle import ServiceHandle
from demo.world.world import World

NAME = "stop-timeout-too-short"
TITLE = "Tasks are killed before their requests are done"
TARGET = "reports"
EXPECT = Expect(
    "reports",
    "causes_found",
    first="manual-stop-task",
    also=frozenset({"task-sigkill-on-stop"}),
    never=frozenset({"keepalive-race", "task-oom-killed", "task-crash-exit", "sg-ingress-missing"}),
)
APP = App(routes={"/healthz": 200, "*": Answer(200, 32.0)}, stops_in_s=55.0)
"""It ends when its requests are done, of which the longest take 51 s."""
STOPPED_AT_MIN = (12.0, 8.0)


def build(world: World, account: str) -> None:
    """A script restarts one task after the other with StopTask; 30 s later each is killed."""
    reports = world.account(account).service("reports", app=APP, rpm=240.0)
    drains = [{"Key": "deregistration_delay.timeout_seconds", "Value": "120"}]
    elb = world.account(account).client("elbv2")
    elb.modify_target_group_attributes(TargetGroupArn=reports.target_group, Attributes=drains)
    for minutes_ago in STOPPED_AT_MIN:
        quiet_until(world, minutes_ago)
        restart_one(reports)
    world.until(0)


def restart_one(service: ServiceHandle) -> str:
    """Stops the task that has run for longest; returns its ARN."""
    ecs = service.account.client("ecs")
    running = ecs.list_tasks(cluster=service.cluster, serviceName=service.name)["taskArns"]
    tasks = ecs.describe_tasks(cluster=service.cluster, tasks=running)["tasks"]
    oldest = min((task for task in tasks if task["desiredStatus"] == "RUNNING"), key=lambda task: task["createdAt"])
    service.stop_task(oldest["taskArn"], reason="nightly restart", by="ops/restart-script")
    return str(oldest["taskArn"])
