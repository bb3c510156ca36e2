"""A Slack Web API on loopback: channels, members, messages, limits, signatures, and failures on demand.

It refuses what Slack refuses (see the links in `handlers/`), keeps what was said, and signs requests as Slack does.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import socket
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode

from demo.slack.rates import Rates
from tests import slack_limits

TEAM = "T0TEAM"
BOT_USER = "U0BOT"
BOT_ID = "B0BOT"
TOKEN = "xoxb-fake-token"
APP_TOKEN = "xapp-1-A0APP-fake"
SECRET = "0123456789abcdef"
CHANNEL = "C0CHAN"
ALICE = "U0ALICE"
GUEST = "U0GUEST"
STRANGER = "U0STRANGER"
RESPONSE_USES = 5
USUAL_PAGE = 100

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    method: str
    body: Body
    at: float
    ok: bool


@dataclass(slots=True)
class Channel:
    id: str
    bot_is_member: bool = True
    shared: bool = False
    private: bool = False
    archived: bool = False
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """`after_effect`: the message stands although the caller sees a failure. A `status` of 0: the connection breaks."""

    status: int = 200
    error: str = ""
    retry_after_s: int | str | None = None
    after_effect: bool = False


RATE_LIMITED = Failure(429, "ratelimited", retry_after_s=1)
BROKEN = Failure(500, "")
CUT = Failure(0)
INVALID_BLOCKS = Failure(200, "invalid_blocks")


@dataclass
class SlackFake:
    url: str = ""
    users: dict[str, Body] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    messages: dict[str, dict[str, Body]] = field(default_factory=lambda: defaultdict(dict))
    whispers: list[Body] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    failures: dict[str, deque[Failure]] = field(default_factory=lambda: defaultdict(deque))
    views: dict[str, Body] = field(default_factory=dict)
    """Modals as they stand, by id."""
    homes: dict[str, Body] = field(default_factory=dict)
    """The Home of the app as people see it, by user."""
    refuse_rich: bool = False
    rates: Rates | None = None
    """With these it refuses what comes too often."""
    answers: dict[str, deque[tuple[int, bytes]]] = field(default_factory=lambda: defaultdict(deque))
    """What the next calls of a method are answered, whatever they do: a status and any bytes."""
    socket_url: str = ""
    """What `apps.connections.open` answers; empty: Socket Mode is turned off."""
    scopes: tuple[str, ...] | None = None
    """What the bot token may do, as each answer's header tells; None: no header."""
    groups: dict[str, Body] = field(default_factory=dict)
    """User groups by id, with what is special about them."""

    def __post_init__(self) -> None:
        self._changed = threading.Condition()
        self._clock = itertools.count(1)
        self._response_uses: dict[str, int] = defaultdict(int)
        self._exchanged: set[str] = set()
        self.add_user(ALICE)
        self.add_user(GUEST, is_restricted=True)
        self.add_user(STRANGER, is_stranger=True, team_id="T0OTHER")
        self.channels[CHANNEL] = Channel(CHANNEL)

    # What a test arranges.

    def add_user(self, user: str, **flags: Any) -> None:
        self.users[user] = {"id": user, "team_id": TEAM, "is_bot": False, **flags}

    def fail(self, method: str, *failures: Failure) -> None:
        """The next calls of `method` (or ``response_url``) fail so, one after the other."""
        self.failures[method].extend(failures)

    def response_url(self) -> str:
        return f"{self.url}/response/{next(self._clock)}"

    # What a test looks at.

    def wait_for(self, what: Callable[[], Any], timeout_s: float = 10.0) -> Any:
        """Returns the first true value of `what`; looks again whenever something was said."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while not (found := what()):
                left = deadline - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"Slack has heard: {[(c.method, c.body.get('text')) for c in self.calls]}")
                self._changed.wait(left)
            return found

    def of(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]

    def said(self, channel: str = CHANNEL) -> list[Body]:
        """The messages of a channel as they stand, oldest first."""
        return list(self.messages[channel].values())

    def replies(self, channel: str = CHANNEL) -> list[Body]:
        return [message for message in self.said(channel) if message.get("thread_ts")]

    def parents(self, channel: str = CHANNEL) -> list[Body]:
        return [message for message in self.said(channel) if not message.get("thread_ts")]

    # Requests as Slack makes them.

    def command(self, text: str, *, user: str = ALICE, channel: str = CHANNEL, team: str = TEAM) -> bytes:
        fields = {
            "command": "/alb502",
            "text": text,
            "user_id": user,
            "channel_id": channel,
            "team_id": team,
            "api_app_id": "A0APP",
            "response_url": self.response_url(),
            "trigger_id": f"{next(self._clock)}.2.3",
        }
        return urlencode(fields).encode()

    def mention(
        self, text: str, *, event_id: str, ts: str = "1700.1", thread_ts: str | None = None, **more: Any
    ) -> bytes:
        user = more.pop("user", ALICE)
        event: Body = {"type": "app_mention", "user": user, "text": text, "ts": ts, "channel": CHANNEL, **more}
        if thread_ts is not None:
            event["thread_ts"] = thread_ts
        body = {"type": "event_callback", "team_id": TEAM, "event_id": event_id, "event": event, "api_app_id": "A0APP"}
        return json.dumps(body).encode()

    def posted(self, event: Body, *, event_id: str) -> bytes:
        """A message that somebody else posted: it stands in the channel, and Slack tells of it."""
        channel = event["channel"]
        self.messages[channel].setdefault(event["ts"], dict(event))
        body = {"type": "event_callback", "team_id": TEAM, "event_id": event_id, "event": event, "api_app_id": "A0APP"}
        return json.dumps(body).encode()

    def press(
        self, message: Mapping[str, Any], value: str, *, action_id: str, user: str = ALICE, kind: str = "button"
    ) -> bytes:
        """A click on a button, or with another `kind` on a line of a menu."""
        chosen = {"value": value} if kind == "button" else {"selected_option": {"value": value}}
        payload = {
            "type": "block_actions",
            "team": {"id": TEAM},
            "user": {"id": user, "team_id": TEAM},
            "api_app_id": "A0APP",
            "container": {
                "type": "message",
                "channel_id": message["channel"],
                "message_ts": message["ts"],
                "thread_ts": message.get("thread_ts"),
            },
            "channel": {"id": message["channel"]},
            "response_url": self.response_url(),
            "trigger_id": f"{next(self._clock)}.2.3",
            "actions": [{"type": kind, "action_id": action_id, "block_id": "b", **chosen}],
        }
        return urlencode({"payload": json.dumps(payload)}).encode()

    def submit(self, view: Body, values: Body, *, user: str = ALICE) -> bytes:
        """A modal that is submitted: `values` by block, each with one element of the same name."""
        state = {"values": {name: {name: value} for name, value in values.items()}}
        payload = {
            "type": "view_submission",
            "team": {"id": TEAM},
            "user": {"id": user, "team_id": TEAM},
            "api_app_id": "A0APP",
            "trigger_id": f"{next(self._clock)}.2.3",
            "view": {**view, "state": state},
        }
        return urlencode({"payload": json.dumps(payload)}).encode()

    # The API.

    def handle(self, method: str, body: Body) -> tuple[int, Body, dict[str, str]]:
        with self._changed:
            failure = self.failures[method].popleft() if self.failures[method] else self._too_often(method, body)
            answer: Body = {"ok": True}
            if failure is None or failure.after_effect:
                answer = self._do(method, body)
            self.calls.append(Call(method, body, time.monotonic(), failure is None and bool(answer.get("ok"))))
            self._changed.notify_all()
        if failure is None:
            return 200, answer, {} if self.scopes is None else {"X-OAuth-Scopes": ",".join(self.scopes)}
        headers = {} if failure.retry_after_s is None else {"Retry-After": str(failure.retry_after_s)}
        return failure.status, {"ok": False, "error": failure.error} if failure.error else {}, headers

    def _too_often(self, method: str, body: Body) -> Failure | None:
        after_s = self.rates.retry_after_s(method, str(body.get("channel") or "")) if self.rates else None
        return None if after_s is None else Failure(429, "ratelimited", retry_after_s=after_s)

    def _do(self, method: str, body: Body) -> Body:
        if method == "response_url":
            return self._respond(body)
        handler = getattr(self, "_" + method.replace(".", "_").lower(), None)
        return handler(body) if handler else {"ok": False, "error": "unknown_method"}

    def _auth_test(self, _: Body) -> Body:
        return {"ok": True, "team_id": TEAM, "user_id": BOT_USER, "bot_id": BOT_ID, "url": "https://fake.slack.com/"}

    def _apps_connections_open(self, _: Body) -> Body:
        return {"ok": True, "url": self.socket_url} if self.socket_url else _no("not_allowed_token_type")

    def _users_info(self, body: Body) -> Body:
        user = self.users.get(str(body.get("user")))
        return {"ok": True, "user": user} if user else _no("user_not_found")

    def _usergroups_list(self, _: Body) -> Body:
        return {"ok": True, "usergroups": [{"id": group, "user_count": 1, **own} for group, own in self.groups.items()]}

    def _usergroups_users_list(self, body: Body) -> Body:
        return {"ok": True, "users": [ALICE] if body.get("usergroup") == "S0ASK" else []}

    def _conversations_info(self, body: Body) -> Body:
        channel = self.channels.get(str(body.get("channel")))
        if channel is None:
            return _no("channel_not_found")
        told = {"id": channel.id, "is_ext_shared": channel.shared, "is_private": channel.private}
        return {"ok": True, "channel": {**told, "is_member": channel.bot_is_member, "is_archived": channel.archived}}

    def _conversations_members(self, body: Body) -> Body:
        channel = self.channels.get(str(body.get("channel")))
        return {"ok": True, "members": list(channel.members)} if channel else _no("channel_not_found")

    def _chat_postmessage(self, body: Body) -> Body:
        wrong = self._wrong_place(body) or self._wrong_dress(body)
        if wrong:
            return _no(wrong)
        ts = f"{int(time.time())}.{next(self._clock):06d}"
        message = {**body, "ts": ts, "user": BOT_USER, "bot_id": BOT_ID}
        self.messages[body["channel"]][ts] = message
        return {"ok": True, "channel": body["channel"], "ts": ts, "message": message}

    def _chat_update(self, body: Body) -> Body:
        message = self.messages[body["channel"]].get(body["ts"])
        if message is None:
            return _no("message_not_found")
        wrong = self._wrong_dress(body)
        if wrong:
            return _no(wrong)
        message.update({"text": body["text"], "blocks": body.get("blocks", [])})
        return {"ok": True, "channel": body["channel"], "ts": body["ts"]}

    def _chat_getpermalink(self, body: Body) -> Body:
        if str(body.get("message_ts")) not in self.messages[str(body.get("channel"))]:
            return _no("message_not_found")
        path = f"{body['channel']}/p{str(body['message_ts']).replace('.', '')}"
        return {"ok": True, "permalink": f"https://fake.slack.com/archives/{path}"}

    def _chat_postephemeral(self, body: Body) -> Body:
        wrong = self._wrong_place(body) or self._wrong_dress(body)
        if wrong:
            return _no(wrong)
        self.whispers.append(body)
        return {"ok": True, "message_ts": "1.1"}

    def _conversations_replies(self, body: Body) -> Body:
        return self._listed(body, lambda message: body.get("ts") in {message.get("thread_ts"), message["ts"]})

    def _conversations_history(self, body: Body) -> Body:
        return self._listed(body, lambda message: not message.get("thread_ts"), newest_first=True)

    def _views_open(self, body: Body) -> Body:
        trigger_id = body.get("trigger_id")
        if not trigger_id:
            return _no("invalid_arguments")
        if trigger_id in self._exchanged:
            return _no("exchanged_trigger_id")
        self._exchanged.add(trigger_id)
        view_id = f"V{next(self._clock)}"
        return self._viewed(view_id, body)

    def _views_update(self, body: Body) -> Body:
        return self._viewed(str(body.get("view_id")), body) if body.get("view_id") in self.views else _no("not_found")

    def _views_publish(self, body: Body) -> Body:
        wrong = slack_limits.view_violations(body["view"])
        if wrong:
            return _no("invalid_arguments")
        self.homes[str(body["user_id"])] = body["view"]
        return {"ok": True}

    def _viewed(self, view_id: str, body: Body) -> Body:
        view = body["view"] if isinstance(body["view"], dict) else json.loads(body["view"])
        wrong = slack_limits.view_violations(view)
        if wrong:
            return _no("invalid_arguments")
        self.views[view_id] = {**view, "id": view_id}
        return {"ok": True, "view": self.views[view_id]}

    def _listed(self, body: Body, fits: Callable[[Body], bool], *, newest_first: bool = False) -> Body:
        if wrong := self._wrong_place(body):
            return _no(wrong)
        messages = [dict(message) for message in self.messages[str(body["channel"])].values() if fits(message)]
        messages.sort(key=lambda message: float(message["ts"]), reverse=newest_first)
        newer = [message for message in messages if float(message["ts"]) >= float(body.get("oldest") or 0)]
        if str(body.get("include_all_metadata")).lower() not in {"true", "1"}:
            for message in newer:
                message.pop("metadata", None)
        start, size = int(body.get("cursor") or 0), int(body.get("limit") or USUAL_PAGE)
        more = start + size < len(newer)
        cursor = {"next_cursor": str(start + size) if more else ""}
        page = newer[start : start + size]
        return {"ok": True, "messages": page, "has_more": more, "response_metadata": cursor}

    def _respond(self, body: Body) -> Body:
        url = str(body["_url"])
        self._response_uses[url] += 1
        wrong = "used_url" if self._response_uses[url] > RESPONSE_USES else self._wrong_dress(body)
        if wrong:
            return _no(wrong)
        self.whispers.append(body)
        return {"ok": True}

    def _wrong_place(self, body: Body) -> str | None:
        channel = self.channels.get(str(body.get("channel")))
        if channel is None:
            return "channel_not_found"
        return None if channel.bot_is_member else "not_in_channel"

    def _wrong_dress(self, body: Body) -> str | None:
        """https://docs.slack.dev/reference/block-kit/blocks"""
        blocks = body.get("blocks") or []
        if not body.get("text"):
            return "no_text"
        if len(body["text"]) > 40_000:
            return "msg_too_long"
        if blocks and slack_limits.violations(body["text"], blocks):
            return "invalid_blocks"
        names = [block["block_id"] for block in blocks if "block_id" in block]
        if len(names) != len(set(names)):
            return "invalid_blocks"
        if self.refuse_rich and any(block["type"] in {"container", "data_visualization", "plan"} for block in blocks):
            return "invalid_blocks"
        return None


def sign(body: bytes, *, secret: str = SECRET, at: int | None = None) -> dict[str, str]:
    """https://docs.slack.dev/authentication/verifying-requests-from-slack"""
    stamp = str(int(time.time()) if at is None else at)
    digest = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    kind = "application/json" if body.startswith(b"{") else "application/x-www-form-urlencoded"
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}", "Content-Type": kind}


@contextmanager
def serving(fake: SlackFake) -> Iterator[SlackFake]:
    """Serves the fake; `fake.url` + ``/api/`` is its API base."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, answer, headers = self._answer(raw)
            if status == 0:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            text = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            for name, value in {
                **headers,
                "Content-Type": "application/json",
                "Content-Length": str(len(text)),
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        def _answer(self, raw: bytes) -> tuple[int, Body | bytes, dict[str, str]]:
            path, _, query = self.path.partition("?")
            body = {**dict(parse_qsl(query)), **_parsed(raw, self.headers.get("Content-Type", ""))}
            if path.startswith("/response/"):
                status, answer, headers = fake.handle("response_url", {**body, "_url": path})
                return (400 if status == 200 and not answer["ok"] else status), answer, headers
            method = path.removeprefix("/api/")
            if fake.answers[method]:
                return *fake.answers[method].popleft(), {}
            token = APP_TOKEN if method == "apps.connections.open" else TOKEN
            if self.headers.get("Authorization") != f"Bearer {token}":
                return 200, _no("invalid_auth"), {}
            return fake.handle(method, body)

        def log_message(self, *_: Any) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _parsed(raw: bytes, content_type: str) -> Body:
    if raw and content_type.startswith("application/json"):
        body: Body = json.loads(raw)
        return body
    return dict(parse_qsl(raw.decode()))


def _no(error: str) -> Body:
    return {"ok": False, "error": error}
