"""The job of a watch: delivered twice, out of turn or by a process that died, it looks once and goes on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import pytest
from redis import Redis

from bot.jobs import PutOffError
from bot.store.asks import Asks
from bot.store.reports import Reports
from bot.store.watches import MAX_WATCHES, Watches
from bot.watching import MAX_AWAITED, NOT_HERE, TOO_MANY, Watching, WatchJobs
from diagnostics.report import Report
from handlers.ask import Place
from handlers.slack_calls import SlackLaterError
from handlers.thread import Thread
from handlers.watches import LONGEST, MAX_BLIND, Watch
from tests import reports
from tests.handlers.controls.visiting import NOW, PLACE, a_watch, visit


@dataclass
class Desk:
    """`steps` and `looks` are what was queued; `told` what the thread was told."""

    redis: Redis
    now: Any = NOW
    steps: list[tuple[str, float]] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    later: bool = False
    shared: bool = False

    def __post_init__(self) -> None:
        self.asks, self.reports = Asks(self.redis), Reports(self.redis, 1)
        self.watches = Watches(self.redis)
        self.watching = Watching(
            self.watches, self.asks, self.reports, cast("Thread", self), lambda _: self.shared, lambda: self.now
        )
        self.watching.connect(
            WatchJobs(answer=self.looks.append, step=lambda about, after_s=0.0: self.steps.append((about, after_s)))
        )

    def post(self, _ask: Any, _fence: int, _name: str, draw: Any, thread_ts: str) -> str:
        if self.later:
            raise SlackLaterError("chat.postMessage", 9.0)
        assert thread_ts == PLACE.parent_ts
        self.told.append(draw(True).text)
        return "1.9"

    def begun(self) -> Watch:
        begun = self.watching.begin(visit("watch"))
        assert not isinstance(begun, str)
        return begun[0]

    def answered(self, report: Report | None) -> None:
        """The last look is answered and drawn."""
        look = self.looks[-1]
        if report is not None:
            self.asks.put_answer(look, self.reports.put_answer(report))
        self.asks.finish(look)

    def run(self) -> None:
        """The step that was queued last."""
        self.watching.step(self.steps[-1][0])


@pytest.fixture
def desk(redis: Redis) -> Desk:
    return Desk(redis)


def test_it_looks_judges_and_looks_again_until_it_is_over(desk: Desk) -> None:
    watch = desk.begun()
    for report in (reports.report(), reports.well(), reports.well()):
        desk.run()
        desk.answered(report)
        desk.run()
    desk.run()
    assert len(desk.looks) == 3
    assert [after_s for _, after_s in desk.steps] == [0.0, 8.0, 52.0, 8.0, 52.0, 8.0, 0.0]
    assert "has recovered" in desk.told[0]
    assert desk.watches.by_id(watch.id) is None
    asked = desk.asks.load(desk.looks[0])
    assert asked is not None
    assert (asked.kind, asked.place, asked.origin.response_url) == ("watch", PLACE, None)


def test_a_step_that_is_delivered_twice_looks_once(desk: Desk) -> None:
    desk.begun()
    first = desk.steps[-1][0]
    desk.watching.step(first)
    desk.watching.step(first)
    assert len(desk.looks) == 1
    assert len(desk.steps) == 2


def test_a_step_that_comes_before_it_is_noted_waits(desk: Desk) -> None:
    """Whoever queued it died before it was noted, and is delivered again."""
    watch = desk.begun()
    with pytest.raises(PutOffError):
        desk.watching.step(f"{watch.id}:2")
    desk.watching.step(f"{watch.id}:7")
    desk.watching.step("watch-unknown:1")
    assert desk.looks == []


def test_a_look_that_takes_long_is_waited_for_but_not_for_ever(desk: Desk) -> None:
    watch = desk.begun()
    desk.run()
    for _ in range(MAX_AWAITED):
        with pytest.raises(PutOffError):
            desk.run()
    desk.run()
    known = desk.watches.by_id(watch.id)
    assert known is not None
    assert (known.blind, known.look) == (1, None)


@pytest.mark.parametrize(("report", "looks"), [(None, MAX_BLIND), (reports.report(), 1)], ids=["blind", "too long"])
def test_it_gives_up_says_so_and_has_the_message_say_nothing_more_of_it(
    desk: Desk, report: Report | None, looks: int
) -> None:
    watch = desk.begun()
    for _ in range(looks):
        desk.run()
        desk.answered(report)
        desk.now = desk.now if report is None else NOW + LONGEST + timedelta(minutes=1)
        desk.run()
    desk.run()
    assert "I stopped watching" in desk.told[0]
    assert desk.watches.by_id(watch.id) is None
    assert len(desk.looks) == looks + 1, "one more look draws the answer without the watch"


def test_the_end_is_told_once_slack_has_room(desk: Desk) -> None:
    watch = desk.begun()
    desk.watches.step(watch, watch.model_copy(update={"state": "recovered"}))
    desk.later = True
    with pytest.raises(SlackLaterError):
        desk.run()
    desk.later = False
    desk.run()
    assert len(desk.told) == 1


def test_in_a_channel_that_became_shared_nothing_is_told(desk: Desk) -> None:
    watch = desk.begun()
    desk.watches.step(watch, watch.model_copy(update={"state": "recovered"}))
    desk.shared = True
    desk.run()
    assert desk.told == []
    assert desk.watches.by_id(watch.id) is None


def test_so_many_are_watched_and_one_message_once(desk: Desk) -> None:
    first = desk.begun()
    again = desk.watching.begin(visit("watch", user="U0BOB"))
    assert again == (first, False)
    for number in range(MAX_WATCHES - 1):
        place = Place(channel="C0CHAN", reply_ts=f"2.{number}")
        assert desk.watches.begin(a_watch(id=f"watch-{number}", place=place, until=NOW + LONGEST), NOW)
    assert desk.watching.begin(visit("watch", place=Place(channel="C0CHAN", reply_ts="9.9"))) == TOO_MANY
    assert desk.watches.end(first)
    assert not desk.watches.end(first)
    assert not isinstance(desk.watching.begin(visit("watch", place=Place(channel="C0CHAN", reply_ts="9.9"))), str)


def test_what_one_person_sees_alone_is_not_watched(desk: Desk) -> None:
    assert desk.watching.begin(visit("watch", private=True)) == NOT_HERE
    assert desk.steps == []
