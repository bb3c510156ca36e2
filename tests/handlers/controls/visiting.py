"""A visit of somebody who may, and hands that only note what they are asked to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from demo.slack.limits import view_errors
from diagnostics.question import Question
from diagnostics.report import Report
from handlers.ask import Origin, Place, Refresh
from handlers.controls import catalogue
from handlers.controls.control import Click, Outcome, Visit, Window
from handlers.controls.hands import Posted
from handlers.feedback import Feedback
from handlers.thread import Draw
from handlers.views.blocks import Message
from handlers.watches import LONGEST, Watch
from tests import reports, slack_limits

NOW = reports.END
PLACE = Place(channel="C0CHAN", parent_ts="1.0", reply_ts="1.1")


@dataclass
class Hands:
    """`posted`: what posting answers. `refusal`: why another channel is not told."""

    posted: Posted = "posted"
    refusal: str | None = None
    watching: Watch | None = None
    watch_refusal: str | None = None
    mute_refusal: str | None = None
    text: str = "# Post-mortem\n\nIt broke.\n"
    muted: list[int] = field(default_factory=list)
    kept: list[Feedback] = field(default_factory=list)
    posts: list[tuple[str, str | None, Message]] = field(default_factory=list)

    def watch(self, visit: Visit) -> tuple[Watch, bool] | str:
        if self.watch_refusal is not None:
            return self.watch_refusal
        is_new = self.watching is None
        self.watching = self.watching or a_watch()
        return self.watching, is_new

    def mute(self, visit: Visit, seconds: int) -> str | None:
        if self.mute_refusal is None:
            self.muted.append(seconds)
        return self.mute_refusal

    def keep(self, feedback: Feedback) -> bool:
        self.kept.append(feedback)
        return len(self.kept) == 1

    def why_not_told(self, visit: Visit, channel: str) -> str | None:
        return self.refusal

    def post(self, visit: Visit, name: str, draw: Draw, channel: str | None = None) -> Posted:
        drawn = draw(False)
        assert isinstance(drawn, Message)
        self.posts.append((name, channel, drawn))
        return self.posted

    def address(self, visit: Visit) -> str | None:
        return "https://fake.slack.com/archives/C0CHAN/p11"

    def markdown(self, report: Report) -> str:
        return self.text


def a_watch(**changes: Any) -> Watch:
    values: dict[str, Any] = {
        "id": "watch-1",
        "label": "prod/checkout",
        "question": Question(words="checkout"),
        "origin": Origin(team="T1", channel="C0CHAN", user="U0ALICE", thread_ts="1.0"),
        "place": PLACE,
        "began_at": NOW,
        "until": NOW + LONGEST,
    }
    return Watch(**(values | changes))


def visit(
    control: str, hands: Hands | None = None, report: Report | None = None, place: Place = PLACE, **click: Any
) -> Visit:
    given: dict[str, Any] = {
        "id": "click-1",
        "correlation_id": "c-1",
        "control": control,
        "step": "pressed",
        "about": "b-1",
        "user": "U0ALICE",
        "team": "T1",
        "at": NOW,
        "channel": place.channel,
        "message_ts": place.reply_ts,
        "thread_ts": place.parent_ts,
    }
    found = report or reports.report()
    about = Refresh(question=Question(words="checkout"), place=place, report=found.id)
    return Visit(Click(**(given | click)), about, found, hands or Hands(), NOW + timedelta(seconds=2))


def pressed(control: str, hands: Hands | None = None, report: Report | None = None, **click: Any) -> Outcome:
    function = catalogue()[control].pressed
    assert function is not None
    return checked(function(visit(control, hands, report, **click)))


def submitted(
    control: str, values: dict[str, str], hands: Hands | None = None, report: Report | None = None
) -> Outcome:
    function = catalogue()[control].submitted
    assert function is not None
    made = visit(control, hands, report, step="submitted", id="click-2", opened_by="click-1", values=values)
    return checked(function(made))


def checked(outcome: Outcome) -> Outcome:
    """Slack would take it."""
    if isinstance(outcome, Window):
        assert view_errors(outcome.view) == []
        assert slack_limits.view_violations(outcome.view) == []
    elif outcome is not None and outcome.blocks:
        slack_limits.check(outcome.text, outcome.blocks)
    return outcome


def words_of(outcome: Outcome) -> str:
    """All that the person reads."""
    if isinstance(outcome, Window):
        return "\n".join(slack_limits.all_text(outcome.view["blocks"]))
    assert outcome is not None
    return outcome.text


def options_of(outcome: Outcome, name: str) -> list[str]:
    """The values of a menu in a modal."""
    assert isinstance(outcome, Window)
    (block,) = [block for block in outcome.view["blocks"] if block.get("block_id") == name]
    element = block["element"]
    groups = element.get("option_groups") or [element]
    return [option["value"] for group in groups for option in group["options"]]
