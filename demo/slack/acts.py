"""What a person does in the workspace, and what becomes of it: signed requests to the bot, and its answers shown."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Mapping
from typing import Any, Final

from demo.slack import payloads
from demo.slack.delivery import Answered, Delivery
from demo.slack.identities import BOT_NAME, BOT_USER, CHANNELS, COMMAND, PEOPLE, TEAM
from demo.slack.web_api import WebApi
from demo.slack.workspace import Body, Response, Workspace

MAX_TYPED: Final = 4_000
NO_ANSWER: Final = f"{COMMAND} failed with the error “operation_timeout”: the app did not answer within three seconds."
NOT_IN_THREADS: Final = f"{COMMAND} is not supported in threads. Mention @{BOT_NAME} there instead."
NOT_TAKEN: Final = "That did not work: the app did not answer within three seconds."
UNREACHED: Final = "We had some trouble connecting. Try again?"
NOT_OPEN: Final = "This is not there any more."
_MENTION: Final = re.compile(rf"@{BOT_NAME}\b")


class ActError(Exception):
    """It cannot be done. The message is for people."""


class Acts:
    """Each method is one act of one person."""

    def __init__(self, workspace: Workspace, api: WebApi, delivery: Delivery, url: str) -> None:
        self._workspace = workspace
        self._api = api
        self._delivery = delivery
        self._url = url
        api.told = self._tell_bot

    def write(self, user: str, channel: str, text: str, thread_ts: str | None) -> None:
        """Sends what was typed: a command, or a message, which may mention the bot."""
        _known(user, channel)
        typed = text.strip()[:MAX_TYPED]
        if not typed:
            return
        if typed == COMMAND or typed.startswith(f"{COMMAND} "):
            if thread_ts is not None:
                raise ActError(NOT_IN_THREADS)
            self._command(user, channel, typed[len(COMMAND) :].strip())
        else:
            self._say(user, channel, typed, thread_ts)

    def press(self, user: str, place: Mapping[str, Any], action: Mapping[str, Any], state: Mapping[str, Any]) -> None:
        """Presses a button or chooses from a menu. `place` names a message, a whisper, a modal or the Home tab."""
        _known(user)
        where, response = self._where(user, place, state)
        more = {"response_url": self._response_url(response)} if response else {}
        body = payloads.interaction(
            "block_actions",
            user,
            **where,
            **more,
            trigger_id=self._workspace.new_trigger(user),
            state={"values": dict(state)},
            actions=[{**action, "action_ts": self._workspace.new_ts()}],
        )
        if not self._delivery.send(body).is_well:
            self._workspace.note(user, NOT_TAKEN)

    def options(self, user: str, place: Mapping[str, Any], block: str, action: str, typed: str) -> list[Any]:
        """What a menu offers that is filled by the bot."""
        _known(user)
        where, _ = self._where(user, place, {})
        body = payloads.interaction(
            "block_suggestion", user, **where, block_id=block, action_id=action, value=typed[:MAX_TYPED]
        )
        answered = self._delivery.send(body)
        offered = answered.body.get("options")
        if offered is None:
            offered = [one for group in answered.body.get("option_groups", ()) for one in group.get("options", ())]
        return list(offered)[:100]

    def submit(self, user: str, view_id: str, state: Mapping[str, Any]) -> None:
        """Submits a modal."""
        view = self._own_view(user, view_id)
        more = {**payloads.in_view(view, state), "response_urls": []}
        more.pop("container")
        answered = self._delivery.send(
            payloads.interaction("view_submission", user, trigger_id=self._workspace.new_trigger(user), **more)
        )
        self._submitted(user, view_id, answered)

    def close(self, user: str, view_id: str) -> None:
        """Closes a modal."""
        view = self._own_view(user, view_id)
        self._workspace.close_view(user)
        if view.get("notify_on_close"):
            self._delivery.send(payloads.interaction("view_closed", user, view=view, is_cleared=False))

    def open_home(self, user: str) -> None:
        """Looks at the bot's Home tab."""
        _known(user)
        seen: Body = {"type": "app_home_opened", "user": user, "channel": "D0HOME", "tab": "home"}
        home = self._workspace.home(user)
        if home is not None:
            seen["view"] = home
        self._event(seen)

    def shortcut(self, user: str, channel: str, ts: str, callback_id: str) -> None:
        """Uses a message shortcut."""
        _known(user, channel)
        message = self._workspace.message(channel, ts)
        if message is None:
            raise ActError(NOT_OPEN)
        place = Response(user, channel, message.get("thread_ts"), 0.0, message=ts)
        body = payloads.interaction(
            "message_action",
            user,
            callback_id=callback_id,
            trigger_id=self._workspace.new_trigger(user),
            response_url=self._response_url(place),
            message_ts=ts,
            action_ts=self._workspace.new_ts(),
            channel={"id": channel, "name": CHANNELS[channel]},
            message=message,
        )
        if not self._delivery.send(body).is_well:
            self._workspace.note(user, NOT_TAKEN)

    def post(self, message: Mapping[str, Any]) -> Body:
        """Another app posts something in a channel, and the bot is told."""
        kept = self._workspace.post({"type": "message", "team": TEAM, **message})
        self._event({**kept, "event_ts": kept["ts"], "channel_type": "channel"})
        return kept

    def _command(self, user: str, channel: str, text: str) -> None:
        place = Response(user, channel, None, 0.0)
        trigger = self._workspace.new_trigger(user)
        answered = self._delivery.send(
            payloads.command(user, channel, text, trigger=trigger, response_url=self._response_url(place))
        )
        if not answered.is_well:
            self._workspace.note(user, NO_ANSWER)
        elif answered.body.get("text") or answered.body.get("blocks"):
            told = self._api.tell(place, dict(answered.body))
            if not told["ok"]:
                self._workspace.note(user, f"{COMMAND} failed with the error “{told['error']}”.")

    def _say(self, user: str, channel: str, typed: str, thread_ts: str | None) -> None:
        text = _MENTION.sub(f"<@{BOT_USER}>", html.escape(typed, quote=False))
        thread = {"thread_ts": thread_ts} if thread_ts else {}
        said = {"type": "message", "user": user, "channel": channel, "text": text, "team": TEAM, **thread}
        kept = self._workspace.post(said)
        about = {**kept, "event_ts": kept["ts"]}
        if f"<@{BOT_USER}>" in text:
            self._event({**about, "type": "app_mention"})
        self._event({**about, "channel_type": "channel"})

    def _submitted(self, user: str, view_id: str, answered: Answered) -> None:
        if not answered.is_well:
            self._workspace.complain(user, {"": UNREACHED})
            return
        action, view = answered.body.get("response_action"), answered.body.get("view")
        if action == "errors":
            self._workspace.complain(user, {str(key): str(text) for key, text in answered.body["errors"].items()})
        elif action in {"update", "push"}:
            if self._api.view_refused(view):
                self._workspace.complain(user, {"": UNREACHED})
            elif action == "update":
                self._workspace.update_view(view_id, dict(view or {}))
            else:
                self._workspace.open_view(user, dict(view or {}), on_top=True)
        else:
            self._workspace.close_view(user, everything=action == "clear")

    def _where(self, user: str, place: Mapping[str, Any], state: Mapping[str, Any]) -> tuple[Body, Response | None]:
        if "view" in place:
            return payloads.in_view(self._own_view(user, str(place["view"])), state), None
        whisper = place.get("whisper")
        channel, ts = str(place.get("channel")), str(place.get("ts"))
        _known(user, channel)
        if whisper is not None:
            thread = str(place["thread_ts"]) if place.get("thread_ts") else None
            message = {"channel": channel, "ts": ts, "thread_ts": thread}
            response = Response(user, channel, thread, 0.0, whisper=str(whisper))
            return payloads.in_message(message, is_ephemeral=True), response
        found = self._workspace.message(channel, ts)
        if found is None:
            raise ActError(NOT_OPEN)
        response = Response(user, channel, found.get("thread_ts"), 0.0, message=ts)
        return payloads.in_message(found, is_ephemeral=False), response

    def _own_view(self, user: str, view_id: str) -> Body:
        _known(user)
        home = self._workspace.home(user)
        if home is not None and home["id"] == view_id:
            return home
        view = self._workspace.view(view_id)
        if view is None or self._workspace.user_of(view_id) != user:
            raise ActError(NOT_OPEN)
        return view

    def _response_url(self, place: Response) -> str:
        name = self._workspace.new_response(
            place.user, place.channel, place.thread_ts, message=place.message, whisper=place.whisper
        )
        return f"{self._url}/response/{name}"

    def _tell_bot(self, event: Body) -> None:
        self._event({**event, "channel_type": "channel"})

    def _event(self, about: Mapping[str, Any]) -> None:
        self._delivery.send_event(payloads.event(about, self._workspace.new_id("Ev"), int(time.time())))


def _known(user: str, channel: str | None = None) -> None:
    if user not in PEOPLE or (channel is not None and channel not in CHANNELS):
        raise ActError("There is no such person or channel here.")
