"""The only module that posts and updates messages.

An answer has at most two messages: a parent line in the channel (only for a slash command, which nobody else sees) and
one reply in the thread, which shows progress first and is then overwritten by the summary. Each is posted once,
whatever is delivered twice: its effect is claimed before, found again by its metadata when in doubt, confirmed after.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import structlog

from handlers.ask import Ask, Origin, Place
from handlers.effects import Claim, Dress, Layouts, Ledger
from handlers.response_urls import METHOD, NOT_TAKEN, ResponseUrls
from handlers.slack_calls import (
    TROUBLE_RETRY_AFTER_S,
    Observe,
    SlackCalls,
    SlackInDoubtError,
    SlackLaterError,
    SlackRefusedError,
)
from handlers.views import Message

EVENT_TYPE: Final = "alb502_effect"
MAX_TEXT_CHARS: Final = 4_000
MAX_SEARCH_PAGES: Final = 10
SEARCH_PAGE: Final = 200
POSTING_AGAIN_S: Final = 2.0
CLOCK_SLACK_S: Final = 60  # between Redis's clock and Slack's

UNREACHABLE: Final = frozenset(
    {"not_in_channel", "channel_not_found", "is_archived", "restricted_action", "no_permission", "thread_not_found",
     "restricted_action_read_only_channel", "restricted_action_thread_only_channel", "messages_tab_disabled",
     "restricted_action_non_threadable_channel", "restricted_action_thread_locked", "cannot_reply_to_message",
     "access_denied", "ekm_access_denied", "team_access_not_granted", "message_limit_exceeded"}
)  # fmt: skip
_UNDRESSABLE: Final = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "msg_too_long", "msg_blocks_too_long", "block_mismatch"}
)
_GONE: Final = frozenset({"message_not_found", "thread_not_found", "cant_update_message", "edit_window_closed"})
_TOLD: Final = "told"

_log: Final = structlog.get_logger(__name__)


Draw = Callable[[bool], Message]
"""Draws a message; True asks for the plain layout that every workspace takes."""


class UnreachableError(Exception):
    """The bot cannot post there; the asker can only be told privately."""


class Thread:
    def __init__(
        self,
        calls: SlackCalls,
        ledger: Ledger,
        layouts: Layouts,
        *,
        slack_api_url: str,
        observe: Observe = lambda *_: None,
    ) -> None:
        """`observe` hears of answers by response URL, which are no calls of the client's."""
        self._calls = calls
        self._ledger = ledger
        self._layouts = layouts
        self._response_urls = ResponseUrls(slack_api_url, observe)

    def open(self, ask: Ask, fence: int, place: Place, parent: Draw, progress: Draw) -> Place:
        """Posts what is still missing of parent line and progress reply.

        Raises `UnreachableError`, `SupersededError`, `SlackLaterError`.
        """
        if place.reply_ts is not None or place.private:
            return place
        thread_ts = ask.origin.thread_ts
        if thread_ts is None:
            thread_ts = self.post(ask, fence, "parent", parent)
            place = place.model_copy(update={"parent_ts": thread_ts})
        return place.model_copy(update={"reply_ts": self.post(ask, fence, "reply", progress, thread_ts)})

    def progress(self, ask: Ask, fence: int, place: Place, draw: Draw, dress: Dress = "progress") -> bool:
        """Shows progress if that costs nobody anything. False if it was left out."""
        if place.reply_ts is None or place.private:
            return False
        team, ts, refused_once = ask.origin.team, place.reply_ts, False
        for plain in (True,) if self._layouts.is_plain(team, dress) else (False, True):
            drawn = draw(plain)
            self._ledger.check(ask.id, fence)
            try:
                body = {"ts": ts, **_body(drawn)}
                self._calls.write("chat.update", place.channel, body, spare=True, apart=not refused_once)
            except (SlackLaterError, SlackInDoubtError):
                return False
            except SlackRefusedError as refused:
                if plain or refused.error not in _UNDRESSABLE:
                    return False
                refused_once = True
                self._layouts.mark_plain(team, dress)
            else:
                return True
        return False

    def publish(
        self, ask: Ask, fence: int, place: Place, summary: Draw, headline: Draw | None, *, spare: bool = False
    ) -> Place:
        """Overwrites the progress with the summary, then the parent line with the headline. `spare`: it stands already
        and is only brought up to date, so that others' summaries go first.

        Raises `UnreachableError`, `SupersededError`, `SlackLaterError`.
        """
        if place.private:
            if not self.whisper_once(ask, fence, "summary", summary):
                raise UnreachableError("the asker cannot be told alone")
            return place
        drawn: list[Message] = []

        def noted(plain: bool) -> Message:
            drawn.append(summary(plain))
            return drawn[-1]

        if place.reply_ts is None:
            place = self.open(ask, fence, place, headline or summary, noted)
        # What an earlier delivery posted before it could note the place may be out of date.
        if (
            not drawn
            and place.reply_ts is not None
            and not self._overwrite(ask, fence, place.channel, place.reply_ts, summary, spare=spare)
        ):
            if spare:
                return place  # somebody has deleted it
            thread_ts = place.parent_ts or ask.origin.thread_ts
            reply_ts = self.post(ask, fence, "reply-again", summary, thread_ts)
            place = place.model_copy(update={"reply_ts": reply_ts})
        if place.parent_ts is not None and headline is not None:
            self._overwrite(ask, fence, place.channel, place.parent_ts, headline, spare=spare)
        return place

    def permalink(self, channel: str, ts: str) -> str | None:
        """The address of a message, for a link to it; None when Slack does not tell.

        Source: https://docs.slack.dev/reference/methods/chat.getPermalink
        """
        try:
            answer = self._calls.read("chat.getPermalink", channel, message_ts=ts)
        except (SlackRefusedError, SlackLaterError):
            return None
        return str(answer.get("permalink") or "") or None

    def whisper_once(self, ask: Ask, fence: int, name: str, draw: Draw) -> bool:
        """Tells only the asker, at most once for each `name`: what is in doubt is not said again. False if they were
        not told."""
        claim = self._ledger.claim(ask.id, f"whisper-{name}", fence)
        _wait_for_others(claim, "chat.postEphemeral")
        if claim.done_ts is not None or claim.in_doubt_since_s is not None:
            return claim.done_ts == _TOLD
        replace = ask.kind == "refresh" and ask.place is not None and ask.place.private
        try:
            told = self.whisper(ask.origin, draw, replace=replace)
        except SlackLaterError:
            self._ledger.release(ask.id, f"whisper-{name}", fence)  # nothing was said
            raise
        self._ledger.confirm(ask.id, f"whisper-{name}", _TOLD if told else "not told")
        return told

    def whisper(self, origin: Origin, draw: Draw, *, replace: bool = False) -> bool:
        """Tells only the asker: by the response URL, else (it is used up, or older than half an hour) by an ephemeral
        message. False if neither is possible.

        Raises `SlackLaterError` when Slack has certainly not taken it and asks for patience.
        """
        ways: list[Callable[[Message], None]] = [lambda drawn: self._tell(origin, drawn)]
        if origin.response_url:
            ways.insert(0, lambda drawn: self._respond(origin, drawn, replace))
        for way in ways:
            try:
                self._dressed(origin.team, draw, way)
            except SlackInDoubtError as doubt:
                _log.warning("not known whether the asker was told", error=str(doubt))
                return False
            except (SlackRefusedError, UnreachableError) as refused:
                _log.info("the asker cannot be told so", error=str(refused))
            else:
                return True
        return False

    def _tell(self, origin: Origin, drawn: Message) -> None:
        body: dict[str, Any] = {"user": origin.user, **_body(drawn)}
        if origin.thread_ts is not None:
            body["thread_ts"] = origin.thread_ts
        self._calls.write("chat.postEphemeral", origin.channel, body)

    def _respond(self, origin: Origin, drawn: Message, replace: bool) -> None:
        """Answers by the response URL of a command or a click."""
        body = {"response_type": "ephemeral", "replace_original": replace, **_body(drawn)}
        taken = self._response_urls.send(origin.response_url or "", body)
        if not taken:
            raise SlackRefusedError(METHOD, NOT_TAKEN)

    def _overwrite(self, ask: Ask, fence: int, channel: str, ts: str, draw: Draw, *, spare: bool = False) -> bool:
        """False if the message is not there any more."""

        tried: list[Message] = []
        check = partial(self._ledger.check, ask.id, fence)

        def update(drawn: Message) -> None:
            tried.append(drawn)
            check()
            body = {"ts": ts, **_body(drawn)}
            self._calls.write(
                "chat.update", channel, body, repeatable=True, spare=spare, apart=len(tried) == 1, check=check
            )

        try:
            self._dressed(ask.origin.team, draw, update)
        except SlackRefusedError as refused:
            if refused.error in _GONE:
                return False
            raise
        return True

    def post(self, ask: Ask, fence: int, name: str, draw: Draw, thread_ts: str | None = None) -> str:
        """One message, once for each `name`, in a thread or at the top of the channel. Returns its ts.

        Raises `UnreachableError`, `SupersededError`, `SlackLaterError`, `SlackRefusedError`.
        """
        claim = self._ledger.claim(ask.id, name, fence)
        _wait_for_others(claim, "chat.postMessage")
        renew = partial(self._ledger.renew, ask.id, name, fence)
        channel = ask.origin.channel
        if claim.done_ts is not None:
            return claim.done_ts
        if claim.in_doubt_since_s is not None:
            found = self._find(channel, thread_ts, _effect_key(ask, name), claim.in_doubt_since_s)
            if found is not None:
                self._ledger.confirm(ask.id, name, found)
                return found
            renew()
        posted: dict[str, str] = {}

        def post(drawn: Message) -> None:
            body = {"thread_ts": thread_ts} if thread_ts is not None else {}
            metadata = {"event_type": EVENT_TYPE, "event_payload": {"key": _effect_key(ask, name)}}
            answer = self._calls.write(
                "chat.postMessage", channel, {**_body(drawn), **body, "metadata": metadata, "unfurl_links": False,
                                              "unfurl_media": False},
                spare=ask.kind == "alarm",  # one a second and channel, and bursts are left to people who wait
                check=renew,
            )  # fmt: skip
            posted["ts"] = str(answer["ts"])

        try:
            self._dressed(ask.origin.team, draw, post)
        except SlackInDoubtError as doubt:
            self._ledger.doubt(ask.id, name, fence)
            raise SlackLaterError("chat.postMessage", TROUBLE_RETRY_AFTER_S) from doubt  # the claim stays
        except (SlackRefusedError, SlackLaterError, UnreachableError):
            self._ledger.release(ask.id, name, fence)
            raise
        self._ledger.confirm(ask.id, name, posted["ts"])
        return posted["ts"]

    def _dressed(self, team: str, draw: Draw, send: Callable[[Message], None]) -> None:
        """Sends the rich layout, else the plain one, else the words alone: no message is lost for its dress."""
        plain = self._layouts.is_plain(team)
        attempts: list[Callable[[], Message]] = [lambda: draw(True), lambda: Message(draw(True).text)]
        if not plain:
            attempts.insert(0, lambda: draw(False))
        for attempt in attempts[:-1]:
            try:
                return _reaching(send, attempt())
            except SlackRefusedError as refused:
                if refused.error not in _UNDRESSABLE:
                    raise
                if not plain:
                    self._layouts.mark_plain(team)
                    plain = True
        return _reaching(send, attempts[-1]())

    def _find(self, channel: str, thread_ts: str | None, effect_key: str, since_s: int) -> str | None:
        """The message that carries this effect key, if it was posted.

        Source: https://docs.slack.dev/messaging/message-metadata#retrieving
        """
        method = "conversations.history" if thread_ts is None else "conversations.replies"
        params: dict[str, Any] = {"include_all_metadata": True, "inclusive": True, "limit": SEARCH_PAGE}
        params["oldest"] = str(since_s - CLOCK_SLACK_S)
        if thread_ts is not None:
            params["ts"] = thread_ts
        for _ in range(MAX_SEARCH_PAGES):
            try:
                answer = self._calls.read(method, channel, **params)
            except SlackRefusedError as refused:
                if refused.error in _GONE:
                    return None  # the thread was deleted, with whatever stood in it
                if refused.error in UNREACHABLE:
                    raise UnreachableError(refused.error) from refused
                raise
            for message in answer.get("messages") or ():
                payload = (message.get("metadata") or {}).get("event_payload") or {}
                if payload.get("key") == effect_key:
                    return str(message["ts"])
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return None
            params["cursor"] = cursor
        _log.warning("too much was said to be searched for a message of ours; it is posted again if it stands there")
        return None


def _wait_for_others(claim: Claim, method: str) -> None:
    if claim.posting_for_s is not None:
        raise SlackLaterError(method, min(claim.posting_for_s, POSTING_AGAIN_S))


def _reaching(send: Callable[[Message], None], drawn: Message) -> None:
    try:
        send(drawn)
    except SlackRefusedError as refused:
        if refused.error in UNREACHABLE:
            raise UnreachableError(refused.error) from refused
        raise


def _body(drawn: Message) -> dict[str, Any]:
    return {"text": drawn.text[:MAX_TEXT_CHARS], "blocks": list(drawn.blocks)}


def _effect_key(ask: Ask, name: str) -> str:
    return f"{ask.id}:{name}"
