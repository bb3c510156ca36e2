"""What looks as if somebody had taken it away is asked of CloudTrail before what is there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from diagnostics.facts import RouteTable, RouteTables, TableRoute, Target, TargetHealth
from tests.diagnostics.collect.scripted import GROUP, NOW, SUBJECT
from tests.diagnostics.collect.test_changes import NOTHING, event, forwards, listening, look_up, names, service, task


@pytest.mark.parametrize(
    ("priorities", "hole"),
    [
        ((10, 20, 40, 50, 60), True),
        ((1, 2, 3, 5), True),
        ((10, 20, 30, 40), False),
        ((10, 20, 40), False),
        ((1, 7, 40, 41), False),
        ((), False),
    ],
)
def test_a_hole_in_an_even_row_of_priorities_is_worth_a_look_up_that_nobody_else_needs(
    priorities: tuple[int, ...], hole: bool
) -> None:
    listeners = listening(*map(forwards, priorities), forwards(None))
    assert (
        "DeleteRule" in [name for step in names(look_up(service("sg-1"), listeners=listeners)) for name in step]
    ) is (hole)
    crowded = look_up(service("sg-1", "sg-2", "sg-3"), listeners=listeners)
    assert [len(step) for step in names(crowded)] == [2, 2]


def registered(*targets: Target) -> TargetHealth:
    return TargetHealth(by_group={GROUP: targets})


def ended(name: str) -> Target:
    return Target(id=name, port=80, state="unused", reason="Target.InvalidState")


INSTANCES = SUBJECT.model_copy(update={"kind": "target-group", "service": None, "cluster": None})


def test_an_instance_that_does_not_run_is_asked_about_in_time_for_the_first_answer_and_the_others_later() -> None:
    health = registered(ended("i-0a"), ended("i-0b"), Target(id="i-0c", port=80, state="healthy"), ended("10.0.0.1"))
    stopping = event("StopInstances", {"instancesSet": {"items": [{"instanceId": "i-0a"}]}})
    driven = look_up(NOTHING, {GROUP: [], "i-0a": [stopping]}, subject=INSTANCES, health=health)
    assert names(driven) == [[GROUP], ["i-0a", "checkout"]]
    assert [change.name for change in driven.outcome.items] == ["StopInstances"]
    later = look_up(NOTHING, subject=INSTANCES, health=health, lookups=10)
    assert "i-0b" in names(later)[-1]
    assert "i-0c" not in later.outcome.looked_up


def test_instances_that_were_taken_out_are_asked_about_later() -> None:
    out = event("DeregisterTargets", {"targetGroupArn": GROUP, "targets": [{"id": "i-0f"}, {"id": "i-0c"}]})
    others = {**out, "EventId": "2", **event("DeregisterTargets", {"targetGroupArn": "x", "targets": [{"id": "i-0e"}]})}
    health = registered(Target(id="i-0c", port=80, state="healthy"))
    driven = look_up(NOTHING, {GROUP: [out, others]}, subject=INSTANCES, health=health, lookups=10)
    assert names(driven)[-1][0] == "i-0f"
    assert not {"i-0c", "i-0e"} & set(driven.outcome.looked_up)


def test_the_host_that_took_tasks_with_it_is_asked_about() -> None:
    lost = task(1, "TerminationNotice").model_copy(
        update={"stopped_reason": "Host EC2 (instance i-0abc) terminated.", "stopped_at": NOW - timedelta(minutes=5)}
    )
    assert names(look_up(service("sg-1"), {GROUP: [event("X", {})]}, stopped=(lost,)))[-1] == ["i-0abc"]


def test_routes_are_asked_about_when_targets_in_another_network_are_silent() -> None:
    tables = RouteTables(
        items=(
            RouteTable(id="rtb-1", vpc_id="vpc-1", routes=()),
            RouteTable(
                id="rtb-2",
                vpc_id="vpc-1",
                routes=(TableRoute(destination="10.1.0.0/16", via="pcx-1", state="blackhole"),),
            ),
        )
    )
    silent = Target(id="10.1.0.4", port=80, state="unhealthy", reason="Target.Timeout", zone="all")
    driven = look_up(NOTHING, subject=INSTANCES, health=registered(silent), tables=tables)
    assert names(driven)[1][0] == "rtb-2"
    well = registered(Target(id="10.1.0.4", port=80, state="healthy", zone="all"))
    assert "rtb-2" not in look_up(NOTHING, subject=INSTANCES, health=well, tables=tables).outcome.looked_up
    later = look_up(NOTHING, subject=INSTANCES, health=well, tables=tables, lookups=10)
    assert {"rtb-1", "rtb-2"} <= set(later.outcome.looked_up)


def test_routes_are_asked_about_when_tasks_cannot_reach_what_they_need_to_start() -> None:
    reason = "CannotPullContainerError: pull image manifest has been retried 5 time(s): dial tcp: i/o timeout"
    cut = task(1, "TaskFailedToStart").model_copy(update={"stopped_reason": reason})
    tables = RouteTables(items=(RouteTable(id="rtb-1", vpc_id="vpc-1", routes=()),))
    assert names(look_up(service("sg-1"), {GROUP: [event("X", {})]}, stopped=(cut,), tables=tables))[-1] == ["rtb-1"]
    denied = task(2, "TaskFailedToStart").model_copy(update={"stopped_reason": "CannotPullContainerError: denied"})
    other = look_up(service("sg-1"), {GROUP: [event("X", {})]}, stopped=(denied,), tables=tables)
    assert "rtb-1" not in other.outcome.looked_up


def test_there_are_never_more_look_ups_than_allowed() -> None:
    health = registered(*(ended(f"i-{number}") for number in range(30)))
    for most in (4, 7, 10):
        driven = look_up(service(*"abcdef"), listeners=listening(forwards(1)), health=health, lookups=most)
        assert len(driven.asked) == most
