"""The operators' port: ``/healthz``, ``/readyz``, ``/metrics``."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

import anyio.to_thread
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from redis import Redis
from redis.exceptions import RedisError
from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot import __version__
from bot.store.connection import eviction_complaint, replica_complaint, room_complaint
from bot.telemetry.metrics import READY

SLACK_EVERY_S: Final = 30.0

Check = Callable[[], str | None]
"""One line that says what does not work, or None."""


def make_ops(checks: Mapping[str, Check], registry: CollectorRegistry, before_scrape: Callable[[], None]) -> Starlette:
    """The ASGI application of the operators' port; the names of `checks` appear in ``/readyz``."""

    async def healthz(_: Request) -> Response:
        return PlainTextResponse(f"ok {__version__}\n")

    async def readyz(_: Request) -> Response:
        complaints = await anyio.to_thread.run_sync(_complaints, checks)
        ready = not any(complaints.values())
        states = {part: complaint or "ok" for part, complaint in complaints.items()}
        return JSONResponse({"ready": ready, "checks": states}, status_code=200 if ready else 503)

    async def metrics(_: Request) -> Response:
        text = await anyio.to_thread.run_sync(_scrape)
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    def _scrape() -> bytes:
        before_scrape()
        return generate_latest(registry)

    return Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)])


def redis_check(redis: Redis) -> Check:
    """Whether the store answers and keeps what it is given."""

    def check() -> str | None:
        try:
            redis.ping()
            return replica_complaint(redis) or room_complaint(redis) or eviction_complaint(redis)
        except RedisError as error:
            return f"does not answer ({type(error).__name__})"

    return check


def slack_check(client: WebClient, every_s: float = SLACK_EVERY_S) -> Check:
    """Whether Slack takes our token; asked at most every `every_s`, however often somebody looks."""
    lock = threading.Lock()
    last: list[tuple[float, str | None]] = []

    def check() -> str | None:
        with lock:
            if not last or time.monotonic() - last[0][0] >= every_s:
                last[:] = [(time.monotonic(), _slack_complaint(client))]
            return last[0][1]

    return check


def _slack_complaint(client: WebClient) -> str | None:
    try:
        client.auth_test()
    except SlackClientError as error:
        response = getattr(error, "response", None)
        word = response.get("error") if response is not None else type(error).__name__
        return f"refuses the bot token ({word})"
    except OSError as error:
        return f"cannot be reached ({type(error).__name__})"
    return None


def _complaints(checks: Mapping[str, Check]) -> dict[str, str | None]:
    found = {part: check() for part, check in checks.items()}
    for part, complaint in found.items():
        READY.labels(part=part).set(0 if complaint else 1)
    return found
