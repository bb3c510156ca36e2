"""What somebody tries at a button that does little, or with a form of a plan that has less risk."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
from redis import Redis

from handlers.permission import Rules
from remediations.approval import Denied, Ticket
from remediations.permission import People, Policy
from remediations.permission import Rules as FixRules
from remediations.plan import Plan
from tests.bot.fixes.acting import POLICY, TARGET, Stage, denied, person
from tests.bot.fixes.test_clicks import HERE, Desk, scoped
from tests.remediations.cloud import plan


@pytest.fixture
def desk(stage: Stage, redis: Redis) -> Desk:
    return Desk(stage, redis)


def test_asking_calls_those_who_may(desk: Desk) -> None:
    """So that the others fail for their own reason."""
    desk.click("ask", desk.asked().id, user="U-ann", channel="")
    assert "waits for approval" in desk.slack.told[-1]


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("guest", "Guests cannot"),
        ("left", "deactivated"),
        ("not asked", "slack.ask"),
        ("shared", "Another organisation"),
        ("scope", "may ask about"),
        ("late", "waited"),
        ("forgotten", "expired"),
    ],
)
def test_nobody_is_called_by_a_click_that_may_not(desk: Desk, what: str, says: str) -> None:
    """The window was opened a while ago, when all was well."""
    ticket, at = desk.asked(), desk.stage.now
    match what:
        case "guest":
            desk.slack.users["U-ann"]["is_restricted"] = True
        case "left":
            desk.slack.users["U-ann"]["deleted"] = True
        case "not asked":
            desk.rules = Rules(teams=frozenset({"T1"}), ask_users=frozenset({"U-eve"}))
        case "shared":
            desk.slack.channels[HERE]["is_ext_shared"] = True
        case "scope":
            desk.rules = scoped(services=frozenset({"payments"}))
        case "late":
            at -= timedelta(seconds=90)
    desk.click("ask", "p-0" if what == "forgotten" else ticket.id, user="U-ann", channel="", at=at)
    assert desk.slack.told == []
    if what != "forgotten":
        assert says in desk.slack.whispers[-1]


def high(**more: Any) -> Plan:
    return plan(risk="high", narrower=(plan(risk="medium", label="less"),), **more)


def rules(two_person: frozenset[str]) -> Policy:
    approvers = People(users=frozenset({"U-ann", "U-bob"}))
    allowed = frozenset({plan().fix})
    return replace(POLICY, rules=FixRules(approvers=approvers, two_person=cast("Any", two_person), allow=allowed))


def test_two_persons_agree_on_the_whole_plan_whatever_part_of_it_is_chosen(stage: Stage) -> None:
    """Also where the desk has other settings than the executor."""
    stage.policy = rules(frozenset())
    asked = stage.asked(high(), by=person("U-bob"))
    agreed = stage.desk.approve(asked.id, person("U-bob"), narrower=0, typed="checkout")
    assert isinstance(agreed, Ticket)
    stage.policy = rules(frozenset({"high"}))
    stage.executor().run(asked.id)
    after = stage.ticket(asked.id)
    assert (after.state, stage.cloud.sent) == ("refused", [])
    assert "somebody else has to" in after.text


def test_a_part_that_may_not_be_done_now_is_not_done(stage: Stage) -> None:
    stage.policy = rules(frozenset())
    part = plan(risk="medium", label="less", not_now="a deployment is in progress")
    asked = stage.asked(plan(narrower=(part,)))
    assert "deployment is in progress" in denied(stage.desk.approve(asked.id, person("U-bob"), narrower=0))
    assert isinstance(stage.desk.approve(asked.id, person("U-bob")), Ticket)


@pytest.mark.parametrize("typed", [None, "", " ", "checkout", "x"])
def test_something_has_to_be_typed_where_nothing_has_a_name(stage: Stage, typed: str | None) -> None:
    stage.policy = rules(frozenset())
    nameless = TARGET.model_copy(update={"service": None, "function": None, "label": ""})
    wanted = replace(stage.wanted(plan(risk="high")), target=nameless)
    asked = stage.desk.request(wanted, person())
    assert isinstance(asked, Ticket)
    assert isinstance(stage.desk.approve(asked.id, person("U-bob"), typed=typed), Denied)


@pytest.mark.parametrize(
    "typed", ["Checkout", "check out", "checkout\u200b", "сheckout", "checkout\u202e", "checkout checkout", "ｃheckout"]
)
def test_what_looks_like_the_name_is_not_the_name(stage: Stage, typed: str) -> None:
    stage.policy = rules(frozenset())
    asked = stage.asked(plan(risk="high"))
    assert "type checkout" in denied(stage.desk.approve(asked.id, person("U-bob"), typed=typed))
    assert isinstance(stage.desk.approve(asked.id, person("U-bob"), typed=" checkout\n"), Ticket)
