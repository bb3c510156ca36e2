"""Which records of failed health checks count, and until when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from diagnostics.facts import Metrics
from diagnostics.rules import health_history
from diagnostics.rules.health_history import HealthHistory
from diagnostics.rules.observations import observe
from diagnostics.snapshot import Window
from tests.incidents.building import NOW, TARGETS, TG, Incident, ago, change, deployment, stopped_task, task
from tests.incidents.replacing import NOT_FOUND, SILENT, replacing

WINDOW = Window(start=ago(60), end=NOW)
TASK = f"{40:08x}{0:024x}"


def history(incident: Incident) -> HealthHistory:
    return HealthHistory.of(incident.snapshot().get, WINDOW)


def reported(minutes_ago: float, reason: str = NOT_FOUND, who: str = f"(task {TASK})") -> Incident:
    """A deployment is under way, so that healthy targets of the old one prove nothing."""
    running = deployment(8, created=30, rollout_state="IN_PROGRESS", running=0)
    incident = Incident().service(deployments=(running, deployment(7, status="ACTIVE")))
    words = f"{who} (port 8080) is unhealthy in (target-group {TG}) due to (reason {reason})."
    return incident.event(words, minutes_ago)


def test_a_report_counts_while_nothing_shows_that_it_is_over() -> None:
    (way,) = history(reported(5)).failing(TG)

    assert (way.kind, way.codes, way.targets) == ("answer", frozenset({404}), ())
    assert way.going_on
    assert way.task_ids == {TASK}
    assert way.reports[0].port == 8080


def test_what_is_remembered_is_told_of_the_very_same_facts_only() -> None:
    snapshot = reported(5).snapshot()
    first, again = (HealthHistory.of(snapshot.get, WINDOW) for _ in range(2))
    shorter = HealthHistory.of(snapshot.get, Window(start=ago(3), end=NOW))
    silent = history(reported(5, SILENT))

    assert first.failing(TG) is again.failing(TG)
    assert shorter.failing(TG) == ()
    assert [way.kind for way in silent.failing(TG)] == ["timeout"]


@pytest.mark.parametrize(("minutes", "counts"), [(14.9, True), (15.1, False)])
def test_what_was_not_repeated_for_a_quarter_of_an_hour_is_over(minutes: float, counts: bool) -> None:
    assert history(reported(minutes)).goes_on(TG) is counts
    assert timedelta(minutes=15) == health_history.LATELY


@pytest.mark.parametrize(
    "mend",
    [
        lambda incident: incident.event("has reached a steady state.", 4),
        lambda incident: incident.service(deployments=(deployment(7),)),
        lambda incident: incident.service(desired=0),
        lambda incident: incident.changed(change("ModifyTargetGroup", minutes_ago=4, resources=(TG,))),
        lambda incident: incident.running(task(40, "10.0.1.21")),
        lambda incident: incident.stopped(stopped_task(40, minutes_ago=4, exit_code=1)),
    ],
    ids=["steady state", "all well", "scaled to zero", "check changed", "same task passes", "it crashed"],
)
def test_what_ends_a_report(mend: object) -> None:
    incident = reported(5)
    assert callable(mend)
    mend(incident)
    assert history(incident).failing(TG) == ()


def test_a_newer_report_outlives_a_steady_state() -> None:
    incident = reported(5).event("has reached a steady state.", 8)
    assert history(incident).goes_on(TG)


def test_a_change_of_another_target_group_mends_nothing() -> None:
    incident = reported(5).changed(change("ModifyTargetGroup", minutes_ago=4, resources=("arn:other",)))
    assert history(incident).goes_on(TG)


def test_an_instance_that_passes_again_speaks_for_itself() -> None:
    incident = reported(5, who="(instance i-0abc)")
    target = next(iter(incident.snapshot().facts["target_health"].by_group[TG]))
    assert history(incident).goes_on(TG)
    incident.targets((target.model_copy(update={"id": "i-0abc"}),))
    assert not history(incident).goes_on(TG)


def test_present_targets_come_first_and_other_reasons_behind_them() -> None:
    incident = reported(5, SILENT).unhealthy("Target.ResponseCodeMismatch", NOT_FOUND, targets=list(TARGETS)[:1])
    now, lately = history(incident).failing(TG)

    assert (now.kind, len(now.targets)) == ("answer", 1)
    assert (lately.kind, lately.targets) == ("timeout", ())


def test_what_tasks_were_stopped_for_is_told_when_it_is_over() -> None:
    incident = replacing(Incident(), NOT_FOUND, "empty", last_min=20).service(running=1)
    (way,) = history(incident).failing(TG)

    assert not way.going_on
    assert not history(incident).goes_on(TG)
    assert history(incident).killed_lately(TG) == ()
    assert len(history(incident).killed(TG)) == 3


def test_the_target_that_a_crashed_task_left_behind_says_nothing() -> None:
    crashed = stopped_task(40, minutes_ago=2, exit_code=1, ip="10.0.1.21")
    incident = Incident().unhealthy("Target.Timeout", SILENT, targets=["10.0.1.21"]).stopped(crashed)
    assert history(incident).goes_on(TG)
    incident.running(task(2, "10.0.1.22"))
    assert not history(incident).goes_on(TG)


def test_reports_tell_when_it_began_where_nothing_was_counted() -> None:
    incident = reported(5).denied(Metrics, "cloudwatch:GetMetricData")
    assert observe(incident.snapshot()).onset == ago(5)
