"""Slack's payloads with members missing, of other kinds, huge or strange: nothing fails, what is told is escaped."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_bolt import App, BoltRequest

from bot.server import MAX_BODY_BYTES
from bot.slack_app import make_app, make_client
from bot.store.alarms import MAX_NEWS_BYTES
from bot.store.asks import MAX_ASK_BYTES
from demo.slack.limits import view_errors
from diagnostics.facts.fact import Frozen
from diagnostics.question import Question
from handlers import views
from handlers.alarms import Listened
from handlers.ask import Origin, Place, Refresh
from handlers.errands import Pick
from handlers.shortcuts import DIAGNOSE
from handlers.views import Message, fix_story
from handlers.views import fixes as drawn
from handlers.views.answers import CHOOSE
from handlers.views.blocks import section
from handlers.views.picker import PICKER, TYPED, WHAT
from tests import slack_fake, slack_limits
from tests.fuzzing import dice, examples, mutated
from tests.handlers.alarm_formats import posters
from tests.slack_fake import ALICE, CHANNEL, SlackFake, serving

HERE = Origin(team="T0TEAM", channel=CHANNEL, user=ALICE)
FITS = {"ask": MAX_ASK_BYTES, "alarm": MAX_NEWS_BYTES}


@dataclass
class Desk:
    """Takes everything in, and looks at whether it can be kept and shown."""

    taken: list[str] = field(default_factory=list)

    def submit(self, ask: Frozen) -> str | None:
        self._keep("ask", ask)
        return None

    def take_alarm(self, news: Frozen) -> bool:
        self._keep("alarm", news)
        return True

    def take_pointed(self, pointed: Frozen) -> None:
        self._keep("pointed", pointed)

    def take_mute(self, wish: Frozen) -> None:
        self._keep("mute", wish)

    def take_control(self, click: Frozen) -> None:
        self._keep("control", click)

    def take_click(self, click: Frozen) -> None:
        self._keep("fix", click)

    def take_errand(self, errand: Frozen) -> None:
        self._keep("errand", errand)

    def pick_behind(self, _: str) -> Pick:
        return Pick(origin=HERE, questions=(Question(words="checkout"),))

    def refresh_behind(self, _: str) -> Refresh:
        return Refresh(question=Question(words="checkout"), place=Place(channel=CHANNEL))

    def has_seen(self, event_id: str) -> bool:
        return not event_id.encode()

    def help_for(self, origin: Origin, command: str) -> Message:
        return views.help(command)

    def wrong_word(self, _: str, typed: str) -> str | None:
        return "Type checkout to approve this." if typed.strip() != "checkout" else None

    def tell(self, origin: Origin, message: Message) -> None:
        self._keep("told", origin)
        shown(message.text, message.blocks)

    def _keep(self, kind: str, what: Frozen) -> None:
        size = len(what.model_dump_json().encode())
        assert size <= FITS.get(kind, 100_000), (kind, size)
        self.taken.append(kind)


def shown(text: str, blocks: Any) -> None:
    said = list(blocks) or [section(text)]
    slack_limits.check_quickly(text, said, plain=False)


@pytest.fixture(scope="module")
def slack() -> Iterator[SlackFake]:
    with serving(SlackFake()) as fake:
        yield fake


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk()


@pytest.fixture(scope="module")
def app(slack: SlackFake, desk: Desk) -> App:
    client = make_client(slack_fake.TOKEN, f"{slack.url}/api/")
    return make_app(client, slack_fake.SECRET, desk, Listened())


TRIGGER = "1.2.3"
_triggers = itertools.count(4)
USER = {"id": ALICE, "team_id": "T0TEAM", "username": "alice"}
TEAM = {"id": "T0TEAM", "domain": "x"}
MESSAGE = {"type": "message", "ts": "1700.2", "thread_ts": "1700.1", "text": "x", "bot_id": "B0BOT"}
CONTAINER = {
    "type": "message",
    "channel_id": CHANNEL,
    "message_ts": "1700.2",
    "thread_ts": "1700.1",
    "is_ephemeral": False,
}


def event(**more: Any) -> dict[str, Any]:
    return {
        "type": "event_callback",
        "team_id": "T0TEAM",
        "api_app_id": "A0APP",
        "event_id": "Ev1",
        "event_time": 1,
        "event": more,
    }


def pressed(action_id: str, **action: Any) -> dict[str, Any]:
    return {
        "type": "block_actions", "team": TEAM, "user": USER, "api_app_id": "A0APP", "container": CONTAINER,
        "channel": {"id": CHANNEL, "name": "c"}, "message": MESSAGE, "trigger_id": TRIGGER,
        "response_url": "https://hooks.slack.com/actions/x",
        "actions": [{"type": "button", "action_id": action_id, "block_id": "b", "value": "b-1", **action}],
    }  # fmt: skip


def submitted(callback_id: str, **values: Any) -> dict[str, Any]:
    state = {"values": {name: {name: value} for name, value in values.items()}}
    view = {
        "id": "V1", "type": "modal", "callback_id": callback_id, "private_metadata": "p-1", "hash": "1.x", "blocks": [],
        "title": {"type": "plain_text", "text": "alb502"}, "submit": {"type": "plain_text", "text": "Approve"},
        "state": state,
    }  # fmt: skip
    return {
        "type": "view_submission",
        "team": TEAM,
        "user": USER,
        "api_app_id": "A0APP",
        "trigger_id": TRIGGER,
        "view": view,
    }


WORDS = {"type": "plain_text_input", "value": "checkout since 2h"}
CHOSEN = {"type": "static_select", "selected_option": {"text": {"type": "plain_text", "text": "x"}, "value": "0"}}
COMMAND = {
    "command": "/alb502", "text": "checkout since 2h in prod", "user_id": ALICE, "channel_id": CHANNEL,
    "team_id": "T0TEAM", "api_app_id": "A0APP", "response_url": "https://hooks.slack.com/commands/x",
    "trigger_id": TRIGGER,
}  # fmt: skip
ALARM = posters.EVERYBODY[0](posters.Alarm(name="checkout-5xx", state="ALARM"))
PAYLOADS: Mapping[str, dict[str, Any]] = {
    "mention": event(type="app_mention", user=ALICE, text="<@U0BOT> checkout", ts="1700.1", channel=CHANNEL),
    "mention in a thread": event(
        type="app_mention", user=ALICE, text="<@U0BOT> why", ts="1700.2", thread_ts="1700.1", channel=CHANNEL
    ),
    "post": event(**{**ALARM, "type": "message", "channel": CHANNEL, "ts": "1700.1"}),
    "home": event(type="app_home_opened", user=ALICE, tab="home", channel="D1"),
    "refresh": pressed(views.REFRESH),
    "choose": pressed(CHOOSE, type="static_select", selected_option=CHOSEN["selected_option"]),
    "control": pressed("control-watch"),
    "control with a window": pressed("control-not-this"),
    "more": pressed("control-more", type="overflow", selected_option={"value": "mute b-1"}),
    "fix": pressed(f"{drawn.OPEN}-1"),
    "review": pressed(fix_story.REVIEW),
    "refuse": pressed(fix_story.REFUSE),
    "undo": pressed(fix_story.UNDO),
    "plan": submitted(drawn.PLAN, **{drawn.TYPED: WORDS, drawn.CHOICE: CHOSEN}),
    "picked": submitted(PICKER, **{TYPED: WORDS, WHAT: CHOSEN}),
    "window": submitted("control-mute", how_long=CHOSEN),
    "shortcut": {
        "type": "message_action", "callback_id": DIAGNOSE, "team": TEAM, "user": USER, "trigger_id": TRIGGER,
        "channel": {"id": CHANNEL}, "message_ts": "1700.1", "response_url": "https://hooks.slack.com/app/x",
        "message": {**ALARM, "ts": "1700.1"},
    },
}  # fmt: skip


def dispatched(app: App, document: Any) -> int:
    """As the public port does once the signature is found to be right."""
    event_like = isinstance(document, dict) and "event" in document
    if isinstance(document, dict) and document.get("trigger_id") == TRIGGER:
        document = {**document, "trigger_id": f"1.2.{next(_triggers)}"}  # one opens one window
    text = json.dumps(document) if event_like else urlencode({"payload": json.dumps(document)})
    kind = "application/json" if event_like else "application/x-www-form-urlencoded"
    return answered(app, text, kind)


def answered(app: App, text: str, kind: str) -> int:
    if len(text) > MAX_BODY_BYTES:
        return 413
    headers: dict[str, str | Sequence[str]] = {**slack_fake.sign(text.encode()), "Content-Type": kind}
    try:
        asked = BoltRequest(body=text, headers=headers)
    except (ValueError, AttributeError, TypeError, RecursionError):
        return 400
    answer = app.dispatch(asked)
    if answer.body.startswith("{"):
        said = json.loads(answer.body)
        if "view" in said:
            assert view_errors(said["view"]) == []
        elif "text" in said:
            shown(said["text"], said.get("blocks") or [])
    return int(answer.status)


@pytest.mark.parametrize("name", PAYLOADS)
def test_as_slack_sends_it_it_is_taken(app: App, desk: Desk, name: str) -> None:
    before = len(desk.taken)
    assert dispatched(app, PAYLOADS[name]) == 200
    assert len(desk.taken) > before or name == "plan"


@examples(120)
@given(name=st.sampled_from(sorted(PAYLOADS)), dice=dice())
def test_whatever_else_slack_sends_nothing_fails(app: App, name: str, dice: random.Random) -> None:
    assert dispatched(app, mutated(PAYLOADS[name], dice)) < 500


@examples(60)
@given(dice=dice())
def test_whatever_a_command_holds_nothing_fails(app: App, dice: random.Random) -> None:
    fields = {key: value for key, value in mutated(COMMAND, dice).items() if isinstance(value, str)}
    assert answered(app, urlencode(fields), "application/x-www-form-urlencoded") < 500


@examples(60)
@given(poster=st.sampled_from(posters.EVERYBODY), dice=dice())
def test_whatever_is_posted_nothing_fails(app: App, poster: posters.Poster, dice: random.Random) -> None:
    posted = poster(posters.Alarm(name="checkout-5xx", state="ALARM"))
    body = event(**{**posted, "type": "message", "channel": CHANNEL, "ts": "1700.1"})
    assert dispatched(app, {**body, "event": mutated(body["event"], dice)}) < 500
