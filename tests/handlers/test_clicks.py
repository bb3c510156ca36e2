"""Clicks as they are taken in: what is queued, what is shown at once, and what is said when there is no queue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import IncompleteRead
from types import SimpleNamespace
from typing import Any, cast

import pytest
from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from demo.slack.limits import view_errors
from diagnostics.question import Question
from handlers import clicks, home, picker
from handlers.ask import Ask, NotQueuedError, Origin, Place, Refresh
from handlers.controls import catalogue
from handlers.controls.control import Click
from handlers.errands import Errand, Pick
from handlers.views import Message
from tests.handlers.controls.visiting import NOW


@dataclass
class Desk:
    """Takes everything in, unless it is `down`."""

    down: bool = False
    taken: list[Click] = field(default_factory=list)
    errands: list[Errand] = field(default_factory=list)
    asks: list[Ask] = field(default_factory=list)
    told: list[tuple[Origin, str]] = field(default_factory=list)

    def take_control(self, click: Click) -> None:
        self._up()
        self.taken.append(click)

    def take_errand(self, errand: Errand) -> None:
        self._up()
        self.errands.append(errand)

    def pick_behind(self, pick_id: str) -> Pick | None:
        self._up()
        return Pick(origin=Origin(team="T1", channel="C1", user="U0ALICE"), questions=(Question(words="a/b"),))

    def refresh_behind(self, button_id: str) -> Refresh | None:
        self._up()
        return Refresh(question=Question(words="checkout"), place=Place(channel="C1"))

    def submit(self, ask: Ask) -> str | None:
        self._up()
        self.asks.append(ask)
        return None

    def tell(self, origin: Origin, message: Message) -> None:
        self.told.append((origin, message.text))

    def has_seen(self, event_id: str) -> bool:
        return False

    def help_for(self, origin: Origin, command: str) -> Message:
        return Message(text="help", blocks=())

    def _up(self) -> None:
        if self.down:
            raise NotQueuedError


@dataclass
class Client:
    """Opens modals, unless their trigger has `expired` or the answer is `cut` short."""

    expired: bool = False
    cut: bool = False
    opened: list[Mapping[str, Any]] = field(default_factory=list)
    updated: list[Mapping[str, Any]] = field(default_factory=list)

    def views_open(self, *, trigger_id: str, view: Mapping[str, Any]) -> Mapping[str, Any]:
        if self.expired:
            raise SlackApiError("no", SimpleNamespace(data={"error": "expired_trigger_id"}))  # type: ignore[no-untyped-call]
        if self.cut:
            raise IncompleteRead(b"")
        assert trigger_id == "1.2"
        assert view_errors(view) == []
        self.opened.append(view)
        return {"view": {"id": "V1"}}

    def views_update(self, *, view_id: str, view: Mapping[str, Any]) -> None:
        assert view_errors(view) == []
        self.updated.append(view)


def body(action: Mapping[str, Any], **container: Any) -> dict[str, Any]:
    return {
        "team": {"id": "T1"},
        "user": {"id": "U0ALICE", "team_id": "T1"},
        "trigger_id": "1.2",
        "response_url": "https://hooks.slack.com/actions/x",
        "container": {"type": "message", "channel_id": "C1", "message_ts": "1.1", "thread_ts": "1.0", **container},
        "actions": [action],
    }


def press(desk: Desk, client: Client, given: Mapping[str, Any]) -> None:
    clicks.press(desk, cast("WebClient", client), given, NOW)


def button(name: str, about: str = "b-1") -> dict[str, Any]:
    return {"type": "button", "action_id": f"control-{name}", "value": about}


def line(value: str) -> dict[str, Any]:
    return {"type": "overflow", "action_id": "control-more", "selected_option": {"value": value}}


@pytest.mark.parametrize("action", [button("watch"), line("watch:b-1")], ids=["button", "menu"])
def test_a_press_is_queued_with_its_place(action: dict[str, Any]) -> None:
    desk, client = Desk(), Client()
    press(desk, client, body(action))
    (click,) = desk.taken
    assert (click.control, click.step, click.about, click.user, click.team) == (
        "watch",
        "pressed",
        "b-1",
        "U0ALICE",
        "T1",
    )
    assert (click.channel, click.message_ts, click.thread_ts, click.private) == ("C1", "1.1", "1.0", False)
    assert client.opened == []


def test_a_control_with_a_window_opens_it_before_anything_else() -> None:
    desk, client = Desk(), Client()
    for spec in catalogue().values():
        if spec.opens:
            press(desk, client, body(button(spec.name)))
            assert desk.taken[-1].view_id == "V1"
    assert len(client.opened) == len(desk.taken) >= 4


@dataclass
class Listeners:
    """Stands for Bolt's app."""

    heard: list[Callable[..., None]] = field(default_factory=list)

    def action(self, _: object) -> Callable[[Callable[..., None]], None]:
        return self.heard.append

    view = action


@pytest.mark.parametrize(("name", "taken_before"), [("watch", 1), ("share", 0)], ids=["no window", "a window"])
def test_a_click_is_acknowledged_once_it_is_queued_unless_a_window_has_to_open_first(
    name: str, taken_before: int
) -> None:
    """Whoever dies in between has lost a click that Slack takes for done."""
    app, desk, acknowledged = Listeners(), Desk(), []
    clicks.register(cast("App", app), desk)
    pressed = app.heard[0]
    pressed(ack=lambda: acknowledged.append(len(desk.taken)), body=body(button(name)), client=Client())
    assert acknowledged == [taken_before]
    assert len(desk.taken) == 1


def test_below_what_one_person_sees_a_click_is_private_too() -> None:
    desk = Desk()
    press(desk, Client(), body(button("watch"), is_ephemeral=True, thread_ts=None))
    assert desk.taken[0].private
    assert desk.taken[0].thread_ts == "1.1"


@pytest.mark.parametrize(
    ("desk", "client", "action", "says"),
    [
        (Desk(down=True), Client(), button("watch"), "queue does not answer"),
        (Desk(), Client(expired=True), button("share"), "could not be opened in time"),
        (Desk(), Client(cut=True), button("share"), "could not be opened in time"),
        (Desk(), Client(), button("of-tomorrow"), "do not know this button"),
        (Desk(), Client(), line("nonsense"), "do not know this button"),
        (Desk(), Client(), {"type": "overflow", "action_id": "control-more"}, "do not know this button"),
        (Desk(down=True), Client(), line("refresh:b-1"), "could not be taken"),
    ],
    ids=["no queue", "no window", "no answer", "unknown", "nonsense", "nothing", "refresh without a queue"],
)
def test_what_is_not_taken_is_said_to_the_person_with_a_reference(
    desk: Desk, client: Client, action: dict[str, Any], says: str
) -> None:
    press(desk, client, body(action))
    ((origin, text),) = desk.told
    assert says in text
    assert "(reference `c-" in text
    assert (origin.user, origin.channel, origin.thread_ts) == ("U0ALICE", "C1", "1.0")
    assert desk.taken == []


def test_refresh_in_the_menu_asks_again() -> None:
    desk = Desk()
    press(desk, Client(), body(line("refresh:b-1")))
    assert desk.asks[0].question.refresh


def submission(name: str, **values: Any) -> dict[str, Any]:
    state = {"values": {field: {field: value} for field, value in values.items()}}
    view = {"id": "V1", "callback_id": f"control-{name}", "private_metadata": "click-1", "state": state,
            "title": {"type": "plain_text", "text": "Share this answer"}}  # fmt: skip
    return {"team": {"id": "T1"}, "user": {"id": "U0ALICE", "team_id": "T1"}, "view": view}


def test_what_is_submitted_is_queued_bounded_and_the_window_says_that_it_is_worked_on() -> None:
    desk = Desk()
    chosen = {"type": "conversations_select", "selected_conversation": "C2"}
    text = {"type": "plain_text_input", "value": "x" * 9_000}
    none = {"type": "static_select", "selected_option": None}
    view = clicks.submit(desk, submission("share", where=chosen, words=text, real=none), NOW)
    assert view_errors(view) == []
    assert "One moment" in str(view)
    (click,) = desk.taken
    assert (click.step, click.opened_by, click.view_id) == ("submitted", "click-1", "V1")
    assert click.values == {"where": "C2", "words": "x" * clicks.MAX_VALUE}


@pytest.mark.parametrize(
    ("desk", "name", "says"),
    [
        (Desk(down=True), "share", "queue does not answer"),
        (Desk(), "watch", "do not know"),
        (Desk(), "", "do not know"),
    ],
    ids=["no queue", "no window of its own", "nothing"],
)
def test_what_is_submitted_and_not_taken_is_said_in_the_window(desk: Desk, name: str, says: str) -> None:
    view = clicks.submit(desk, submission(name), NOW)
    assert view_errors(view) == []
    assert says in str(view)
    assert "(reference `c-" in str(view)


def test_a_picker_without_a_queue_says_so() -> None:
    client = Client()
    origin = Origin(team="T1", channel="C1", user="U0ALICE")
    assert picker.open_for(Desk(down=True), cast("WebClient", client), "1.2", origin)
    assert "could not be taken" in str(client.updated)
    assert not picker.open_for(Desk(), cast("WebClient", Client(expired=True)), "1.2", origin)


def test_a_picked_question_without_a_queue_is_said_in_the_picker() -> None:
    typed = {"type": "plain_text_input", "value": "checkout"}
    assert "could not be taken" in picker.submit(Desk(down=True), submission("x", typed=typed))["typed"]
    hostile = {"type": "plain_text_input", "value": "<!channel> x y"}
    assert "&lt;" not in picker.submit(Desk(), submission("x", typed=hostile))["typed"]


def test_home_is_drawn_once_however_often_it_is_opened_and_left_alone_without_a_queue() -> None:
    desk = Desk()
    event = {"team_id": "T1", "event": {"type": "app_home_opened", "tab": "home", "user": "U0ALICE"}}
    home.take(desk, event)
    home.take(desk, event)
    assert desk.errands[0].origin.user == "U0ALICE"
    assert len({errand.id for errand in desk.errands}) <= 2
    home.take(Desk(down=True), event)
    home.take(desk, {"event": {"tab": "home"}})
    assert len(desk.errands) == 2
