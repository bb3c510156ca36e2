"""Clicks by people who may not, from where they may not, too late, or twice: they are told why, nothing happens."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from redis import Redis
from structlog.testing import capture_logs

from bot.controls import Controls
from bot.slack_side import SlackSide
from bot.store.control_clicks import ControlClicks
from bot.store.marks import Buttons
from bot.store.reports import Reports
from diagnostics.question import Question
from handlers.ask import Place, Refresh
from handlers.controls.control import Click
from handlers.people import People
from handlers.permission import Channel, Rules
from handlers.scope import ScopeRule, Scopes
from handlers.slack_calls import SlackCalls, SlackLaterError
from handlers.thread import Thread
from tests import reports
from tests.bot.workspace import CLOSED, Workspace
from tests.handlers.controls.visiting import Hands

HERE = "C0HERE"
NOW = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
USERS: Mapping[str, dict[str, Any]] = {
    "U0ANN": {"team_id": "T1"},
    "U0GIL": {"team_id": "T1", "is_restricted": True},
    "U0FAR": {"team_id": "T9", "is_stranger": True},
    "U0OTHER": {"team_id": "T2"},
    "U0BOT": {"team_id": "T1", "is_bot": True},
    "U0GONE": {"team_id": "T1", "deleted": True},
}


def workspace() -> Workspace:
    return Workspace({user: dict(flags) for user, flags in USERS.items()}, {HERE: {}})


@dataclass
class Bench:
    redis: Redis
    slack: Workspace = field(default_factory=workspace)
    hands: Hands = field(default_factory=Hands)
    rules: Rules = field(default_factory=lambda: Rules(teams=frozenset({"T1"})))
    number: int = 0

    def __post_init__(self) -> None:
        self.report = reports.report()
        Reports(self.redis, 1).save(self.report)
        place = Place(channel=HERE, parent_ts="1.0", reply_ts="1.1")
        Buttons(self.redis).put("b-1", Refresh(question=Question(words="checkout"), place=place, report=self.report.id))

    def click(self, control: str, step: str = "pressed", **more: Any) -> str:
        """The click is taken in and worked on. Returns its id."""
        self.number += 1
        given: dict[str, Any] = {
            "id": f"click-{self.number}",
            "correlation_id": f"c-{self.number}",
            "control": control,
            "step": step,
            "about": "b-1" if step == "pressed" else "",
            "user": "U0ANN",
            "team": "T1",
            "at": NOW,
            "channel": HERE if step == "pressed" else "",
            "message_ts": "1.1",
            "thread_ts": "1.0",
        }
        click = Click(**(given | more))
        ControlClicks(self.redis).put(click)
        self.work(click.id)
        return click.id

    def work(self, click_id: str) -> None:
        calls, thread = cast("SlackCalls", self.slack), cast("Thread", self.slack)
        slack = SlackSide(thread, calls, People(calls, self.slack), self.rules)
        buttons, kept = Buttons(self.redis), Reports(self.redis, 1)
        Controls(ControlClicks(self.redis), buttons, kept, slack, self.hands, lambda: NOW).work(click_id)

    @property
    def said(self) -> str:
        """What the person was told last."""
        return (self.slack.whispers or self.slack.views)[-1]

    @property
    def is_untouched(self) -> bool:
        hands = self.hands
        return not (hands.watching or hands.muted or hands.kept or hands.posts)


@pytest.fixture
def bench(redis: Redis) -> Bench:
    return Bench(redis)


def test_who_may_is_served(bench: Bench) -> None:
    """So that the others fail for their own reason."""
    bench.click("watch")
    assert "every minute" in bench.said
    assert bench.hands.watching is not None


@pytest.mark.parametrize("control", ["watch", "post-mortem", "why-not", "was-it-right", "share", "mute", "not-this"])
@pytest.mark.parametrize(
    ("user", "says"),
    [
        ("U0GIL", "Guests cannot"),
        ("U0FAR", "another organisation"),
        ("U0OTHER", "another organisation"),
        ("U0BOT", "Only people"),
        ("U0GONE", "Only people"),
        ("U0NOBODY", "does not tell me who you are"),
    ],
)
def test_who_may_not_is_told_so_and_nothing_happens(bench: Bench, control: str, user: str, says: str) -> None:
    with capture_logs() as logged:
        bench.click(control, user=user)
    assert says in bench.said
    assert "(reference `c-1`)" in bench.said
    assert "Security group" not in bench.said
    assert bench.is_untouched
    assert any(entry["event"] == "refused" for entry in logged)


@pytest.mark.parametrize(
    ("click", "says"),
    [
        ({"about": "b-unknown"}, "has expired. Ask again: `/alb502 TARGET`"),
        ({"about": ""}, "has expired"),
        ({"channel": "C0ELSE"}, "belongs to another channel"),
        ({"channel": "", "view_id": "V1"}, "belongs to another channel"),
        ({"at": NOW - timedelta(hours=1)}, "waited 3,600 s"),
    ],
    ids=["unknown", "empty", "elsewhere", "nowhere", "late"],
)
def test_a_click_that_does_not_count_says_why(bench: Bench, click: dict[str, Any], says: str) -> None:
    bench.click("watch", **click)
    assert says in bench.said
    assert "(reference `c-1`)" in bench.said
    assert bench.is_untouched


def test_a_report_that_is_forgotten_says_what_to_type(bench: Bench) -> None:
    bench.redis.delete(f"alb502:report:{bench.report.id}")
    bench.click("watch")
    assert "is forgotten. Ask again: `/alb502 TARGET`" in bench.said


def test_a_channel_that_became_shared_a_minute_ago_is_no_place_for_it(bench: Bench) -> None:
    bench.slack.memory["channel", HERE] = Channel(id=HERE).model_dump_json()
    bench.slack.channels[HERE]["is_ext_shared"] = True
    bench.click("post-mortem")
    assert "Another organisation reads this channel" in bench.said
    assert bench.is_untouched


def test_a_guest_of_today_is_no_member_of_a_minute_ago(bench: Bench) -> None:
    bench.slack.memory["person", "U0GIL"] = json.dumps({"id": "U0GIL", "team": "T1"})
    bench.click("watch", user="U0GIL")
    assert "Guests cannot" in bench.said


@pytest.mark.parametrize(
    "rule", [{"services": frozenset({"payments"})}, {"accounts": frozenset({"999988887777"})}], ids=str
)
def test_what_a_channel_may_not_ask_about_it_may_not_press_either(bench: Bench, rule: dict[str, Any]) -> None:
    """The scope was set after the answer was given."""
    bench.rules = Rules(teams=frozenset({"T1"}), scopes=Scopes(rules={HERE: ScopeRule(**rule)}))
    bench.click("post-mortem")
    assert "not for this channel" in bench.said or "may ask about" in bench.said
    assert bench.is_untouched


def test_a_click_that_is_delivered_twice_is_worked_on_once(bench: Bench) -> None:
    click_id = bench.click("post-mortem")
    bench.work(click_id)
    assert len(bench.hands.posts) == 1


def test_a_window_belongs_to_whoever_opened_it(bench: Bench) -> None:
    opened = bench.click("mute", view_id="V1")
    bench.click("mute", "submitted", opened_by=opened, user="U0EVE", values={"for": "7200"}, view_id="V1")
    assert "window has expired" in bench.slack.views[-1]
    bench.click("share", "submitted", opened_by=opened, values={"where": "C0ELSE"}, view_id="V1")
    assert "window has expired" in bench.slack.views[-1]
    bench.click("mute", "submitted", opened_by="click-99", values={"for": "7200"}, view_id="V1")
    assert bench.is_untouched
    bench.click("mute", "submitted", opened_by=opened, values={"for": "7200"}, view_id="V1")
    assert bench.hands.muted == [7200]


def test_a_window_that_was_closed_meanwhile_is_answered_in_the_channel(bench: Bench) -> None:
    opened = bench.click("mute", view_id="V1")
    bench.click("mute", "submitted", opened_by=opened, values={"for": "7200"}, view_id=CLOSED)
    assert "Muting" in bench.slack.whispers[-1]


def test_a_fault_of_ours_has_a_reference_that_is_in_the_log(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.hands, "watch", lambda _: 1 / 0)
    with capture_logs() as logged:
        bench.click("watch")
    assert "went wrong on my side" in bench.said
    assert "(reference `c-1`)" in bench.said
    assert any(entry["event"] == "control failed" for entry in logged)


def test_when_slack_asks_for_patience_the_click_is_worked_on_later(bench: Bench) -> None:
    bench.slack.fails = SlackLaterError("users.info", 7.0)
    with pytest.raises(SlackLaterError) as put_off:
        bench.click("watch")
    assert put_off.value.after_s == 7.0
    bench.slack.fails = None
    bench.work("click-1")
    assert bench.hands.watching is not None


def test_of_two_clicks_at_once_one_posts(bench: Bench) -> None:
    clicks = ControlClicks(bench.redis)
    assert clicks.claim("post-mortem-1", "click-1")
    assert not clicks.claim("post-mortem-1", "click-2")
    assert clicks.claim("post-mortem-1", "click-1"), "its own job is delivered again"
