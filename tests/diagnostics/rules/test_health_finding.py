"""What every finding about a health check that fails tells besides its own reason."""

from __future__ import annotations

from diagnostics.engine import diagnose
from tests.incidents.building import Incident
from tests.incidents.replacing import replacing


def test_the_tasks_that_ecs_stopped_for_it_are_told_last() -> None:
    incident = replacing(Incident(), "Health checks failed with these codes: [302]", "empty")

    (found, *_) = diagnose(incident.snapshot()).causes

    assert found.code == "health-check-redirect"
    assert found.evidence[-1].text.startswith("ECS stopped 3 tasks for failed health checks: ")
