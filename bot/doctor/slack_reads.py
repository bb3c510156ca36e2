"""The few calls that the doctor makes to Slack. They read; any other method is refused here before it is sent."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from handlers.slack_calls import UNREADABLE, is_refusal, word_of

TIMEOUT_S: Final = 5
UNANSWERED: Final = 3
"""After so many calls in a row without an answer no further one is made: each takes its whole time."""
PASSING: Final = frozenset(
    {"accesslimited", "fatal_error", "internal_error", "ratelimited", "request_timeout", "service_unavailable"}
)
"""Slack's words for trouble of its own, which say nothing of the token. https://docs.slack.dev/reference/methods/auth.test"""
GRANTED: Final = "x-oauth-scopes"
READS: Final = frozenset(
    {"apps.connections.open", "auth.test", "conversations.info", "usergroups.list", "users.info"}
)  # fmt: skip
"""`apps.connections.open` makes an address for a connection that nobody then opens; it expires by itself, and is the
only way to learn whether Socket Mode works. https://docs.slack.dev/reference/methods/apps.connections.open"""


_UNHEARD: Final = logging.getLogger(f"{__name__}.sdk")
_UNHEARD.disabled = True
"""The SDK writes a line for every call that fails; the doctor says it itself, once."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`scopes` None: Slack did not say what the token may do."""

    data: Mapping[str, Any]
    scopes: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Slack says no, in its own word."""

    word: str


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Slack did not answer, or somebody else did; `word` says which."""

    word: str


class SlackReads(Protocol):
    def __call__(self, method: str, **parameters: Any) -> Answer | Refused | NoAnswer: ...


@dataclass(slots=True)
class TokenReads:
    """Reads with one token, by one thread."""

    token: str = field(repr=False)
    api_url: str
    unanswered: int = 0
    last: NoAnswer = field(default_factory=lambda: NoAnswer(""))

    def __call__(self, method: str, **parameters: Any) -> Answer | Refused | NoAnswer:
        """Raises ValueError for a method that does not only read."""
        if method not in READS:
            raise ValueError(f"{method} is not among the methods that the doctor may call")
        if self.unanswered >= UNANSWERED:
            return self.last
        found = self._asked(method, parameters)
        if isinstance(found, NoAnswer):
            self.unanswered, self.last = self.unanswered + 1, found
        else:
            self.unanswered = 0
        return found

    def _asked(self, method: str, parameters: Mapping[str, Any]) -> Answer | Refused | NoAnswer:
        client = WebClient(
            token=self.token, base_url=self.api_url, timeout=TIMEOUT_S, retry_handlers=[], logger=_UNHEARD
        )
        try:
            response = client.api_call(method, params=dict(parameters))
        except SlackApiError as error:
            word = word_of(error)
            return Refused(word) if is_refusal(error) and word not in PASSING else NoAnswer(word)
        except (SlackClientError, *UNREADABLE) as error:
            return NoAnswer(_reason(error))
        data = response.data if isinstance(response.data, dict) else {}
        return Answer(data, _granted(response.headers))


def _reason(error: Exception) -> str:
    """Such as ``Connection refused``: what lies behind the error of the library."""
    cause = getattr(error, "reason", None) or error
    return str(getattr(cause, "strerror", None) or cause) or type(cause).__name__


def _granted(headers: Mapping[str, Any]) -> frozenset[str] | None:
    value = next((one for name, one in headers.items() if name.lower() == GRANTED), None)
    if isinstance(value, list):
        value = ",".join(map(str, value))
    return None if value is None else frozenset(one.strip() for one in str(value).split(",") if one.strip())
