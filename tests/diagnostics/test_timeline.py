"""The timeline tells what repeats once, and keeps what people did when there is too much."""

from __future__ import annotations

from diagnostics.engine import diagnose
from diagnostics.timeline import MAX_ENTRIES
from tests.incidents.building import TASK_SG, Incident, change, stopped_task


def test_what_repeats_is_told_once_with_its_number() -> None:
    incident = Incident()
    for minute in range(30, 0, -1):
        incident.event(f"(task {minute:032x}) (port 8080) is unhealthy in (target-group a) due to (reason x).", minute)
    told = [entry for entry in diagnose(incident.snapshot()).timeline if "is unhealthy" in entry.event]
    assert len(told) == 1
    assert told[0].event.endswith("(30 times until 03:29:00)")
    assert f"{told[0].at:%H:%M}" == "03:00"


def test_a_change_by_a_person_outlives_a_flood_of_events() -> None:
    incident = Incident().elb_errors(504, 40, 50)
    incident.changed(change("RevokeSecurityGroupIngress", minutes_ago=52, resources=(TASK_SG,)))
    for number in range(95):
        words = "".join(chr(ord("g") + int(digit)) for digit in str(number))
        incident.event(f"something called {words} happened.", 50 - number / 2)
    timeline = diagnose(incident.snapshot()).timeline
    assert len(timeline) == MAX_ENTRIES
    assert timeline[0].event == f"RevokeSecurityGroupIngress on {TASK_SG}"
    assert timeline[0].actor == "role/ops-admin"
    assert any(entry.event == "first errors" for entry in timeline)
    assert [entry.at for entry in timeline] == sorted(entry.at for entry in timeline)


def test_registrations_by_ecs_itself_are_not_told_twice() -> None:
    registered = change("RegisterTargets", minutes_ago=5, resources=("tg",), by_service="ecs.amazonaws.com")
    report = diagnose(Incident().event("registered 1 targets in (target-group a)", 5).changed(registered).snapshot())
    assert [entry.event for entry in report.timeline if "egister" in entry.event] == [
        "registered 1 targets in (target-group a)"
    ]


def test_a_stop_says_why() -> None:
    report = diagnose(Incident().stopped(stopped_task(1, minutes_ago=9, exit_code=1)).snapshot())
    assert report.timeline[-1].event == "task 00000001 stopped: Essential container in task exited; web exit 1"
