"""The service's own events are told in words, and one line tells of tasks that come and go over and over."""

from __future__ import annotations

from diagnostics import service_events
from tests.incidents.building import TG, Incident

TASK = "60be4938f536b6c845ea7f72db685501"


def told(incident: Incident) -> list[str]:
    moments = sorted(service_events.told(incident.snapshot()), key=lambda moment: moment.at)
    return [moment.event for moment in moments]


def test_tasks_that_are_replaced_for_ever_are_one_line_with_their_numbers() -> None:
    incident = Incident()
    for minute in range(20, 10, -1):
        incident.event(f"has started 2 tasks: (task {minute:032x}) (task {TASK}).", minute)
        incident.event(f"registered 2 targets in (target-group {TG})", minute - 0.3)
        incident.event(f"has stopped 1 running tasks: (task {minute:032x}).", minute - 0.5)
    assert told(incident) == [
        "ECS started 20 tasks, registered 20 targets, stopped 10 tasks, in 30 events until 03:19:30"
    ]


def test_a_roll_out_is_told_event_by_event() -> None:
    incident = Incident().event(f"has started 1 tasks: (task {TASK}).", 9)
    incident.event(f"registered 1 targets in (target-group {TG})", 8)
    incident.event("has reached a steady state.", 7)
    assert told(incident) == [
        "service has started 1 tasks: (task 60be4938).",
        "service registered 1 targets in (target group checkout)",
        "service has reached a steady state.",
    ]


def test_a_pause_parts_what_came_before_it() -> None:
    incident = Incident()
    for minute in (50, 49, 48, 47, 46, 45, 9, 8):
        incident.event(f"has started 1 tasks: (task {minute:032x}).", minute)
    assert told(incident)[0] == "ECS started 6 tasks, in 6 events until 02:45:00"
    assert len(told(incident)) == 3


def test_what_a_message_says_beyond_routine_stays() -> None:
    unhealthy = f"(task {TASK}) (port 8080) is unhealthy in (target-group {TG}) due to (reason Request timed out)."
    assert told(Incident().event(unhealthy, 5)) == [
        "(task 60be4938) (port 8080) is unhealthy in (target group checkout) due to (reason Request timed out)."
    ]
