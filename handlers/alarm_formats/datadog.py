"""Monitors of Datadog. No alarm of CloudWatch stands behind them: they have to name a load balancer or a target group.
https://docs.datadoghq.com/monitors/notify/"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from handlers.alarm_formats.format import alarm_format
from handlers.alarm_formats.post import AlarmPost, State
from handlers.alarm_formats.said import Said

_TITLE: Final = re.compile(
    r"(?:^|\n)(?P<what>Re-Triggered|Triggered|Warn|Recovered|No data)(?: on \{[^}\n]{0,300}\})?: "
    r"(?P<title>[^\n]{0,120})"
)
_LINK: Final = re.compile(r"https://(?:[a-z0-9-]+\.)*(?:datadoghq\.(?:com|eu)|ddog-gov\.com)/")
_TIME: Final = re.compile(r"last triggered at (?P<time>[A-Z][a-z]{2} [A-Z][a-z]{2} \d{2} \d{4} \d{2}:\d{2}:\d{2}) UTC")
_STATES: Final[dict[str, State]] = {
    "Triggered": "ALARM",
    "Re-Triggered": "ALARM",
    "Warn": "ALARM",
    "Recovered": "OK",
    "No data": "INSUFFICIENT_DATA",
}


@alarm_format("Datadog")
def datadog(said: Said) -> AlarmPost | None:
    """``Triggered: …`` with a link to the monitor; tags name the load balancer."""
    title = _TITLE.search(said.whole)
    if title is None or not any(_LINK.match(link) for link in said.links):
        return None
    time = _TIME.search(said.whole)
    state = _STATES[title["what"]]
    at = _time(time["time"]) if time and state == "ALARM" else None
    return AlarmPost(at=at or said.posted_at, state=state, title=title["title"].strip() or None)


def _time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%a %b %d %Y %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None
