"""The answer above, once a fix has ended what it tells of: nobody who scrolls up at 3 a.m. takes it for open still."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from redis import Redis

from bot.mended_answers import MendedAnswers, Mends
from bot.store.asks import Asks
from bot.store.reports import Reports
from bot.store.standing import Standing
from diagnostics.question import Question
from diagnostics.report import Report
from handlers import views
from handlers.ask import Ask, Origin, Place
from handlers.slack_calls import SlackLaterError
from handlers.views.mended import with_mended
from remediations.approval import Ticket
from remediations.plan import Plan, Success
from tests import reports, slack_limits
from tests.bot.fixes.acting import START, Stage, person
from tests.remediations.cloud import path_is, plan

HERE = Place(channel="C1", parent_ts="1.0", reply_ts="1.1")
WRONG = reports.report(id="r-1", made_at=START - timedelta(minutes=5))


def ask(name: str = "ask-1") -> Ask:
    origin = Origin(team="T1", channel="C1", user="U1")
    return Ask(id=name, correlation_id="c", kind="command", question=Question(words="x"), origin=origin, asked_at=START)


class Channel:
    """One channel with the answer `WRONG` in it, drawn as the bot does it."""

    def __init__(self, stage: Stage, redis: Redis) -> None:
        self.stage = stage
        self.redis = redis
        self.mends = Mends(Standing(redis), stage.tickets)
        self.reports = Reports(redis, 1)
        self.asks = Asks(redis)
        self.jobs: list[str] = []
        self.edits: list[str] = []
        self.shared: set[str] = set()
        self.busy: list[SlackLaterError] = []
        self.mended = MendedAnswers(
            Standing(redis), stage.tickets, self.asks, self.reports, self._draw_again, self._is_shared
        )
        self.mended.connect(lambda message, _after_s=0.0: self.jobs.append(message))
        self.shows(WRONG)

    def shows(self, report: Report, name: str = "ask-1", place: Place = HERE) -> None:
        self.reports.save(report)
        self.asks.save(ask(name))
        self.mends.stands(ask(name), place, report)

    def told(self, *tickets: Ticket) -> None:
        """People are told of a fix, and what that queues is done."""
        for ticket in tickets:
            self.mended.note(ticket)
        while self.jobs:
            self.mended.edit(self.jobs.pop(0))

    def text(self, report: Report = WRONG, place: Place = HERE) -> str:
        drawn = self.mends.above(lambda _: views.summary(report, now=START, age_s=None, plain=True), place, report)
        return drawn(True).text

    def _is_shared(self, channel: str) -> bool:
        if self.busy:
            raise self.busy.pop()
        return channel in self.shared

    def _draw_again(self, asked: Ask, answer_id: str) -> None:
        found = self.reports.answer(answer_id)
        assert found is not None
        report, facts_at = found
        assert isinstance(report, Report)
        assert facts_at == report.made_at, "the facts are as old as they are"
        self.edits.append(self.text(report))


@pytest.fixture
def channel(stage: Stage, redis: Redis) -> Channel:
    return Channel(stage, redis)


def worked(stage: Stage, chosen: Plan | None = None) -> Ticket:
    done = stage.ran(chosen)
    stage.cloud.healthy = True
    stage.wait(42)
    stage.executor().watch(done.id)
    after = stage.ticket(done.id)
    assert after.state == "verified"
    return after


def test_it_says_at_its_top_that_it_is_over_and_who_ended_it(channel: Channel) -> None:
    assert channel.text().startswith(":red_circle:")
    channel.told(worked(channel.stage))
    (text,) = channel.edits
    first, second = text.splitlines()[:2]
    assert first.startswith(":white_check_mark: *Recovered at <!date^1800000042^")
    assert "42 s after *Set path and delay of checkout* (approved by `U-bob`): the targets are healthy." in first
    assert "how it was before; *Refresh* looks anew" in first
    assert second.startswith(":large_yellow_circle: *")
    assert ":red_circle:" not in text


def test_what_was_found_stays_as_it_was_found(channel: Channel) -> None:
    before = channel.text().splitlines()[1:]
    channel.told(worked(channel.stage))
    assert channel.text().splitlines()[2:] == before


def test_it_is_edited_once_however_often_people_are_told(channel: Channel) -> None:
    done = worked(channel.stage)
    channel.told(done, done)
    channel.told(done)
    channel.stage.wait(900)
    channel.stage.executor().close(done.id)
    channel.told(channel.stage.ticket(done.id))
    assert len(set(channel.edits)) == 1
    assert len(channel.edits) <= 2, "what is queued twice before it is done is done twice"


@pytest.mark.parametrize("state", ["executed", "failed", "refused", "expired"])
def test_a_fix_that_did_not_work_claims_nothing(channel: Channel, state: Any) -> None:
    done = channel.stage.ran()
    channel.told(done.model_copy(update={"state": state}))
    assert channel.edits == []
    assert channel.text().startswith(":red_circle:")


def test_a_setting_that_is_as_it_should_be_is_no_recovery(channel: Channel) -> None:
    there = Success(text="access logs are on", within_s=60, guards=(path_is("/healthz"),))
    channel.told(worked(channel.stage, plan(success=there)))
    first, second = channel.edits[0].splitlines()[:2]
    assert "Recovered" not in first
    assert first.startswith(":white_check_mark: *Set path and delay of checkout* (approved by `U-bob`) worked at")
    assert second.startswith(":red_circle:")


def test_an_answer_that_was_refreshed_since_speaks_for_itself(channel: Channel) -> None:
    fresh = WRONG.model_copy(update={"id": "r-2", "made_at": START + timedelta(seconds=60)})
    done = worked(channel.stage)
    channel.shows(fresh, "ask-2")
    channel.told(done)
    assert channel.edits == []
    assert channel.text(fresh).startswith(":red_circle:")


def test_an_answer_that_was_refreshed_before_it_worked_is_told_too(channel: Channel) -> None:
    """Somebody pressed Refresh while the watch was still waiting."""
    fresh = WRONG.model_copy(update={"id": "r-2", "made_at": START + timedelta(seconds=10)})
    channel.shows(fresh, "ask-2")
    channel.told(worked(channel.stage))
    assert "Recovered at" in channel.text(fresh)
    assert len(channel.edits) == 1


def test_every_message_that_shows_the_report_says_so(channel: Channel) -> None:
    """Two people had asked the same at once."""
    other = Place(channel="C2", reply_ts="2.1")
    channel.shows(WRONG, "ask-2", other)
    channel.told(worked(channel.stage))
    assert "Recovered at" in channel.text(place=HERE)
    assert "Recovered at" in channel.text(place=other)
    assert "Recovered at" not in channel.text(place=Place(channel="C3", reply_ts="3.1"))


def test_what_was_undone_is_not_recovered_any_more(channel: Channel) -> None:
    done = worked(channel.stage)
    channel.told(done)
    undo = channel.stage.desk.undo(done.id, person("U-ann"))
    assert isinstance(undo, Ticket)
    channel.stage.executor().run(undo.id)
    channel.stage.executor().watch(undo.id)
    channel.told(channel.stage.ticket(undo.id), channel.stage.ticket(done.id))
    first, second = channel.edits[-1].splitlines()[:2]
    assert "had worked at" in first
    assert "was undone by `U-ann`" in first
    assert second.startswith(":red_circle:")


def test_what_came_back_is_not_recovered_any_more(channel: Channel) -> None:
    done = worked(channel.stage)
    channel.told(done)
    channel.stage.cloud.healthy = False
    channel.stage.wait(900)
    channel.stage.executor().close(done.id)
    channel.told(channel.stage.ticket(done.id))
    first, second = channel.edits[-1].splitlines()[:2]
    assert "*it has come back*" in first
    assert second.startswith(":red_circle:")


@pytest.mark.parametrize("forget", ["alb502:ask:*", "alb502:report:*", "alb502:fix:*"])
def test_what_is_forgotten_by_then_is_not_edited(channel: Channel, forget: str) -> None:
    done = worked(channel.stage)
    channel.mended.note(done)
    for name in channel.redis.keys(forget):
        channel.redis.delete(name)
    channel.mended.edit(channel.jobs.pop())
    assert channel.edits == []


def test_the_line_in_the_channel_says_so_too(channel: Channel) -> None:
    channel.told(worked(channel.stage))
    headline: Callable[[bool], Any] = channel.mends.above(lambda _: views.parent_headline(WRONG, "U1"), HERE, WRONG)
    drawn = headline(False)
    assert "Recovered at" in str(drawn.blocks[0])
    assert ":red_circle:" not in str(drawn.blocks)


def test_a_channel_that_another_organisation_reads_by_now_is_told_nothing(channel: Channel) -> None:
    channel.shared.add("C1")
    channel.told(worked(channel.stage))
    assert channel.edits == []


def test_a_slack_that_asks_for_patience_is_asked_again_later(channel: Channel) -> None:
    channel.busy.append(SlackLaterError("conversations.info", 30.0))
    ticket = worked(channel.stage)
    with pytest.raises(SlackLaterError) as put_off:
        channel.told(ticket)
    assert put_off.value.after_s == 30.0
    channel.told(ticket)
    assert len(channel.edits) == 1


def test_what_only_one_person_sees_is_left_alone(channel: Channel) -> None:
    private = HERE.model_copy(update={"private": True, "reply_ts": None})
    channel.shows(WRONG, "ask-2", private)
    channel.told(worked(channel.stage))
    assert len(channel.edits) == 1


@pytest.mark.parametrize("quiet", [None, False])
@pytest.mark.parametrize("state", ["verified", "undone"])
def test_whatever_the_plan_says_slack_takes_it(channel: Channel, state: Any, quiet: bool | None) -> None:
    hostile = "<!channel> *x* `" + "\u202e" + "A" * 500
    done = worked(channel.stage, plan(title=hostile, success=plan().success.model_copy(update={"text": hostile})))
    told = done.model_copy(update={"state": state, "quiet": quiet, "ended_by": done.approved_by})
    drawn = with_mended(views.summary(WRONG, now=START, age_s=None, plain=True), told, WRONG)
    slack_limits.check(drawn.text, drawn.blocks)
    assert "<!channel>" not in drawn.text
