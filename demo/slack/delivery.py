"""Carries signed requests to the bot's public port, and events again when they were not taken.

https://docs.slack.dev/authentication/verifying-requests-from-slack and https://docs.slack.dev/apis/events-api#retries
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

LIMIT_S: Final = 3.0
RETRIES_S: Final = (0.0, 60.0, 300.0)
THREADS: Final = 8
MAX_ANSWER: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Answered:
    """What the bot answered within the time that Slack gives it. `status` 0: nothing."""

    status: int
    body: Mapping[str, Any]

    @property
    def is_well(self) -> bool:
        return self.status == http.client.OK


NOTHING: Final = Answered(0, {})


class Delivery:
    """Sends to one bot, once `connect` has said where it is."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._port: int | None = None
        self._stopped = threading.Event()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="slack-delivery")

    def connect(self, port: int) -> None:
        """The bot listens there now."""
        self._port = port

    def close(self) -> None:
        """Delivers nothing more."""
        self._stopped.set()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def send(self, body: bytes, headers: Mapping[str, str] | None = None) -> Answered:
        """One request; what came back in time."""
        if self._port is None:
            return NOTHING
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=LIMIT_S)
        try:
            connection.request("POST", "/slack/events", body, {**self._signed(body), **(headers or {})})
            response = connection.getresponse()
            return Answered(response.status, _document(response.read(MAX_ANSWER)))
        except (OSError, http.client.HTTPException):
            return NOTHING
        finally:
            connection.close()

    def send_event(self, body: bytes) -> None:
        """In the background, again after a while when it is not taken."""
        if not self._stopped.is_set():
            self._threads.submit(self._send_event, body)

    def _send_event(self, body: bytes) -> None:
        if self.send(body).is_well:
            return
        for number, pause_s in enumerate(RETRIES_S, start=1):
            if self._stopped.wait(pause_s):
                return
            if self.send(body, {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": "http_error"}).is_well:
                return

    def _signed(self, body: bytes) -> dict[str, str]:
        stamp = str(int(time.time()))
        digest = hmac.new(self._secret, b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
        kind = "application/json" if body.startswith(b"{") else "application/x-www-form-urlencoded"
        return {"Content-Type": kind, "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}


def _document(raw: bytes) -> dict[str, Any]:
    if not raw.strip():
        return {}
    try:
        found = json.loads(raw)
    except ValueError:
        return {"text": raw.decode("utf-8", "replace")}
    return found if isinstance(found, dict) else {}
