"""The state of the workspace: messages, modals, Home tabs, and what lives for moments only.

Everything is in memory and bounded. All methods are thread-safe.
"""

from __future__ import annotations

import itertools
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from demo.slack.feed import Feed
from demo.slack.filling import filled
from demo.slack.identities import TEAM

TRIGGER_S: Final = 3.0
RESPONSE_S: Final = 1_800.0
RESPONSE_USES: Final = 5
MAX_MESSAGES: Final = 400
MAX_KEPT: Final = 1_000
MAX_STACK: Final = 3

Body = dict[str, Any]


@dataclass(slots=True)
class Trigger:
    """Lets the bot open one modal for one person, for three seconds."""

    user: str
    until: float
    used: bool = False


@dataclass(slots=True)
class Response:
    """Where a response_url leads: to one person in one place, or to the message whose button was pressed."""

    user: str
    channel: str
    thread_ts: str | None
    until: float
    message: str | None = None
    whisper: str | None = None
    uses: int = 0


class Workspace:
    """What Slack would keep."""

    def __init__(self, feed: Feed, clock: Callable[[], float] = time.time) -> None:
        self.feed = feed
        self.lock = threading.RLock()
        self._clock = clock
        self._numbers = itertools.count(1)
        self._messages: OrderedDict[tuple[str, str], Body] = OrderedDict()
        self._views: OrderedDict[str, Body] = OrderedDict()
        self._stacks: dict[str, list[str]] = {}
        self._homes: dict[str, Body] = {}
        self._triggers: OrderedDict[str, Trigger] = OrderedDict()
        self._responses: OrderedDict[str, Response] = OrderedDict()

    def new_id(self, prefix: str) -> str:
        """An id that was never used."""
        return f"{prefix}{next(self._numbers):06d}"

    def new_ts(self) -> str:
        """A message's time, which is its id too: later ones are larger."""
        return f"{int(self._clock())}.{next(self._numbers):06d}"

    # Messages.

    def post(self, message: Mapping[str, Any]) -> Body:
        """Adds a message; its `ts` is made when it has none."""
        with self.lock:
            kept: Body = {**message, "ts": message.get("ts") or self.new_ts()}
            kept["blocks"] = filled(kept.get("blocks"), self.new_id)
            self._messages[kept["channel"], kept["ts"]] = kept
            _trim(self._messages, MAX_MESSAGES)
            self._show(kept)
            return kept

    def message(self, channel: str, ts: str) -> Body | None:
        """A message as it stands."""
        return self._messages.get((channel, ts))

    def edit(self, channel: str, ts: str, changes: Mapping[str, Any]) -> Body | None:
        """Changes a message; None when there is none."""
        with self.lock:
            known = self._messages.get((channel, ts))
            if known is None:
                return None
            made = {**known, **changes, "edited": {"ts": self.new_ts(), "user": known.get("user")}}
            made["blocks"] = filled(made.get("blocks"), self.new_id)
            self._messages[channel, ts] = made
            self._show(made)
            return made

    def delete(self, channel: str, ts: str) -> bool:
        """Removes a message; False when there is none."""
        with self.lock:
            if self._messages.pop((channel, ts), None) is None:
                return False
            self.feed.drop("message", f"{channel}:{ts}")
            return True

    def messages(self, channel: str) -> list[Body]:
        """Of one channel, oldest first."""
        with self.lock:
            return [message for (there, _), message in self._messages.items() if there == channel]

    def whisper(self, user: str, channel: str, thread_ts: str | None, message: Mapping[str, Any]) -> str:
        """Shows something to one person; returns its id."""
        name = self.new_id("W")
        self.rewrite_whisper(name, Response(user, channel, thread_ts, 0.0), message)
        return name

    def rewrite_whisper(self, name: str, place: Response, message: Mapping[str, Any]) -> None:
        """Puts something else where a person was told something."""
        shown = {"user": place.user, "channel": place.channel, "thread_ts": place.thread_ts, "ts": self.new_ts()}
        blocks = filled(message.get("blocks"), self.new_id)
        self.feed.put("whisper", name, {**shown, "text": message.get("text", ""), "blocks": blocks})

    def note(self, user: str, text: str) -> None:
        """A passing word of the workspace itself, such as that the bot did not answer."""
        self.feed.put("note", self.new_id("N"), {"user": user, "text": text, "at": self._clock()})

    def _show(self, message: Body) -> None:
        hidden = {"metadata", "unfurl_links", "unfurl_media", "token"}
        shown = {key: value for key, value in message.items() if key not in hidden}
        self.feed.put("message", f"{message['channel']}:{message['ts']}", shown)

    # What lives for a moment.

    def new_trigger(self, user: str) -> str:
        """Made when a person does something that may open a modal."""
        with self.lock:
            name = secrets.token_urlsafe(18)
            self._triggers[name] = Trigger(user, self._clock() + TRIGGER_S)
            _trim(self._triggers, MAX_KEPT)
            return name

    def take_trigger(self, name: str) -> str | Trigger:
        """Uses it up; Slack's word for why not."""
        with self.lock:
            trigger = self._triggers.get(name)
            if trigger is None:
                return "invalid_trigger_id"
            if trigger.used:
                return "exchanged_trigger_id"
            if self._clock() > trigger.until:
                return "expired_trigger_id"
            trigger.used = True
            return trigger

    def new_response(
        self,
        user: str,
        channel: str,
        thread_ts: str | None = None,
        message: str | None = None,
        whisper: str | None = None,
    ) -> str:
        """The id of a new response_url."""
        with self.lock:
            name = secrets.token_urlsafe(18)
            until = self._clock() + RESPONSE_S
            self._responses[name] = Response(user, channel, thread_ts, until, message=message, whisper=whisper)
            _trim(self._responses, MAX_KEPT)
            return name

    def take_response(self, name: str) -> str | Response:
        """Uses it once more; Slack's word for why not."""
        with self.lock:
            response = self._responses.get(name)
            if response is None or self._clock() > response.until:
                return "expired_url"
            response.uses += 1
            return response if response.uses <= RESPONSE_USES else "used_url"

    # Modals and Home tabs.

    def open_view(self, user: str, view: Mapping[str, Any], *, on_top: bool = False) -> Body | None:
        """Shows a modal, over the one that is open when `on_top`; None when there are too many already."""
        with self.lock:
            stack = self._stacks.setdefault(user, []) if on_top else []
            if len(stack) >= MAX_STACK:
                return None
            made = self._made(view, self.new_id("V"), stack[0] if stack else None, stack[-1] if stack else None)
            stack.append(made["id"])
            self._stacks[user] = stack
            self._show_modal(user)
            return made

    def update_view(self, view_id: str, view: Mapping[str, Any]) -> Body | None:
        """Puts another content in a modal; None when it is not open."""
        with self.lock:
            known = self._views.get(view_id)
            if known is None:
                return None
            made = self._made(view, view_id, known["root_view_id"], known["previous_view_id"])
            for user, stack in self._stacks.items():
                if view_id in stack:
                    self._show_modal(user)
            return made

    def view(self, view_id: str) -> Body | None:
        """A modal as it stands."""
        return self._views.get(view_id)

    def view_of_external(self, external_id: str) -> str | None:
        """The id of the modal that carries this name."""
        return next(
            (name for name, one in self._views.items() if external_id and one["external_id"] == external_id), None
        )

    def user_of(self, view_id: str) -> str | None:
        """Who looks at this modal."""
        return next((user for user, stack in self._stacks.items() if view_id in stack), None)

    def close_view(self, user: str, *, everything: bool = False) -> None:
        """Closes the topmost modal of a person, or all of them."""
        with self.lock:
            stack = self._stacks.get(user, [])
            gone = stack[:] if everything else stack[-1:]
            self._stacks[user] = stack[: len(stack) - len(gone)]
            for name in gone:
                self._views.pop(name, None)
            self._show_modal(user)

    def complain(self, user: str, errors: Mapping[str, str]) -> None:
        """Shows errors at the fields of a modal; the empty name is the modal itself."""
        self._show_modal(user, errors)

    def publish_home(self, user: str, view: Mapping[str, Any]) -> Body:
        """Shows a Home tab to a person."""
        with self.lock:
            made = self._made(view, f"VHOME{user}", None, None)
            self._homes[user] = made
            self.feed.put("home", user, {"user": user, "view": made})
            return made

    def home(self, user: str) -> Body | None:
        """The Home tab of a person, once it was published."""
        return self._homes.get(user)

    def _made(self, view: Mapping[str, Any], name: str, root: str | None, previous: str | None) -> Body:
        made: Body = {
            "external_id": "",
            "private_metadata": "",
            "callback_id": "",
            **view,
            "id": name,
            "team_id": TEAM,
            "hash": f"{self._clock():.6f}.{next(self._numbers)}",
            "root_view_id": root or name,
            "previous_view_id": previous,
            "blocks": filled(view.get("blocks"), self.new_id),
            "state": {"values": {}},
        }
        if made["type"] == "modal":
            self._views[name] = made
            _trim(self._views, MAX_KEPT)
        return made

    def _show_modal(self, user: str, errors: Mapping[str, str] | None = None) -> None:
        stack = self._stacks.get(user, [])
        top = self._views.get(stack[-1]) if stack else None
        if top is None:
            self.feed.drop("modal", user)
        else:
            self.feed.put("modal", user, {"user": user, "view": top, "depth": len(stack), "errors": dict(errors or {})})


def _trim(kept: OrderedDict[Any, Any], most: int) -> None:
    while len(kept) > most:
        kept.popitem(last=False)
