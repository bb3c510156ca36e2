"""The operators' port: ``/healthz``, ``/readyz``, ``/metrics``.

``/healthz`` fails when only a restart helps. ``/readyz`` fails when this process does not do its work, for whatever
reason: a Redis that is away is no reason to restart anything.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from http.client import HTTPException
from typing import Final

import anyio.to_thread
import structlog
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from redis import Redis
from redis.exceptions import RedisError
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot import __version__
from bot.store.connection import (
    away_complaint,
    eviction_complaint,
    replica_complaint,
    room_complaint,
    write_complaint,
)
from bot.telemetry.metrics import READY
from handlers.slack_calls import CALL_TIMEOUT_S, is_refusal, word_of

SLACK_EVERY_S: Final = 30.0
SLACK_PATIENCE_S: Final = 1.0
SLACK_SILENT_S: Final = 90.0
"""A call that takes so long is no hiccup."""

VITAL: Final = frozenset({"http", "workers", "executor"})
"""The checks whose complaint a restart ends."""

_log: Final = structlog.get_logger(__name__)

Check = Callable[[], str | None]
"""One line that says what does not work, or None."""


def make_ops(checks: Mapping[str, Check], registry: CollectorRegistry, before_scrape: Callable[[], None]) -> Starlette:
    """The ASGI application of the operators' port; the names of `checks` appear in ``/readyz``."""

    async def healthz(_: Request) -> Response:
        complaints = [told for part, check in tuple(checks.items()) if part in VITAL and (told := _asked(check))]
        return PlainTextResponse(
            "".join(f"{told}\n" for told in complaints) or f"ok {__version__}\n", status_code=503 if complaints else 200
        )

    told = _Told()

    async def readyz(_: Request) -> Response:
        complaints = await anyio.to_thread.run_sync(_complaints, checks, told)
        ready = not any(complaints.values())
        states = {part: complaint or "ok" for part, complaint in complaints.items()}
        return JSONResponse({"ready": ready, "checks": states}, status_code=200 if ready else 503)

    async def metrics(_: Request) -> Response:
        text = await anyio.to_thread.run_sync(_scrape)
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    def _scrape() -> bytes:
        _complaints(checks, told)
        before_scrape()
        return generate_latest(registry)

    return Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)])


def redis_check(redis: Redis) -> Check:
    """Whether the store answers, takes what it is given, and keeps it."""
    was_full = False

    def check() -> str | None:
        nonlocal was_full
        try:
            redis.ping()
            full = room_complaint(redis, was_full)
            was_full = full is not None
            return replica_complaint(redis) or full or eviction_complaint(redis) or write_complaint(redis)
        except RedisError as error:
            return away_complaint(error)

    return check


class SlackCheck:
    """Whether Slack takes our token; asked at most every `every_s`, however often somebody looks.

    Whoever looks waits no longer than `patience_s` where there is an earlier answer to go by.
    """

    def __init__(self, client: WebClient, every_s: float = SLACK_EVERY_S, patience_s: float = SLACK_PATIENCE_S) -> None:
        self._client = client
        self._every_s = every_s
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._asking: threading.Event | None = None
        self._asked_at_s = 0.0
        self._answered_at_s: float | None = None
        self._complaint: str | None = None
        self._well_at_s: float | None = None

    def __call__(self) -> str | None:
        with self._lock:
            now_s, answered_at_s = time.monotonic(), self._answered_at_s
            if self._asking is None and (answered_at_s is None or now_s - answered_at_s >= self._every_s):
                self._asking, self._asked_at_s = threading.Event(), now_s
                threading.Thread(target=self._ask, args=(self._asking,), name="slack-check", daemon=True).start()
            asking = self._asking
        if asking is not None:
            asking.wait(CALL_TIMEOUT_S if answered_at_s is None else self._patience_s)
        with self._lock:
            return self._told(time.monotonic())

    def _told(self, now_s: float) -> str | None:
        silent_s = now_s - self._asked_at_s if self._asking is not None else 0.0
        if self._answered_at_s is None or silent_s > SLACK_SILENT_S:
            return f"has not answered for {silent_s:.0f} s"
        if self._complaint is None or self._well_at_s is None:
            return self._complaint
        return f"{self._complaint}; last well {now_s - self._well_at_s:.0f} s ago"

    def _ask(self, asking: threading.Event) -> None:
        complaint = _asked(partial(_slack_complaint, self._client))
        with self._lock:
            self._complaint, self._answered_at_s, self._asking = complaint, time.monotonic(), None
            if complaint is None:
                self._well_at_s = self._answered_at_s
        asking.set()


def _slack_complaint(client: WebClient) -> str | None:
    try:
        client.auth_test()
    except SlackApiError as error:
        word = word_of(error)
        return f"refuses the bot token ({word})" if is_refusal(error) else f"answers with {word}"
    except (SlackClientError, OSError, HTTPException) as error:
        return f"cannot be reached ({type(error).__name__})"
    return None


class _Told:
    """The log has when a part stopped working and when it was well again, as whoever looked found it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failing: set[str] = set()

    def __call__(self, complaints: Mapping[str, str | None]) -> None:
        with self._lock:
            for part, complaint in complaints.items():
                if complaint and part not in self._failing:
                    self._failing.add(part)
                    _log.warning("not ready", part=part, why=complaint)
                elif not complaint and part in self._failing:
                    self._failing.remove(part)
                    _log.info("ready again", part=part)


def _complaints(checks: Mapping[str, Check], told: _Told) -> dict[str, str | None]:
    found = {part: _asked(check) for part, check in tuple(checks.items())}
    told(found)
    for part, complaint in found.items():
        READY.labels(part=part).set(0 if complaint else 1)
    return found


def _asked(check: Check) -> str | None:
    try:
        return check()
    except Exception as error:  # noqa: BLE001 - whatever cannot even be asked does not work
        _log.exception("a check failed", error=type(error).__name__)
        return f"could not be looked at ({type(error).__name__})"
