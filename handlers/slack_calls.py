"""One call to Slack: within the budget, with its failures sorted by what they mean for a caller."""

from __future__ import annotations

import http.client
import re
import socket
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeGuard
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackRequestError

from handlers.effects import Budget

CALL_TIMEOUT_S: Final = 10
MAX_INLINE_WAIT_S: Final = 2.0  # a longer wait would hold a worker's thread; the job is put back instead
MAX_INLINE_WAITS: Final = 3
SAFE_RETRY_PAUSES_S: Final = (0.3, 1.0)
DEFAULT_RETRY_AFTER_S: Final = 30.0
MAX_RETRY_AFTER_S: Final = 600.0
TROUBLE_RETRY_AFTER_S: Final = 5.0
MAX_WORD: Final = 60
OK: Final = "ok"
UNREACHABLE: Final = "unreachable"

# Errors after which Slack itself says that the effect may have happened: https://docs.slack.dev/reference/methods/chat.postMessage
_AMBIGUOUS: Final = frozenset({"fatal_error", "internal_error", "service_unavailable", "request_timeout"})
# The workspace or the channel is being moved, or Slack turns everybody away: nothing has happened, and it passes.
_NOT_NOW: Final = frozenset({"accesslimited", "external_channel_migrating", "org_login_required", "team_added_to_org"})
_NEVER_SENT: Final = (ConnectionRefusedError, socket.gaierror)
# The last three are what the library raises on an answer that is no text or no JSON object.
UNREADABLE: Final = (
    URLError, OSError, http.client.HTTPException, SlackRequestError, ValueError, LookupError, AttributeError
)  # fmt: skip
_SECONDS: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?", re.ASCII)

Observe = Callable[[str, str, float], None]
"""Called once for each request that was sent: method, result and seconds. The result is `OK`, Slack's word for what it
does not take, or `UNREACHABLE`."""


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
        self,
        client: WebClient,
        budget: Budget,
        *,
        wait: Callable[[float], object],
        again: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`again` hears the method of each call that is about to be made once more."""
        self._client = client
        self._budget = budget
        self._wait = wait
        self._again = again

    def write(
        self,
        method: str,
        channel: str,
        body: Mapping[str, Any],
        *,
        repeatable: bool = False,
        spare: bool = False,
        apart: bool = True,
        check: Callable[[], None] = lambda: None,
    ) -> Mapping[str, Any]:
        """A call with an effect. Raises `SlackRefusedError`, `SlackLaterError`, and `SlackInDoubtError` unless it is
        `repeatable`: it does no harm when it is made twice, as an update.

        `apart` False: the second attempt of an edit that was refused for how it looks. `check` raises when it is not to
        be made any more. It is asked whenever the call had to wait: meanwhile somebody may have said something newer.
        """
        message = str(body.get("ts") or "") if method == "chat.update" and apart else ""
        arguments = {"json": {**({"channel": channel} if channel else {}), **body}}
        if repeatable:
            return self._repeated(method, channel, arguments, check=check, spare=spare, message=message)
        if self._take(method, channel, spare=spare, message=message):
            check()
        return self._call(method, arguments)

    def read(self, method: str, channel: str = "", **params: Any) -> Mapping[str, Any]:
        """A reading call. Raises `SlackRefusedError`, `SlackLaterError`."""
        return self._repeated(method, channel, {"params": {**({"channel": channel} if channel else {}), **params}})

    def _repeated(
        self,
        method: str,
        channel: str,
        arguments: Mapping[str, Mapping[str, Any]],
        *,
        check: Callable[[], None] = lambda: None,
        spare: bool = False,
        message: str = "",
    ) -> Mapping[str, Any]:
        for pause_s in (*SAFE_RETRY_PAUSES_S, None):
            if self._take(method, channel, spare=spare, message=message):
                check()
            message = ""
            try:
                return self._call(method, arguments)
            except SlackInDoubtError:
                if pause_s is not None:
                    self._again(method)
                    self._wait(pause_s)
                    check()
        raise SlackLaterError(method, TROUBLE_RETRY_AFTER_S)

    def _take(self, method: str, channel: str, *, spare: bool = False, message: str = "") -> bool:
        """Whether it had to wait. Raises `SlackLaterError`."""
        after_s = self._budget.take(method, channel, spare=spare, message=message)
        for waited in range(MAX_INLINE_WAITS):
            if after_s <= 0:
                return waited > 0
            if spare or after_s > MAX_INLINE_WAIT_S:
                break
            self._wait(after_s)
            after_s = self._budget.take(method, channel, message=message)
        if after_s > 0:
            raise SlackLaterError(method, after_s)
        return True

    def _call(self, method: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            data = self._client.api_call(method, **arguments).data
        except SlackApiError as error:
            word = word_of(error)
            raise self._meant(method, int(error.response.status_code), word, error.response.headers) from error
        except UNREADABLE as error:
            raise _unanswered(method, error) from error
        return data if isinstance(data, dict) else {}

    def _meant(self, method: str, status: int, word: str, headers: Mapping[str, Any]) -> Exception:
        if status == http.HTTPStatus.TOO_MANY_REQUESTS or word in {"ratelimited", "rate_limited"}:
            after_s = retry_after_s(headers)
            self._budget.pause(method, after_s)
            return SlackLaterError(method, after_s)
        if word in _NOT_NOW:
            return SlackLaterError(method, DEFAULT_RETRY_AFTER_S)
        # What says that it went well, without Slack's own words, was said by something between.
        unclear = status >= http.HTTPStatus.INTERNAL_SERVER_ERROR or word == f"http_{http.HTTPStatus.OK}"
        if unclear or status == http.HTTPStatus.REQUEST_TIMEOUT or word in _AMBIGUOUS:
            return SlackInDoubtError(f"{method}: {status} {word}")
        return SlackRefusedError(method, word)


def _unanswered(method: str, error: Exception) -> Exception:
    if is_never_sent(error):
        return SlackLaterError(method, TROUBLE_RETRY_AFTER_S)
    return SlackInDoubtError(f"{method}: {type(_reason(error)).__name__}")


def is_never_sent(error: Exception) -> bool:
    """Whether Slack cannot have heard of it."""
    return isinstance(_reason(error), _NEVER_SENT)


def _reason(error: Exception) -> object:
    return error.reason if isinstance(error, URLError) else error


def word_of(error: SlackApiError) -> str:
    """Slack's word for it, such as ``not_in_channel``; ``http_503`` where it says none."""
    data = error.response.data
    word = data.get("error", "") if isinstance(data, dict) else ""
    return word if _is_word(word) else f"http_{int(error.response.status_code)}"


def is_refusal(error: SlackApiError) -> bool:
    """Whether Slack says no in its own words, and not that something is broken, there or on the way."""
    status, data = int(error.response.status_code), error.response.data
    return status == http.HTTPStatus.OK and isinstance(data, dict) and _is_word(data.get("error"))


def _is_word(text: object) -> TypeGuard[str]:
    """Whether it is one of Slack's words for an error; anything else has no place in a log or a metric."""
    return isinstance(text, str) and text.isascii() and text.isidentifier() and len(text) <= MAX_WORD


def retry_after_s(headers: Mapping[str, Any]) -> float:
    """How long Slack asks to wait, within reason: what waits for it is still wanted afterwards."""
    value = next((text for name, text in headers.items() if name.lower() == "retry-after"), "")
    text = str(value[0] if isinstance(value, list) and value else value).strip()
    if _SECONDS.fullmatch(text) is None:
        return DEFAULT_RETRY_AFTER_S
    return min(max(1.0, float(text)), MAX_RETRY_AFTER_S)
