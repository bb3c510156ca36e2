"""Answers by the response URL of a command or a click: sent to Slack and nowhere else, wherever the URL leads.

https://docs.slack.dev/interactivity/handling-user-interaction
"""

from __future__ import annotations

import http
import http.client
import json
from collections.abc import Mapping
from typing import IO, Any, Final
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from handlers.slack_calls import (
    CALL_TIMEOUT_S,
    TROUBLE_RETRY_AFTER_S,
    SlackInDoubtError,
    SlackLaterError,
    SlackRefusedError,
    is_never_sent,
    retry_after_s,
)

HOSTS: Final = frozenset({"hooks.slack.com", "hooks.slack-gov.com"})
METHOD: Final = "response_url"
MAX_ANSWER_BYTES: Final = 64 * 1024


class ResponseUrls:
    """`slack_api_url`: the configured base of Slack's API, whose host may be another one, such as a demo's."""

    def __init__(self, slack_api_url: str) -> None:
        base = urlsplit(slack_api_url)
        self._places = {("https", host) for host in HOSTS} | {(base.scheme, base.netloc)}
        self._opener = build_opener(_NoRedirects())

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
        try:
            with self._opener.open(request, timeout=CALL_TIMEOUT_S) as answer:
                return _taken(answer.status, answer)
        except HTTPError as error:
            with error:
                if error.code == http.HTTPStatus.TOO_MANY_REQUESTS:
                    raise SlackLaterError(METHOD, retry_after_s(dict(error.headers.items()))) from None
                return _taken(error.code, error)
        except (OSError, ValueError, http.client.HTTPException) as error:
            if is_never_sent(error):
                raise SlackLaterError(METHOD, TROUBLE_RETRY_AFTER_S) from error
            raise SlackInDoubtError(f"{METHOD}: {type(error).__name__}") from error


class _NoRedirects(HTTPRedirectHandler):
    """An answer may be for one person's eyes: it goes to no place that another one names."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _taken(status: int, answer: IO[bytes]) -> bool:
    if b"invalid_blocks" in answer.read(MAX_ANSWER_BYTES):
        raise SlackRefusedError(METHOD, "invalid_blocks")
    if status >= http.HTTPStatus.INTERNAL_SERVER_ERROR or status == http.HTTPStatus.REQUEST_TIMEOUT:
        raise SlackInDoubtError(f"{METHOD}: {status}")
    return status == http.HTTPStatus.OK
