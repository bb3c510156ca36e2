"""What was put right is over once it has been quiet for long enough, and never while anything fails."""

from __future__ import annotations

from typing import Any

import pytest

from diagnostics.commands import when_to_run
from diagnostics.engine import diagnose
from diagnostics.facts import ServiceDeployment, ServiceHistory, TargetHealth, Task
from diagnostics.report import Report
from diagnostics.rules.observations import observe
from diagnostics.symptom import symptom_of
from diagnostics.wording import headline
from tests.incidents.building import Incident, ago, change, deployment, stopped_task
from tests.incidents.lifecycle.deployment_gap import from_the_history
from tests.incidents.residual.insufficient_evidence import kept_stopping, the_rule_was_put_back

OOM = "OutOfMemoryError: Container killed due to memory usage"


def crashed(*minutes: float) -> tuple[Task, ...]:
    return tuple(stopped_task(n, minutes_ago=at, exit_code=1, revision=8) for n, at in enumerate(minutes))


def rolled_back(status: str = "ROLLBACK_SUCCESSFUL", finished: float = 5) -> Incident:
    """Its tasks failed with long pauses."""
    past = ServiceDeployment(arn="d-8", status=status, created_at=ago(40), finished_at=ago(finished))
    return Incident().stopped(*crashed(36, 28, 6)).replace(ServiceHistory(deployments=(past,)))


def words(incident: Incident) -> str | None:
    found = observe(incident.snapshot()).ended
    return found.words if found else None


def report(incident: Incident) -> Report:
    return diagnose(incident.snapshot())


def test_the_headline_says_when_it_was_over_and_what_was_done_before() -> None:
    told = report(the_rule_was_put_back())
    assert (told.verdict, told.symptom.over, told.causes) == ("no_fault_found", True, ())
    assert told.headline == (
        "checkout · 504 from the load balancer from 03:04 to 03:17 UTC (7 % of requests);"
        " over (rule added 03:17 by role/ops-admin)"
    )


def test_without_a_beginning_the_end_is_told_with_what_ended_it() -> None:
    snapshot = the_rule_was_put_back().snapshot()
    observed = observe(snapshot)
    symptom = symptom_of(snapshot, observed).model_copy(update={"onset": None})
    assert "; over since 03:18 UTC (rule added 03:17" in headline(snapshot, symptom, "no_fault_found", observed)


def test_a_cause_that_is_over_asks_for_nothing() -> None:
    told = report(rolled_back())
    assert told.causes[0].code == "task-crash-exit"
    assert (told.causes[0].advice or "").startswith("Nothing to do now: over since 03:24 UTC (the deployment of")
    assert "kept stopping from 02:54 to 03:24 UTC" in told.headline


def test_every_cause_that_is_over_asks_for_nothing() -> None:
    killed = (stopped_task(20 + at, minutes_ago=at, exit_code=137, reason=OOM, revision=8) for at in (30, 20, 7))
    told = report(rolled_back().stopped(*killed))
    assert {cause.code for cause in told.causes} == {"task-crash-exit", "task-oom-killed"}
    assert all((cause.advice or "").startswith("Nothing to do now: over since") for cause in told.causes)


def test_the_commands_of_what_is_over_are_for_the_next_time() -> None:
    [first, *_] = report(from_the_history()).causes
    assert first.advice_commands
    assert when_to_run(first.advice or "") == "Not now, for the next time:"


def test_what_a_roll_back_took_away_does_not_come_back_after_a_pause() -> None:
    assert words(rolled_back()) == "over since 03:24 UTC (the deployment of the service was rolled back at 03:25)"
    assert words(rolled_back("SUCCESSFUL")) is None
    assert words(rolled_back(finished=20)) is None


@pytest.mark.parametrize(
    "incident",
    [
        pytest.param(Incident, id="nothing was wrong"),
        pytest.param(kept_stopping, id="nobody changed anything"),
        pytest.param(lambda: the_rule_was_put_back(3, until=1), id="quiet for a minute"),
        pytest.param(lambda: the_rule_was_put_back(25), id="changed long before the end"),
        pytest.param(
            lambda: the_rule_was_put_back().unhealthy("Target.Timeout", "Request timed out", since=1),
            id="a target fails",
        ),
        pytest.param(lambda: the_rule_was_put_back().targets(()), id="no target"),
        pytest.param(lambda: the_rule_was_put_back().service(running=3), id="a task is missing"),
        pytest.param(
            lambda: the_rule_was_put_back().service(deployments=(deployment(rollout_state="IN_PROGRESS"),)),
            id="a deployment is in progress",
        ),
        pytest.param(lambda: the_rule_was_put_back().denied(TargetHealth, "elb:x"), id="target health was not read"),
        pytest.param(lambda: by("ecs.amazonaws.com"), id="a service did its daily work"),
        pytest.param(lambda: by(None, error="AccessDenied"), id="AWS refused it"),
        pytest.param(lambda: by(None, name="CreateTags"), id="a change that mends nothing"),
    ],
)
def test_it_is_not_over(incident: Any) -> None:
    assert words(incident()) is None


def by(service: str | None, name: str = "AuthorizeSecurityGroupIngress", **more: Any) -> Incident:
    made = change(name, minutes_ago=13, resources=("sg-0c2d",), by_service=service, **more)
    return kept_stopping().changed(made)


@pytest.mark.parametrize(
    ("minutes_ago", "told"),
    [
        pytest.param((26, 21, 17), "task stopped 03:13 by {actor}, for the last time", id="one after the other"),
        pytest.param((17,), "task stopped 03:13 by {actor}", id="the one that was ill"),
    ],
)
def test_the_stops_that_are_the_trouble_do_not_end_it(minutes_ago: tuple[int, ...], told: str) -> None:
    stops = [change("StopTask", minutes_ago=at, resources=("task/prod/1",)) for at in minutes_ago]
    actor = stops[0].actor
    assert words(kept_stopping().changed(*stops)) == f"over since 03:18 UTC ({told.format(actor=actor)})"
