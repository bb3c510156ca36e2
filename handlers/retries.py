"""Events that Slack delivers again, since they were not acknowledged."""

from __future__ import annotations

from typing import Final

from slack_bolt import BoltRequest

LAST_RETRY: Final = 3


def retry_of(request: BoltRequest) -> int:
    """How often Slack has delivered this event before. https://docs.slack.dev/apis/events-api/#retries"""
    number = request.headers.get("x-slack-retry-num", ["0"])[0]
    return int(number) if number.isdigit() else 0
