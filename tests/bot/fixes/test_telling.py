"""What the thread is told of a fix: its story, edited as it goes on, and one last word after a time of quiet."""

from __future__ import annotations

import pytest
from redis import Redis

from bot.store.asks import Asks
from remediations.approval import Ticket
from tests.bot.fixes.acting import Stage, person
from tests.bot.fixes.test_clicks import HERE, Desk


@pytest.fixture
def desk(stage: Stage, redis: Redis) -> Desk:
    return Desk(stage, redis)


def done(desk: Desk) -> Ticket:
    """A fix that was approved in the channel and carried out."""
    stage = desk.stage
    ticket = desk.asked()
    assert isinstance(stage.desk.approve(ticket.id, person("U-bob"), channel=HERE), Ticket)
    stage.executor().run(ticket.id)
    return stage.ticket(ticket.id)


def closed(desk: Desk) -> Ticket:
    ticket, stage = done(desk), desk.stage
    stage.cloud.healthy = True
    stage.executor().watch(ticket.id)
    stage.wait(900)
    stage.executor().close(ticket.id)
    return stage.ticket(ticket.id)


def test_the_last_word_says_what_was_done_by_whom_and_what_is_left(desk: Desk) -> None:
    ticket = closed(desk)
    desk.tell(ticket.id)
    text = desk.slack.posted["closing"]
    assert "done by `U-bob`, recovered after 0 s, quiet since" in text
    assert "worked" in desk.slack.told[-1]


def test_before_the_quarter_of_an_hour_there_is_no_last_word(desk: Desk) -> None:
    ticket = done(desk)
    desk.stage.cloud.healthy = True
    desk.stage.executor().watch(ticket.id)
    desk.tell(ticket.id)
    assert desk.slack.posted == {}


def test_what_changes_while_it_begins_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two deliveries the one that begins last tells; it may have looked first."""
    ticket, begin = done(desk), Asks.begin
    desk.stage.cloud.healthy = True

    def begun(asks: Asks, ask_id: str) -> int:
        desk.stage.executor().watch(ticket.id)
        return begin(asks, ask_id)

    monkeypatch.setattr(Asks, "begin", begun)
    desk.tell(ticket.id)
    assert "worked" in desk.slack.told[-1]


def test_an_undo_has_no_last_word_of_its_own(desk: Desk) -> None:
    ticket, stage = done(desk), desk.stage
    undo = stage.desk.undo(ticket.id, person("U-bob"), HERE)
    assert isinstance(undo, Ticket)
    stage.executor().run(undo.id)
    stage.executor().watch(undo.id)
    stage.wait(900)
    stage.executor().close(undo.id)
    for one in (undo, ticket):
        desk.tell(one.id)
    assert desk.slack.posted == {}
    assert "undone" in desk.slack.told[-1]


def test_what_the_answer_above_has_to_say_is_told_at_once(desk: Desk) -> None:
    ticket = closed(desk)
    desk.tell(ticket.id)
    assert [one.state for one in desk.mended] == ["verified"]


def test_a_fix_that_is_forgotten_is_told_to_nobody(desk: Desk) -> None:
    desk.tell("p-0")
    assert (desk.slack.told, desk.mended) == ([], [])
