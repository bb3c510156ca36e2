"""Which stopped tasks have failed, so that their lines are read first."""

from __future__ import annotations

import pytest

from diagnostics.app_logs.choosing import failed_tasks
from tests.incidents.building import ago, stopped_task


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
