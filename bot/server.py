"""The public port: ``POST /slack/events`` and ``POST /alarms/sns``.

Bolt's `App` is synchronous, so it runs in threads. Its ready-made adapter would run it on the event loop, where one
request at a time is served.
"""

from __future__ import annotations

import asyncio
import http
import time
from dataclasses import dataclass
from typing import Final, Protocol

import anyio.to_thread
import structlog
from anyio import CapacityLimiter
from slack_bolt import App, BoltRequest, BoltResponse
from slack_sdk.signature import SignatureVerifier
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from bot.sns.receiving import Receiver
from bot.telemetry.metrics import ACK_SECONDS, REQUESTS

SIGNED_WITHIN_S: Final = 300
MAX_BODY_BYTES: Final = 1_000_000
BODY_S: Final = 5.0
MAX_DISPATCH_THREADS: Final = 32
MAX_SNS_THREADS: Final = 8

_log: Final = structlog.get_logger(__name__)


class Replays(Protocol):
    """Tells a request from a copy of it."""

    def is_new(self, signature: str) -> bool: ...

    def forget(self, signature: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Slack:
    """What takes Slack's requests, and what tells that they are Slack's, and each for the first time."""

    app: App
    verifier: SignatureVerifier
    replays: Replays


def make_web(slack: Slack | None, sns: Receiver | None = None) -> Starlette:
    """The ASGI application of the public port: Slack's requests in HTTP mode, SNS's where topics are configured."""
    return Starlette(routes=[*([_slack_route(slack)] if slack else []), *([_sns_route(sns)] if sns else [])])


def _slack_route(slack: Slack) -> Route:
    limiter = CapacityLimiter(MAX_DISPATCH_THREADS)

    async def events(request: Request) -> Response:
        began_s = time.perf_counter()
        response = await _answer(slack, limiter, request)
        REQUESTS.labels(status=str(response.status_code)).inc()
        ACK_SECONDS.observe(time.perf_counter() - began_s)
        return response

    return Route("/slack/events", events, methods=["POST"])


def _sns_route(sns: Receiver) -> Route:
    """In threads of its own: that SNS's certificate is slow to come must not hold up Slack."""
    limiter = CapacityLimiter(MAX_SNS_THREADS)

    async def messages(request: Request) -> Response:
        body = await _read(request)
        if isinstance(body, Response):
            return body
        return Response(status_code=await anyio.to_thread.run_sync(sns.receive, body, limiter=limiter))

    return Route("/alarms/sns", messages, methods=["POST"])


async def _answer(slack: Slack, limiter: CapacityLimiter, request: Request) -> Response:
    body = await _read(request)
    if isinstance(body, Response):
        return body
    if not is_signed(slack.verifier, body, request):
        _say_why(request)
        return _refused(http.HTTPStatus.UNAUTHORIZED)
    return await anyio.to_thread.run_sync(_taken_once, slack, body, request, limiter=limiter)


async def _read(request: Request) -> bytes | Response:
    """The body, or what is answered when it does not come in time or is too large."""
    try:
        async with asyncio.timeout(BODY_S):
            body = await _body(request)
    except (TimeoutError, ClientDisconnect):
        return _refused(http.HTTPStatus.REQUEST_TIMEOUT)
    return _refused(http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE) if body is None else body


def _refused(status: int) -> Response:
    """The connection ends with it: only who was let in keeps one."""
    return Response(status_code=status, headers={"Connection": "close"})


async def _body(request: Request) -> bytes | None:
    """The raw body, or None if it is too large, whatever its header says."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def is_signed(verifier: SignatureVerifier, body: bytes, request: Request) -> bool:
    """Whether Slack has sent this within the last five minutes; checked before anything in it is parsed.

    Source: https://docs.slack.dev/authentication/verifying-requests-from-slack
    """
    timestamp = request.headers.get("x-slack-request-timestamp", "")
    signature = request.headers.get("x-slack-signature", "")
    if not (_is_time(timestamp) and signature.isascii()):
        return False
    try:
        return bool(verifier.is_valid(body, timestamp, signature))
    except UnicodeDecodeError:
        return False


def _say_why(request: Request) -> None:
    """With a wrong clock or secret here, all of Slack's requests are refused; what does not even look like one is a
    passer-by's."""
    timestamp = request.headers.get("x-slack-request-timestamp", "")
    if not _is_time(timestamp) or "x-slack-signature" not in request.headers:
        return
    off_s = int(timestamp) - int(time.time())
    if abs(off_s) > SIGNED_WITHIN_S:
        _log.warning("request refused: its time is not that of this machine's clock", off_s=off_s, seldom=True)
    else:
        _log.warning("request refused: its signature does not fit SLACK_SIGNING_SECRET", seldom=True)


def _is_time(timestamp: str) -> bool:
    return timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12


def _taken_once(slack: Slack, body: bytes, request: Request) -> Response:
    """A copy of a command or a click is acknowledged and does nothing. Told by what is signed: headers are not."""
    if body.lstrip().startswith(b"{"):
        return _dispatch(slack.app, body, request)  # an event counts once by its own id
    signature = request.headers["x-slack-signature"]
    if not slack.replays.is_new(signature):
        _log.warning("request refused: it came before")
        return Response(status_code=200)
    response = _dispatch(slack.app, body, request)
    if response.status_code >= http.HTTPStatus.INTERNAL_SERVER_ERROR:
        slack.replays.forget(signature)
    return response


def _dispatch(app: App, body: bytes, request: Request) -> Response:
    try:
        asked = BoltRequest(body=body.decode(), query=request.url.query, headers=dict(request.headers))
    except (ValueError, AttributeError, TypeError, RecursionError):
        return Response(status_code=400)
    answer: BoltResponse = app.dispatch(asked)
    return Response(answer.body, status_code=answer.status, headers=answer.first_headers())
