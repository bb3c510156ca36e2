"""Slack's side of the bot: the token's identity, the Bolt app, and Socket Mode."""

from __future__ import annotations

import contextlib
import http
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Protocol

import structlog
from slack_bolt import App, BoltContext, BoltRequest, BoltResponse
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.error import BoltError, BoltUnhandledRequestError
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.store.connection import Wait
from bot.telemetry import traces
from bot.telemetry.metrics import ACK_SECONDS
from bot.telemetry.slack import ObservedClient, observed
from handlers import actions, alarms, clicks, commands, fixes, home, mentions, picker, shortcuts
from handlers.alarms import AlarmDesk, Listened
from handlers.ask import NotQueuedError
from handlers.clicks import ControlDesk
from handlers.errands import ErrandDesk
from handlers.fixes import FixReception
from handlers.interaction import OpenedBeforeError
from handlers.muting import MutingDesk
from handlers.payloads import misshapen
from handlers.pointing import PointingDesk
from handlers.slack_calls import CALL_TIMEOUT_S, UNREADABLE, Observe, is_refusal, word_of

START_ATTEMPTS: Final = 6
START_PAUSE_S: Final = 1.5
SOCKET_THREADS: Final = 16
SOCKET_PING_S: Final = 3.0
"""A connection that broke without a goodbye is replaced after about four pings; until then no command arrives."""

KINDS: Final = frozenset(
    {
        "command",
        "event_callback",
        "block_actions",
        "message_action",
        "view_submission",
        "view_closed",
        "block_suggestion",
    }
)

_log: Final = structlog.get_logger(__name__)


class SlackError(Exception):
    """Slack cannot be used. The message is one line for people and says what to do."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the bot token is: https://docs.slack.dev/reference/methods/auth.test"""

    team: str
    enterprise: str | None
    bot_user_id: str
    bot_id: str


def make_client(token: str, api_url: str, observe: Observe = observed) -> WebClient:
    """A client that never retries by itself: whether a call may be made twice is decided by its caller."""
    return ObservedClient(token=token, base_url=api_url, timeout=CALL_TIMEOUT_S, retry_handlers=[], observe=observe)


def identify(client: WebClient, wait: Wait) -> Identity:
    """Asks Slack who we are. Raises `SlackError` if it refuses the token, or after `START_ATTEMPTS`."""
    reason = "no answer"
    for attempt in range(START_ATTEMPTS):
        try:
            answer = client.auth_test()
        except SlackApiError as error:
            reason = word_of(error)
            if is_refusal(error):
                raise SlackError(
                    f"Slack refuses SLACK_BOT_TOKEN ({reason}); copy the token of the installed app."
                ) from None
        except (SlackClientError, *UNREADABLE) as error:
            reason = type(error).__name__
        else:
            return Identity(
                team=str(answer.get("team_id", "")),
                enterprise=answer.get("enterprise_id"),
                bot_user_id=str(answer.get("user_id", "")),
                bot_id=str(answer.get("bot_id", "")),
            )
        if attempt + 1 < START_ATTEMPTS:
            wait(START_PAUSE_S)
    raise SlackError(f"Slack cannot be reached at {client.base_url} ({reason}); check the network and its proxy.")


class _Traced(App):
    """What becomes of one request belongs to one trace."""

    def dispatch(self, req: BoltRequest) -> BoltResponse:
        with traces.span(f"Slack {_kind_of(req.body)}", "request"):
            if (where := misshapen(req.body)) is not None:
                _log.warning("request not understood", where=where)
                return BoltResponse(status=http.HTTPStatus.BAD_REQUEST)
            return super().dispatch(req)


class Reception(ControlDesk, AlarmDesk, PointingDesk, MutingDesk, FixReception, ErrandDesk, Protocol):
    """Takes questions, alarms, wishes about them, clicks and errands in."""


def make_app(client: WebClient, signing_secret: str, desk: Reception, listened: Listened) -> App:
    """The Bolt app with every listener.

    Listeners only parse and queue, so they run where the request is dispatched: Bolt's own pool of threads would add
    its polling for the acknowledgement to each request.
    """
    try:
        app = _Traced(
            name="bolt",  # of a logger; without one, Bolt looks through every frame and module for who called it
            client=client,
            signing_secret=signing_secret,
            process_before_response=True,
            raise_error_for_unhandled_request=True,
            listener_executor=ThreadPoolExecutor(1, thread_name_prefix="bolt"),
        )
    except BoltError as error:
        raise SlackError(f"Slack refuses SLACK_BOT_TOKEN ({str(error)[:120]}).") from None
    app.error(_failed)
    app.use(_with_client(client))
    alarms.register(app, desk, listened)  # first: listeners are tried in their order, and nothing comes as often
    commands.register(app, desk)
    mentions.register(app, desk)
    actions.register(app, desk)
    shortcuts.register(app, desk)
    fixes.register(app, desk)
    clicks.register(app, desk)
    picker.register(app, desk)
    home.register(app, desk)
    return app


class _SocketMode(SocketModeHandler):
    def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override] # as Bolt's
        """Answers one request, and says how long Slack waited for it."""
        began_s = time.perf_counter()
        super().handle(client, req)
        ACK_SECONDS.observe(time.perf_counter() - began_s)

    def close(self) -> None:
        """Wakes the threads that wait for the next message, on the socket and behind it: they would hold up the end
        for seconds."""
        client = self.client
        client.closed = True
        client.auto_reconnect_enabled = False
        client.current_session_state.terminated = True
        waiting = client.current_session.sock if client.current_session else None
        if waiting is not None:
            with contextlib.suppress(OSError):
                waiting.shutdown(socket.SHUT_RDWR)
        client.message_queue.put("")
        super().close()  # type: ignore[no-untyped-call]


def connect_socket(app: App, app_token: str) -> SocketModeHandler:
    """Opens Socket Mode. Raises `SlackError` if Slack refuses."""
    handler = _SocketMode(app, app_token, concurrency=SOCKET_THREADS, ping_interval=SOCKET_PING_S)
    try:
        handler.connect()  # type: ignore[no-untyped-call]
    except SlackApiError as error:
        handler.close()
        reason = str(error.response.get("error"))[:80]
        raise SlackError(
            f"Slack refuses SLACK_APP_TOKEN ({reason}); it needs connections:write and Socket Mode turned on."
        ) from None
    except (SlackClientError, OSError) as error:
        handler.close()
        raise SlackError(f"Socket Mode cannot be opened ({type(error).__name__}); check the network.") from None
    return handler


def _kind_of(body: object) -> str:
    """One of few words, whatever was sent."""
    if not isinstance(body, dict):
        return "request"
    kind = "command" if "command" in body else body.get("type")
    return kind if isinstance(kind, str) and kind in KINDS else "request"


def _with_client(client: WebClient) -> Callable[..., object]:
    """Bolt makes a client for each request, whose calls nobody would see."""

    def use(context: BoltContext, next: Callable[[], object]) -> object:  # noqa: A002 - Bolt passes it by this name
        context["client"] = client
        return next()

    return use


def _failed(error: Exception) -> BoltResponse:
    """What Slack is answered when a request could not be handled; events that fail are delivered again."""
    if isinstance(error, BoltUnhandledRequestError | OpenedBeforeError):
        return BoltResponse(status=200)
    if isinstance(error, NotQueuedError):
        return BoltResponse(status=503)
    _log.error("request failed", error=type(error).__name__, exc_info=error)
    return BoltResponse(status=500)
