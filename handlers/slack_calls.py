"""One call to Slack: within the budget, with its failures sorted by what they mean for a caller."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackRequestError

from handlers.effects import Budget

CALL_TIMEOUT_S: Final = 10
MAX_INLINE_WAIT_S: Final = 2.0  # a longer wait would hold a worker's thread; the job is put back instead
MAX_INLINE_WAITS: Final = 3
SAFE_RETRY_PAUSES_S: Final = (0.3, 1.0)
DEFAULT_RETRY_AFTER_S: Final = 30.0
TROUBLE_RETRY_AFTER_S: Final = 5.0

# Errors after which Slack itself says that the effect may have happened: https://docs.slack.dev/reference/methods/chat.postMessage
_AMBIGUOUS: Final = frozenset({"fatal_error", "internal_error", "service_unavailable", "request_timeout"})
_NEVER_SENT: Final = (ConnectionRefusedError, socket.gaierror)

Observe = Callable[[str, str], None]
"""Called with method and result (``ok`` or the error) after each call."""


class SlackRefusedError(Exception):
    """Slack has answered that it will not do this. `error` is its word, such as ``not_in_channel``."""

    def __init__(self, method: str, error: str) -> None:
        super().__init__(f"{method}: {error}")
        self.error = error


class SlackLaterError(Exception):
    """Nothing has happened; the call may be made again after `after_s`."""

    def __init__(self, method: str, after_s: float) -> None:
        super().__init__(f"{method}: again in {after_s:.1f} s")
        self.after_s = after_s


class SlackInDoubtError(Exception):
    """The call may or may not have had its effect."""


class SlackCalls:
    """The Web API for the rest of the package. The client must not retry by itself: a retried post is a second post."""

    def __init__(
        self, client: WebClient, budget: Budget, *, wait: Callable[[float], object], observe: Observe = lambda *_: None
    ) -> None:
        self._client = client
        self._budget = budget
        self._wait = wait
        self._observe = observe

    def write(self, method: str, channel: str, body: Mapping[str, Any], *, spare: bool = False) -> Mapping[str, Any]:
        """A call with an effect. Raises `SlackRefusedError`, `SlackLaterError`, `SlackInDoubtError`."""
        self._take(method, channel, spare=spare)
        return self._call(method, json={"channel": channel, **body})

    def write_again(
        self, method: str, channel: str, body: Mapping[str, Any], *, spare: bool = False
    ) -> Mapping[str, Any]:
        """A call that may be repeated without harm, such as an update. Raises as `write`, but is never in doubt."""
        return self._repeated(method, channel, spare=spare, json={**({"channel": channel} if channel else {}), **body})

    def read(self, method: str, channel: str = "", **params: Any) -> Mapping[str, Any]:
        """A reading call. Raises `SlackRefusedError`, `SlackLaterError`."""
        return self._repeated(method, channel, params={**({"channel": channel} if channel else {}), **params})

    def _repeated(
        self, method: str, channel: str, *, spare: bool = False, **arguments: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        for pause_s in (*SAFE_RETRY_PAUSES_S, None):
            self._take(method, channel, spare=spare)
            try:
                return self._call(method, **arguments)
            except SlackInDoubtError:
                if pause_s is not None:
                    self._wait(pause_s)
        raise SlackLaterError(method, TROUBLE_RETRY_AFTER_S)

    def _take(self, method: str, channel: str, *, spare: bool = False) -> None:
        after_s = self._budget.take(method, channel, spare=spare)
        for _ in range(MAX_INLINE_WAITS):
            if after_s <= 0:
                return
            if spare or after_s > MAX_INLINE_WAIT_S:
                break
            self._wait(after_s)
            after_s = self._budget.take(method, channel)
        if after_s > 0:
            raise SlackLaterError(method, after_s)

    def _call(self, method: str, **arguments: Any) -> Mapping[str, Any]:
        try:
            response = self._client.api_call(method, **arguments)
        except SlackApiError as error:
            failure = self._sorted(method, error)
            self._observe(method, _word(error))
            raise failure from error
        except (URLError, OSError, http.client.HTTPException, SlackRequestError) as error:
            self._observe(method, "unreachable")
            if is_never_sent(error):
                raise SlackLaterError(method, TROUBLE_RETRY_AFTER_S) from error
            raise SlackInDoubtError(f"{method}: {type(_reason(error)).__name__}") from error
        self._observe(method, "ok")
        data = response.data
        return data if isinstance(data, dict) else {}

    def _sorted(self, method: str, error: SlackApiError) -> Exception:
        status = int(error.response.status_code)
        word = _word(error)
        if status == http.HTTPStatus.TOO_MANY_REQUESTS or word in {"ratelimited", "rate_limited"}:
            after_s = retry_after_s(error.response.headers)
            self._budget.pause(method, after_s)
            return SlackLaterError(method, after_s)
        if status >= http.HTTPStatus.INTERNAL_SERVER_ERROR or word in _AMBIGUOUS:
            return SlackInDoubtError(f"{method}: {status} {word}")
        return SlackRefusedError(method, word)


def is_never_sent(error: Exception) -> bool:
    """Whether Slack cannot have heard of it."""
    return isinstance(_reason(error), _NEVER_SENT)


def _reason(error: Exception) -> object:
    return error.reason if isinstance(error, URLError) else error


def _word(error: SlackApiError) -> str:
    data = error.response.data
    word = data.get("error", "") if isinstance(data, dict) else ""
    return word if isinstance(word, str) and word.isidentifier() else f"http_{int(error.response.status_code)}"


def retry_after_s(headers: Mapping[str, Any]) -> float:
    """How long Slack asks to wait."""
    value = next((text for name, text in headers.items() if name.lower() == "retry-after"), "")
    text = value[0] if isinstance(value, list) else value
    return max(1.0, float(text)) if str(text).isdigit() else DEFAULT_RETRY_AFTER_S
