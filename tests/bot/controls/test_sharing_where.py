"""Where an answer may be shared: nowhere that the person or the bot could not have told of it themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pytest

from bot.control_hands import BotHands
from bot.slack_side import SlackSide
from diagnostics.question import Question
from handlers.ask import Place, Refresh
from handlers.controls.control import Click, Visit
from handlers.people import People
from handlers.permission import Rules
from handlers.scope import ScopeRule, Scopes
from handlers.slack_calls import SlackCalls, SlackRefusedError
from tests import reports
from tests.bot.controls.test_who_may import NOW

THERE = "C0THERE"
MEMBERS: Mapping[str, list[str]] = {"C0OURS": ["U0ANN"], "C0THEIRS": ["U0EVE"], "D0THEIRS": ["U0EVE"]}


class Workspace:
    def __init__(self, **channel: Any) -> None:
        self._channel = channel

    def read(self, method: str, channel: str = "", **_: Any) -> Mapping[str, Any]:
        if method == "conversations.info" and channel != "C0UNKNOWN":
            return {"channel": self._channel}
        if method == "conversations.members":
            return {"members": MEMBERS.get(channel, [])}
        raise SlackRefusedError(method, "not_found")

    def get(self, _kind: str, _name: str) -> str | None:
        return None

    def put(self, _kind: str, _name: str, _text: str) -> None:
        """Remembers nothing."""


def why_not(where: str, scopes: Any = None, **channel: Any) -> str | None:
    slack = Workspace(**channel)
    calls = cast("SlackCalls", slack)
    rules = Rules(teams=frozenset({"T1"}), scopes=scopes or Scopes())
    nothing: Any = None
    known = SlackSide(nothing, calls, People(calls, slack), rules)
    hands = BotHands(known, nothing, nothing, nothing, nothing, None)
    click = Click(
        id="k", correlation_id="c", control="share", step="submitted", about="", user="U0ANN", team="", at=NOW
    )
    about = Refresh(question=Question(words="checkout"), place=Place(channel="C0HERE"), report="r-1")
    return hands.why_not_told(Visit(click, about, reports.report(), hands, NOW), where)


@pytest.mark.parametrize("channel", [{}, {"is_private": False}])
def test_a_channel_of_everybody(channel: dict[str, Any]) -> None:
    assert why_not(THERE, **channel) is None


@pytest.mark.parametrize("flag", ["is_ext_shared", "is_pending_ext_shared"])
def test_a_channel_that_another_organisation_reads(flag: str) -> None:
    assert "another organisation" in str(why_not(THERE, **{flag: True}))


def test_a_channel_that_the_bot_may_not_look_at() -> None:
    assert "cannot look" in str(why_not("C0UNKNOWN"))


@pytest.mark.parametrize("kind", ["is_private", "is_im", "is_mpim"])
def test_a_conversation_that_the_person_is_not_in(kind: str) -> None:
    """Whatever the menu offered: what was chosen comes from the person's client."""
    assert "you are not in it" in str(why_not("C0THEIRS", **{kind: True}))
    assert "you are not in it" in str(why_not("D0THEIRS", **{kind: True}))
    assert why_not("C0OURS", **{kind: True}) is None


def test_a_channel_whose_scope_leaves_it_out() -> None:
    scopes = Scopes(rules={THERE: ScopeRule(services=frozenset({"payments"}))})
    assert why_not(THERE, scopes) is not None
    assert why_not(THERE, Scopes(rules={"C0ELSE": ScopeRule(services=frozenset({"payments"}))})) is None
