"""Which stopped tasks have failed, so that their lines are read first."""

from __future__ import annotations

import pytest

from diagnostics.app_logs.choosing import chosen, failed_tasks
from diagnostics.facts import EcsService, Target, TargetHealth, TaskDefinitions
from tests.incidents.building import REGION, TG, Incident, ago, definition, stopped_task, task
from tests.incidents.on_hosts import bound


@pytest.mark.parametrize(
    ("code", "reason", "failed"),
    [
        ("EssentialContainerExited", "Essential container in task exited", True),
        ("TaskFailedToStart", "CannotPullContainerError: not found", True),
        ("ServiceSchedulerInitiated", "Task failed ELB health checks in (target-group x)", True),
        ("ServiceSchedulerInitiated", "Scaling activity initiated by (deployment ecs-svc/1)", False),
        ("InfrastructureHealth", "ECS is performing maintenance on the underlying infrastructure", False),
        ("UserInitiated", "Task stopped by user", False),
    ],
)
def test_what_aws_or_a_person_ordered_is_no_failure(code: str, reason: str, failed: bool) -> None:
    task = stopped_task(1, minutes_ago=10, stop_code=code, stopped_reason=reason)
    assert bool(failed_tasks((task,), ago(60))) is failed
    assert failed_tasks((task,), ago(5)) == []


def test_lines_behind_an_unhealthy_host_port_come_before_those_of_newer_tasks() -> None:
    tasks = tuple(
        task(number, "", started=number, private_ips=(), containers=bound(32800 + number)) for number in (1, 2, 3)
    )
    sick = Target(id="i-0a", port=32803, state="unhealthy")
    logged = {"log_driver": "awslogs", "log_options": {"awslogs-group": "/ecs/checkout", "awslogs-region": REGION}}
    container = definition().containers[0].model_copy(update=logged)
    incident = Incident().definitions(definition(containers=(container,)))
    service, definitions = incident.known(EcsService), incident.known(TaskDefinitions)
    found = chosen(service, definitions, tasks, (), TargetHealth(by_group={TG: (sick,)}), ago(60))
    assert [stream.task for stream in found.streams] == [tasks[2], tasks[0], tasks[1]]
