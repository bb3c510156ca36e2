"""Looking at a plan, asking for it, and how long that counts: who only looked is in nobody's way."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from redis import Redis

from handlers.effects import SupersededError
from remediations.approval import Ticket
from remediations.permission import Freeze, People
from tests.bot.fixes.acting import POLICY, START, Stage, denied, person
from tests.bot.fixes.test_clicks import Desk


@pytest.fixture
def desk(stage: Stage, redis: Redis) -> Desk:
    """Two approvers and nobody else, and everything takes both of them."""
    everything = frozenset({"low", "medium", "high"})
    people = People(users=frozenset({"U-ann", "U-bob"}))
    stage.policy = replace(POLICY, rules=replace(POLICY.rules, approvers=people, two_person=everything))  # type: ignore[arg-type]
    return Desk(stage, redis)


def opened(desk: Desk, user: str) -> Ticket:
    desk.click("open", user=user)
    (ticket,) = map(desk.stage.ticket, desk.stage.tickets.unfinished())
    return ticket


def said(desk: Desk) -> str:
    return (desk.slack.whispers or [""])[-1]


def test_of_two_approvers_one_looked_and_the_other_asked_and_it_is_approved_at_once(desk: Desk) -> None:
    """At 3 a.m. Ann opens the plan and closes it again; Bob opens it and asks; Ann approves."""
    ticket = opened(desk, "U-ann")
    assert opened(desk, "U-bob").id == ticket.id
    desk.click("ask", ticket.id, user="U-bob", shown=ticket.digest)
    desk.click("review", ticket.id, user="U-ann")
    assert "Approve and do it" in desk.slack.views[-1]
    desk.click("approve", ticket.id, user="U-ann")
    assert desk.stage.ticket(ticket.id).state == "approved"
    told = desk.stage.records()
    assert [(one.event, one.who.id if one.who else None) for one in told] == [
        ("shown", "U-ann"),
        ("shown", "U-bob"),
        ("asked", "U-bob"),
        ("shown", "U-ann"),
        ("approved", "U-ann"),
    ]


def test_whoever_asked_is_never_the_second_person_whoever_looked_first(desk: Desk) -> None:
    ticket = opened(desk, "U-ann")
    desk.click("ask", ticket.id, user="U-bob")
    desk.click("approve", ticket.id, user="U-bob")
    assert "You asked for this fix, and somebody else has to approve it. Who may: `U-ann`" in said(desk)
    assert desk.stage.ticket(ticket.id).state == "pending"


def test_the_executor_counts_whoever_asked_and_not_whoever_looked(stage: Stage) -> None:
    """By the seals: Ann looked first, Bob asked, Ann approved."""
    stage.policy = replace(POLICY, rules=replace(POLICY.rules, two_person=frozenset({"medium"})))
    looked = stage.desk.request(stage.wanted(), person("U-ann"))
    assert isinstance(looked, Ticket)
    assert isinstance(stage.desk.call(looked.id, person("U-bob")), Ticket)
    assert isinstance(stage.desk.approve(looked.id, person("U-ann")), Ticket)
    stage.executor().run(looked.id)
    assert (stage.ticket(looked.id).state, stage.ticket(looked.id).text) == ("executed", "")


def test_the_time_to_approve_begins_when_somebody_asks(desk: Desk) -> None:
    """Ann reads the plan for nine minutes, asks, and Bob is at the keyboard nine minutes later."""
    ticket = opened(desk, "U-ann")
    desk.stage.wait(540)
    desk.click("ask", ticket.id, user="U-ann")
    asked = desk.stage.ticket(ticket.id)
    assert asked.called_at == START + timedelta(seconds=540)
    assert asked.expires_at == START + timedelta(seconds=540 + 600)
    desk.stage.wait(540)
    assert opened(desk, "U-bob").id == ticket.id, "the button below the answer leads to the one that waits"
    desk.click("approve", ticket.id, user="U-bob")
    assert desk.stage.ticket(ticket.id).state == "approved"


def test_the_thread_says_when_somebody_asked_and_not_when_somebody_looked(desk: Desk) -> None:
    ticket = opened(desk, "U-bob")
    desk.stage.wait(120)
    desk.click("ask", ticket.id, user="U-ann")
    story = desk.slack.stories[-1]
    assert "`U-ann` asked for it at" in story
    assert f"<!date^{int((START + timedelta(seconds=120)).timestamp())}^" in story
    assert f"<!date^{int(START.timestamp())}^" not in story


def test_an_approval_that_was_asked_for_counts_for_no_longer_than_the_settings_say(desk: Desk) -> None:
    ticket = opened(desk, "U-ann")
    desk.click("ask", ticket.id, user="U-ann")
    desk.stage.wait(600)
    desk.click("approve", ticket.id, user="U-bob")
    after = desk.stage.ticket(ticket.id)
    assert (after.state, after.text) == ("expired", "nobody approved it in time")
    assert "It has expired" in said(desk)


def test_the_message_says_that_it_expired_as_soon_as_anybody_finds_out(desk: Desk) -> None:
    """The sweep of the executor is late; its buttons must not stand there for ever."""
    ticket = opened(desk, "U-ann")
    desk.click("ask", ticket.id, user="U-ann")
    desk.stage.wait(600)
    desk.click("review", ticket.id, user="U-bob")
    assert "expired" in desk.slack.told[-1]
    assert "Refuse" not in desk.slack.stories[-1]


def test_a_window_is_filled_although_others_tell_of_its_fix_at_the_same_time(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = opened(desk, "U-ann")
    desk.click("ask", ticket.id, user="U-ann")
    desk.stage.wait(600)

    def overtaken(*_: object) -> None:
        raise SupersededError(ticket.id)

    monkeypatch.setattr(desk.slack, "publish", overtaken)
    desk.click("review", ticket.id, user="U-bob")
    assert "Decided already" in desk.slack.views[-1]


def test_asking_again_does_not_make_it_count_for_longer(desk: Desk) -> None:
    ticket = opened(desk, "U-ann")
    desk.click("ask", ticket.id, user="U-ann")
    desk.stage.wait(300)
    desk.click("ask", ticket.id, user="U-ann")
    assert desk.stage.ticket(ticket.id).expires_at == START + timedelta(seconds=600)


def test_whoever_opens_a_plan_that_another_had_opened_gets_all_of_the_time(desk: Desk) -> None:
    """Ann looked nine minutes ago and went away."""
    first = opened(desk, "U-ann")
    desk.stage.wait(540)
    again = opened(desk, "U-bob")
    assert (again.id, again.expires_at) == (first.id, START + timedelta(seconds=1140))
    desk.stage.wait(120)
    desk.click("ask", first.id, user="U-bob")
    assert desk.stage.ticket(first.id).called_by == person("U-bob").who.model_copy(update={"name": ""})


def test_a_plan_that_somebody_only_looked_at_ends_without_a_word(desk: Desk) -> None:
    """Nobody is told that a fix expired for which nobody had asked."""
    ticket = opened(desk, "U-ann")
    desk.stage.wait(601)
    desk.stage.executor().sweep()
    assert desk.stage.ticket(ticket.id).state == "expired"
    desk.tell(ticket.id)
    assert desk.slack.told == []
    assert desk.stage.records()[-1].text == "nobody asked for its approval"


def test_where_one_person_is_enough_approving_is_asking(stage: Stage, redis: Redis) -> None:
    desk = Desk(stage, redis)
    ticket = opened(desk, "U-bob")
    desk.click("approve", ticket.id, user="U-bob")
    assert [(one.event, one.text) for one in stage.records()] == [
        ("shown", ""),
        ("asked", "by approving it"),
        ("approved", ""),
    ]
    assert "asked for it" not in desk.slack.stories[-1]
    assert "`U-bob` approved it" in desk.slack.stories[-1]


def test_a_plan_that_another_version_holds_is_not_opened_a_second_time(stage: Stage) -> None:
    """During a roll-out: it is there, and this version cannot read it."""
    held = stage.asked()
    stage.redis.hset(f"alb502:fix:{held.id}", "ticket", b"no ticket")
    assert "Another version of me" in denied(stage.desk.request(stage.wanted(), person("U-bob")))


def test_a_freeze_that_begins_while_the_plan_is_open_stops_the_approval(desk: Desk) -> None:
    ticket = opened(desk, "U-ann")
    desk.click("ask", ticket.id, user="U-ann")
    desk.stage.policy = replace(desk.stage.policy, freezes=(Freeze(START, START + timedelta(days=1), "Black Friday"),))
    desk.click("approve", ticket.id, user="U-bob")
    assert "Black Friday" in said(desk)
    assert desk.stage.ticket(ticket.id).state == "pending"


def test_nobody_is_called_for_what_nobody_could_approve(desk: Desk) -> None:
    """The freeze began while the window was open."""
    ticket = opened(desk, "U-ann")
    desk.stage.policy = replace(desk.stage.policy, freezes=(Freeze(START, START + timedelta(days=1), "Black Friday"),))
    desk.click("ask", ticket.id, user="U-ann")
    assert "Black Friday" in said(desk)
    assert (desk.slack.told, desk.stage.ticket(ticket.id).called_by) == ([], None)


def test_who_was_taken_off_the_approvers_between_opening_and_approving_is_told_who_may(desk: Desk) -> None:
    ticket = opened(desk, "U-ann")
    desk.click("ask", ticket.id, user="U-ann")
    desk.click("review", ticket.id, user="U-bob")
    people = People(users=frozenset({"U-ann", "U-cat"}))
    desk.stage.policy = replace(desk.stage.policy, rules=replace(desk.stage.policy.rules, approvers=people))
    desk.click("approve", ticket.id, user="U-bob")
    assert "You may not approve this" in said(desk)
    assert desk.stage.ticket(ticket.id).state == "pending"
