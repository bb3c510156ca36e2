"""Posts of programs that nobody has described here: they must say that something alarms, and name what."""

from __future__ import annotations

import re
from typing import Final

from handlers.alarm_formats.clues import clues_in
from handlers.alarm_formats.format import alarm_format
from handlers.alarm_formats.post import AlarmPost, State
from handlers.alarm_formats.said import Said

_ENDED: Final = re.compile(r"\b(?:resolved|recovered|cleared|back to normal|state(?: is|:)? ok|-> ok)\b", re.IGNORECASE)
_BEGAN: Final = re.compile(
    r"\b(?:in alarm|alarm(?:s|ed|ing)?|alert(?:s|ing)?|firing|triggered|critical|breach(?:ed|ing)?)\b", re.IGNORECASE
)


@alarm_format("unknown sender", last_resort=True)
def anybody(said: Said) -> AlarmPost | None:
    """Words that say that something alarms, or ended, beside an alarm's link, a load balancer or a target group."""
    clues = clues_in(said)
    if not (clues.alarm or clues.load_balancer or clues.target_group):
        return None
    words = said.whole
    state: State | None = "OK" if _ENDED.search(words) else "ALARM" if _BEGAN.search(_without_names(words)) else None
    return AlarmPost(at=said.posted_at, state=state) if state else None


def _without_names(words: str) -> str:
    """ARNs and links hold the word alarm whatever is said about it."""
    return re.sub(r"(?:arn:|https?://)\S+", " ", words)
