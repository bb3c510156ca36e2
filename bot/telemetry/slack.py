"""Requests to Slack: each counted, timed, traced, and logged when it fails or takes long, whoever makes it."""

from __future__ import annotations

import time
from typing import Any, Final

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from bot.telemetry import traces
from bot.telemetry.metrics import SLACK_CALL_SECONDS, SLACK_CALLS, SLACK_CONTACT
from handlers.slack_calls import OK, UNREACHABLE, Observe, word_of

SLOW_CALL_S: Final = 3.0

_log: Final = structlog.get_logger(__name__)


def observed(method: str, result: str, seconds: float) -> None:
    """One request has ended so; `handlers.slack_calls.Observe`."""
    SLACK_CALLS.labels(method=method, result=result).inc()
    SLACK_CALL_SECONDS.labels(method=method).observe(seconds)
    if result == OK:
        SLACK_CONTACT.set_to_current_time()
    if result != OK or seconds >= SLOW_CALL_S:
        _log.warning(
            "Slack call was slow" if result == OK else "Slack call failed",
            method=method,
            result=result,
            seconds=round(seconds, 3),
        )
    traces.ended(f"Slack {method}", seconds, "" if result == OK else result, {"alb502.result": result})


class ObservedClient(WebClient):
    def __init__(self, *, observe: Observe = observed, **options: Any) -> None:
        super().__init__(**options)
        self._observe = observe

    def api_call(self, api_method: str, **arguments: Any) -> SlackResponse:
        began_s, result = time.monotonic(), UNREACHABLE
        try:
            answer = super().api_call(api_method, **arguments)
            result = OK
            return answer
        except SlackApiError as error:
            result = word_of(error)
            raise
        finally:
            self._observe(api_method, result, time.monotonic() - began_s)
