"""Failures of a release that is gone are not what goes on now, whatever ended its tasks."""

from __future__ import annotations

from typing import Any

import pytest

from diagnostics.causes.cause import Finding, decisive
from diagnostics.engine import diagnose
from diagnostics.facts import EcsService, ServiceDeployment, ServiceHistory, Task
from diagnostics.report import Report
from diagnostics.rules.observations import observe
from diagnostics.rules.past_stops import PastStops, past_stops
from tests.incidents.building import Incident, ago, deployment, stopped_task
from tests.incidents.releases import FORMER, PRESENT, replaced

OOM = "OutOfMemoryError: Container killed due to memory usage"
FAILED_TO_START = "TaskFailedToStart"
KILLED = ("ServiceSchedulerInitiated", "Task failed container health checks")
FORMERLY: dict[str, dict[str, Any]] = {
    "task-crash-exit": {"exit_code": 1},
    "task-segfault-abort": {"exit_code": 139},
    "task-entrypoint-failed": {"exit_code": 127},
    "image-pull-failed": {
        "stop_code": FAILED_TO_START,
        "stopped_reason": "CannotPullContainerError: failed to resolve ref registry.example.com/checkout:8: not found",
    },
    "container-health-check-failing": {"exit_code": 143, "stop_code": KILLED[0], "stopped_reason": KILLED[1]},
}


def former(**how: Any) -> tuple[Task, ...]:
    return tuple(stopped_task(n, minutes_ago=24 + n * 3, revision=FORMER, ran_minutes=2, **how) for n in (1, 2, 3))


def killed_now() -> tuple[Task, ...]:
    return tuple(
        stopped_task(20 + n, minutes_ago=n * 4 - 3, exit_code=137, reason=OOM, revision=PRESENT) for n in (1, 2, 3)
    )


def bands(report: Report) -> dict[str, str]:
    return {cause.code: cause.band for cause in report.causes}


def finds_past(incident: Incident) -> bool:
    snapshot = incident.snapshot()
    return past_stops(snapshot, observe(snapshot)) is not None


@pytest.mark.parametrize("code", FORMERLY)
def test_a_mended_release_stands_below_what_goes_on(code: str) -> None:
    report = diagnose(replaced(*former(**FORMERLY[code]), *killed_now()).snapshot())
    assert report.causes[0].code == "task-oom-killed"
    assert bands(report).get(code, "possible") == "possible"


def test_sick_targets_of_the_present_release_come_first() -> None:
    reason = "Health checks failed with these codes: [500]"
    incident = replaced(*former(exit_code=1)).unhealthy("Target.ResponseCodeMismatch", reason, since=10)
    report = diagnose(incident.snapshot())
    assert report.causes[0].code == "health-check-app-error"
    assert bands(report)["task-crash-exit"] == "possible"


def test_alone_they_stay_what_it_was() -> None:
    assert not finds_past(replaced(*former(exit_code=1)))


def test_unread_deployments_tell_nothing() -> None:
    incident = replaced(*former(exit_code=1), *killed_now())
    assert finds_past(incident)
    assert not finds_past(incident.denied(EcsService, "ecs:DescribeServices"))


def test_a_former_release_that_still_runs_is_not_past() -> None:
    both = (deployment(PRESENT, created=24, rollout_state="IN_PROGRESS"), deployment(FORMER, status="ACTIVE"))
    assert not finds_past(replaced(*former(exit_code=1), *killed_now()).service(deployments=both))


def test_a_roll_back_leaves_what_failed_last() -> None:
    """After it the primary deployment is older than both that failed; the history tells which was the last."""
    tried = ServiceDeployment(arn="d/9", status="ROLLBACK_SUCCESSFUL", started_at=ago(24), finished_at=ago(1))
    incident = replaced(*former(exit_code=1), *killed_now()).service(deployments=(deployment(7),))
    assert not finds_past(incident)
    report = diagnose(incident.replace(ServiceHistory(deployments=(tried,))).snapshot())
    assert report.causes[0].code == "task-oom-killed"
    assert bands(report)["task-crash-exit"] == "possible"


def test_of_two_releases_that_failed_the_last_is_what_one_asks_about() -> None:
    """Both are gone since a minute, too short to tell whether it is over."""
    incident = replaced(*former(exit_code=1), *killed_now()).service(deployments=(deployment(7, created=0.8),))
    report = diagnose(incident.snapshot())
    assert [(cause.code, cause.band) for cause in report.causes][:2] == [
        ("task-oom-killed", "likely"),
        ("task-crash-exit", "possible"),
    ]


@pytest.mark.parametrize(("minutes_ago", "is_past"), [(25, True), (5, False)])
def test_what_was_recorded_later_is_not_of_a_former_release(minutes_ago: float, is_past: bool) -> None:
    record = decisive("it stopped", "ecs:DescribeTasks", at=ago(minutes_ago))
    found = Finding(resource="x", summary="s", supports=(record,), effect_seen=True, affects=frozenset({"t-1"}))
    (told,) = PastStops(revisions={"t-1": "checkout:8"}, since=ago(20), last=ago(20)).told([found])
    assert told.of_before is is_past
