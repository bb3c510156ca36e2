"""Posts of programs that nobody has described here: they must say that something alarms, and name what, which may be
a service that is known."""

from __future__ import annotations

import re
from typing import Final

from handlers.alarm_formats.clues import clues_in, without_addresses
from handlers.alarm_formats.format import alarm_format
from handlers.alarm_formats.post import AlarmPost, State
from handlers.alarm_formats.said import Said

_ENDED: Final = re.compile(
    r"\b(?:resolved|recovered|cleared|back to normal|(?:state|status|now)(?: is|:)? ok|(?:to|is) ok)\b"
    r"|(?:->|=>|→) ?ok\b|(?:^|\n)[^\w\n]{0,20}(?::\w{1,60}:)?[^\w\n]{0,20}ok\b *[\]:|-]",
    re.IGNORECASE,
)
_BEGAN: Final = re.compile(
    r"\b(?:in alarm|alarm(?:s|ed|ing)?|alert(?:s|ing)?|firing|triggered|critical|breach(?:ed|ing)?)\b", re.IGNORECASE
)
_SAYS_ALARM: Final = re.compile(r"\b(?:alarm|alert|firing)\b", re.IGNORECASE)
"""Enough to look whether a service is named; builds are triggered, too, and reports of scanners critical."""


@alarm_format("unknown sender", last_resort=True)
def anybody(said: Said) -> AlarmPost | None:
    """Words that say that something alarms, or ended, beside an alarm's link, a load balancer or a target group."""
    words = without_addresses(said.whole)
    began = _BEGAN if clues_in(said).names_something else _SAYS_ALARM
    state: State | None = "OK" if _ENDED.search(words) else "ALARM" if began.search(words) else None
    return AlarmPost(at=said.posted_at, state=state) if state else None
