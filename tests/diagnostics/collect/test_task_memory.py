"""What ECS has forgotten is answered from what an earlier diagnosis saw, and what nobody saw is a gap."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from diagnostics.collect.task_memory import FORGOTTEN, MAX_TASKS, Remembered, with_remembered
from diagnostics.engine import diagnose
from diagnostics.facts import Gap, StoppedTasks, Task
from diagnostics.snapshot import Snapshot, Window
from tests.incidents.building import Incident, ago, stopped_task


class Memory:
    """Implements `TaskMemory`."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def recall(self, service: str) -> str | None:
        return self.kept.get(service)

    def keep(self, service: str, text: str) -> None:
        self.kept[service] = text

    @property
    def content(self) -> Remembered:
        (text,) = self.kept.values()
        return Remembered.model_validate_json(text)


@pytest.fixture
def memory() -> Memory:
    return Memory()


def look(at: datetime, *tasks: Task, window: tuple[datetime, datetime] | None = None) -> Snapshot:
    """A diagnosis at this time, when ECS knew of these stopped tasks."""
    snapshot = Incident().stopped(*tasks).snapshot()
    start, end = window or (at - timedelta(hours=1), at)
    return snapshot.model_copy(update={"taken_at": at, "window": Window(start=start, end=end)})


def stopped(snapshot: Snapshot) -> StoppedTasks:
    found = snapshot.get(StoppedTasks)
    assert isinstance(found, StoppedTasks)
    return found


def last_night() -> tuple[datetime, datetime]:
    return ago(600), ago(540)


def test_a_task_that_ecs_forgot_comes_back_with_when_it_was_seen(memory: Memory) -> None:
    crash = stopped_task(9, minutes_ago=560, exit_code=1)
    with_remembered(look(ago(540), crash), memory)
    later = with_remembered(look(ago(0), window=last_night()), memory)
    (task,) = stopped(later).items
    assert (task.id, task.seen_at) == (crash.id, ago(540))
    assert not stopped(later).gaps
    told = [entry.event for entry in diagnose(later).timeline if "stopped" in entry.event]
    assert told == [
        "task 00000009 stopped: Essential container in task exited; web exit 1 (seen 18:30 UTC, no longer in ECS)"
    ]


def test_what_ecs_still_knows_is_not_told_twice(memory: Memory) -> None:
    crash = stopped_task(9, minutes_ago=20, exit_code=1)
    with_remembered(look(ago(5), crash), memory)
    (task,) = stopped(with_remembered(look(ago(0), crash), memory)).items
    assert task.seen_at is None


def test_tasks_of_another_time_stay_out(memory: Memory) -> None:
    with_remembered(look(ago(540), stopped_task(9, minutes_ago=560, exit_code=1)), memory)
    assert not stopped(with_remembered(look(ago(0)), memory)).items


@pytest.mark.parametrize("known", [True, False])
def test_what_nobody_saw_is_a_gap_that_says_so(memory: Memory, known: bool) -> None:
    found = stopped(with_remembered(look(ago(0), window=last_night()), memory if known else None))
    (gap,) = found.gaps
    assert (gap.error, gap.kind) == (FORGOTTEN, "not-read")
    assert "about an hour" in gap.message


def test_a_part_that_nobody_saw_is_a_gap(memory: Memory) -> None:
    with_remembered(look(ago(570)), memory)
    assert stopped(with_remembered(look(ago(0), window=last_night()), memory)).gaps
    with_remembered(look(ago(520)), memory)
    assert not stopped(with_remembered(look(ago(0), window=last_night()), memory)).gaps


def test_the_last_hour_needs_no_memory() -> None:
    assert not stopped(with_remembered(look(ago(0)), None)).gaps


def test_what_could_not_be_read_stays_unread(memory: Memory) -> None:
    with_remembered(look(ago(5), stopped_task(9, minutes_ago=20, exit_code=1)), memory)
    denied = Incident().denied(StoppedTasks, "ecs:ListTasks").snapshot()
    assert isinstance(with_remembered(denied, memory).get(StoppedTasks), Gap)


def test_it_is_bounded_in_number_and_in_time(memory: Memory) -> None:
    with_remembered(look(ago(12_000), stopped_task(1, minutes_ago=12_010)), memory)
    with_remembered(look(ago(0), *(stopped_task(n, minutes_ago=n / 10) for n in range(2, 300))), memory)
    content = memory.content
    assert len(content.tasks) == MAX_TASKS
    assert all(task.stopped_at and task.stopped_at > ago(60) for task in content.tasks)
    assert not content.covers(ago(12_060), ago(12_000))
    assert not content.covers(ago(60), ago(0))  # the oldest of the last hour were left out


def test_looks_that_follow_one_another_are_one(memory: Memory) -> None:
    for minutes in range(600, 0, -30):
        with_remembered(look(ago(minutes)), memory)
    assert len(memory.content.looks) == 1
    assert memory.content.covers(ago(650), ago(40))


def test_a_memory_of_another_version_looks_empty(memory: Memory) -> None:
    with_remembered(look(ago(5)), memory)
    memory.kept = dict.fromkeys(memory.kept, '{"tasks": [{"unknown": 1}]}')
    assert not stopped(with_remembered(look(ago(0)), memory)).items


def test_the_edge_of_the_last_hour_is_no_gap(memory: Memory) -> None:
    almost = (ago(61), ago(0))
    assert not stopped(with_remembered(look(ago(0), window=almost), memory)).gaps
