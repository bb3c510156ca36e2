"""Durations and times as people type them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from diagnostics.bounds import MAX_WINDOW

YEARS: Final = timedelta(days=3_660)
"""For what is kept until somebody exports it."""
SHORTEST: Final = timedelta(minutes=1)
_UNITS: Final = {"m": 60, "min": 60, "h": 3_600, "d": 86_400}
_DURATION: Final = re.compile(r"(\d{1,6})\s*(m|min|h|d)", re.ASCII | re.IGNORECASE)
_CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?Z?", re.ASCII)


def duration_s(text: str, longest: timedelta = MAX_WINDOW) -> int:
    """`30m`, `2h` or `1d` in seconds. Raises ValueError with a line for people."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise ValueError("write a duration such as 30m, 2h or 1d")
    seconds = int(found[1]) * _UNITS[found[2].lower()]
    if not SHORTEST.total_seconds() <= seconds <= longest.total_seconds():
        raise ValueError(f"from 1m to {longest.days}d can be looked at")
    return seconds


def moment(text: str, now: datetime) -> datetime:
    """`03:12` (the last time it was so, UTC), `now`, or ISO 8601; without a zone it is UTC. Raises ValueError."""
    typed = text.strip()
    if typed.lower() == "now":
        return now
    if clock := _CLOCK.fullmatch(typed):
        today = now.astimezone(UTC).replace(
            hour=int(clock[1]), minute=int(clock[2]), second=int(clock[3] or 0), microsecond=0
        )
        return today if today <= now else today - timedelta(days=1)
    try:
        parsed = datetime.fromisoformat(typed)
    except ValueError:
        raise ValueError("write a time such as 03:12 or 2026-11-21T03:12Z") from None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
