"""Answers by the response URL of a command or a click: sent to Slack and nowhere else, wherever the URL leads.

https://docs.slack.dev/interactivity/handling-user-interaction
"""

from __future__ import annotations

import http
import http.client
import json
import time
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from handlers.slack_calls import (
    CALL_TIMEOUT_S,
    OK,
    TROUBLE_RETRY_AFTER_S,
    UNREACHABLE,
    Observe,
    SlackInDoubtError,
    SlackLaterError,
    SlackRefusedError,
    is_never_sent,
    retry_after_s,
)

HOSTS: Final = frozenset({"hooks.slack.com", "hooks.slack-gov.com"})
METHOD: Final = "response_url"
MAX_ANSWER_BYTES: Final = 64 * 1024
INVALID_BLOCKS: Final = "invalid_blocks"
NOT_TAKEN: Final = "not_taken"
RATE_LIMITED: Final = "ratelimited"


class _Answer(NamedTuple):
    status: int
    body: bytes
    headers: Mapping[str, str]


class ResponseUrls:
    """`slack_api_url`: the configured base of Slack's API, whose host may be another one, such as a demo's."""

    def __init__(self, slack_api_url: str, observe: Observe = lambda *_: None) -> None:
        base = urlsplit(slack_api_url)
        self._places = {("https", host) for host in HOSTS} | {(base.scheme, base.netloc)}
        self._opener = build_opener(_NoRedirects())
        self._observe = observe

    def are_slacks(self, url: str) -> bool:
        """Whether what is sent there reaches Slack: the right host by itself, with no login, port or path before it."""
        if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
            return False
        try:
            target = urlsplit(url)
        except ValueError:
            return False
        return (target.scheme, target.netloc) in self._places

    def send(self, url: str, body: Mapping[str, Any]) -> bool:
        """False if Slack does not take it.

        Raises `SlackRefusedError` when it takes no such blocks, `SlackLaterError` when it has certainly not taken it,
        `SlackInDoubtError` when it may have.
        """
        if not self.are_slacks(url):
            return False
        request = Request(  # noqa: S310 - the scheme was looked at
            url,
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json;charset=utf-8"},
            method="POST",
        )
        began_s, word = time.monotonic(), UNREACHABLE
        try:
            answer = self._answer(request)
            word = _word(answer)
        except (OSError, ValueError, http.client.HTTPException) as error:
            if is_never_sent(error):
                raise SlackLaterError(METHOD, TROUBLE_RETRY_AFTER_S) from error
            raise SlackInDoubtError(f"{METHOD}: {type(error).__name__}") from error
        finally:
            self._observe(METHOD, word, time.monotonic() - began_s)
        return _taken(answer, word)

    def _answer(self, request: Request) -> _Answer:
        try:
            with self._opener.open(request, timeout=CALL_TIMEOUT_S) as answer:
                return _Answer(answer.status, answer.read(MAX_ANSWER_BYTES), {})
        except HTTPError as error:
            with error:
                return _Answer(error.code, error.read(MAX_ANSWER_BYTES), dict(error.headers.items()))


class _NoRedirects(HTTPRedirectHandler):
    """An answer may be for one person's eyes: it goes to no place that another one names."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _word(answer: _Answer) -> str:
    """What was answered, in one of few words."""
    if answer.status == http.HTTPStatus.TOO_MANY_REQUESTS:
        return RATE_LIMITED
    if INVALID_BLOCKS.encode() in answer.body:
        return INVALID_BLOCKS
    if answer.status >= http.HTTPStatus.INTERNAL_SERVER_ERROR or answer.status == http.HTTPStatus.REQUEST_TIMEOUT:
        return f"http_{answer.status}"
    return OK if answer.status == http.HTTPStatus.OK else NOT_TAKEN


def _taken(answer: _Answer, word: str) -> bool:
    if word == RATE_LIMITED:
        raise SlackLaterError(METHOD, retry_after_s(answer.headers))
    if word == INVALID_BLOCKS:
        raise SlackRefusedError(METHOD, word)
    if word in (OK, NOT_TAKEN):
        return word == OK
    raise SlackInDoubtError(f"{METHOD}: {answer.status}")
