"""Alerts that Opsgenie's CloudWatch integration posts.
https://support.atlassian.com/opsgenie/docs/integrate-opsgenie-with-amazon-cloudwatch/"""

from __future__ import annotations

import re
from typing import Final

from handlers.alarm_formats.clues import bounded_name, state_named
from handlers.alarm_formats.format import alarm_format
from handlers.alarm_formats.post import AlarmPost
from handlers.alarm_formats.said import Said

_TITLE: Final = re.compile(r"#\d+: \[CloudWatch\] (?P<name>[^\n]{1,255})")
_STATE: Final = re.compile(r"(?:^|\n)State: (?P<state>ALARM|OK|INSUFFICIENT_DATA)")
_NEW: Final = re.compile(r"(?:^|\n)(?:New alert|Alert created)\b")
_CLOSED: Final = re.compile(r"(?:^|\n)(?:[Cc]losed alert|Alert closed)\b")


@alarm_format("Opsgenie")
def opsgenie(said: Said) -> AlarmPost | None:
    """A number, the integration's name and the alarm's; the state in a line of its own."""
    title = _TITLE.search(said.whole)
    if title is None:
        return None
    state = _STATE.search(said.whole)
    closed, new = _CLOSED.search(said.whole), _NEW.search(said.whole)
    stated = state_named(state["state"]) if state else "ALARM" if new else None
    return AlarmPost(
        at=said.posted_at,
        alarm=bounded_name(title["name"]),
        state="OK" if closed else stated,
    )
