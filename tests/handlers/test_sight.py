"""What Home tells one person of other people's answers."""

from __future__ import annotations

from typing import Any, cast

import pytest

from handlers.people import People
from handlers.permission import Channel, Rules, must_be_private
from handlers.sight import MAX_ASKED_ABOUT, Sight
from handlers.slack_calls import SlackCalls, SlackRefusedError

ONE = Rules(teams=frozenset({"T1"}))


class Slack:
    """Channels by id, and who is in the private ones."""

    def __init__(self, channels: dict[str, dict[str, Any]], members: dict[str, list[str]]) -> None:
        self.channels = channels
        self.members = members
        self.asked: list[str] = []

    def read(self, method: str, channel: str, **_: Any) -> dict[str, Any]:
        self.asked.append(method)
        if method == "conversations.members":
            return {"members": self.members.get(channel, [])}
        if channel not in self.channels:
            raise SlackRefusedError(method, "channel_not_found")
        return {"channel": self.channels[channel]}

    def get(self, kind: str, name: str) -> str | None:
        return None

    def put(self, kind: str, name: str, text: str) -> None:
        return None


def sight(slack: Slack, user: str = "U-ann", rules: Rules = ONE) -> Sight:
    return Sight(People(cast("SlackCalls", slack), slack), rules, user)


SLACK = {
    "C-all": {},
    "C-mine": {"is_private": True},
    "C-theirs": {"is_private": True},
    "C-shared": {"is_ext_shared": True},
    "C-soon": {"is_pending_ext_shared": True},
}
MEMBERS = {"C-all": ["U-bob"], "C-mine": ["U-ann"], "C-theirs": ["U-bob"]}


@pytest.mark.parametrize(
    ("channel", "seen"),
    [
        ("C-all", True),
        ("C-mine", True),
        ("C-theirs", False),
        ("C-shared", False),
        ("C-soon", False),
        ("C-gone", False),
        ("D-bob", False),
        ("", False),
    ],
)
def test_of_other_peoples_answers_only_those_that_this_person_could_read(channel: str, seen: bool) -> None:
    assert sight(Slack(SLACK, MEMBERS)).has(channel, "U-bob") is seen
    assert sight(Slack(SLACK, MEMBERS)).has(channel, "") is seen, "after an alarm nobody asked"


def test_what_somebody_asked_for_they_may_see_again() -> None:
    assert sight(Slack(SLACK, MEMBERS)).has("C-theirs", "U-ann")


def test_a_public_channel_of_one_workspace_is_not_public_in_the_next() -> None:
    for rules in (Rules(teams=frozenset({"T1", "T2"})), Rules(teams=frozenset({"T1"}), enterprise="E1")):
        assert not sight(Slack(SLACK, MEMBERS), rules=rules).has("C-all", "U-bob")
        assert sight(Slack(SLACK, MEMBERS), rules=rules).has("C-mine", "U-bob")


def test_a_channel_is_asked_about_once_and_few_are() -> None:
    many = {f"C{number}": {"is_private": True} for number in range(2 * MAX_ASKED_ABOUT)}
    slack = Slack(many, {channel: ["U-ann"] for channel in many})
    seeing = sight(slack)
    seen = [seeing.has(channel, "U-bob") for channel in [*many, *many]]
    assert seen.count(True) == 2 * MAX_ASKED_ABOUT
    assert slack.asked.count("conversations.members") == MAX_ASKED_ABOUT


@pytest.mark.parametrize(
    ("channel", "private"),
    [
        (Channel(id="C1"), False),
        (Channel(id="C1", shared=True), True),
        (Channel(id="C1", known=False), True),
        (Channel(id="D1", known=False), False),
    ],
)
def test_who_reads_a_channel_that_the_bot_may_not_look_at_is_not_known(channel: Channel, private: bool) -> None:
    assert must_be_private(channel, ONE) is private
    assert not must_be_private(channel, Rules(teams=frozenset({"T1"}), shared_channels_allowed=True))
