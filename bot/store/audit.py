"""The audit as a stream of Redis: appended to, exported, and trimmed only as far as it was exported."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final, get_args

import structlog
from redis import Redis

from bot.store.keys import key, text_of
from bot.store.reading import read
from bot.telemetry.metrics import FIXES
from remediations.audit import Event, Kept, Record

FIELD: Final = "record"
PAGE: Final = 500
NEWEST_PAGE: Final = 50

# What was exported is the only thing that may go.
_TRIM: Final = """
local upto = redis.call('GET', KEYS[2])
if not upto then return 0 end
return redis.call('XTRIM', KEYS[1], 'MINID', '=', ARGV[1])
"""

for _event in get_args(Event):
    FIXES.labels(event=_event)

_log: Final = structlog.get_logger("alb502.audit")


class StoredAudit:
    """Implements `remediations.audit.Audit`. `unread`: the places of lines that were met and are none of ours, or of
    another version."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self.unread: list[str] = []
        self._trim = redis.register_script(_TRIM)

    def append(self, record: Record) -> None:
        self._redis.xadd(stream(), {FIELD: record.model_dump_json()})
        log(record)

    def read(self, since: datetime | None = None, after: str | None = None, limit: int = 1_000) -> tuple[Kept, ...]:
        found: list[Kept] = []
        for kept in self._from(after):
            if since is None or kept.record.at >= since:
                found.append(kept)
                if len(found) >= limit:
                    break
        return tuple(found)

    def newest(self, since: datetime, limit: int) -> tuple[Record, ...]:
        """Those from a moment on, at most so many, the newest first; what cannot be read is left out."""
        found: list[Record] = []
        end, seen = "+", 0
        while seen < limit:
            entries: Any = self._redis.xrevrange(stream(), max=end, count=min(NEWEST_PAGE, limit - seen))
            for _, fields in entries:
                record = read(Record, fields.get(FIELD.encode()))
                if record is not None and record.at < since:
                    return tuple(found)
                found += [record] if record is not None else []
            if not entries:
                break
            seen += len(entries)
            end = f"({text_of(entries[-1][0])}"
        return tuple(found)

    def exported(self, last_id: str) -> None:
        """Everything up to this place has been written to somewhere safe, says whoever exported it."""
        self._redis.set(_exported(), last_id)

    def trim(self) -> int:
        """Drops what was exported; returns how many lines. Nothing is dropped that was not."""
        raw = self._redis.get(_exported())
        if raw is None:
            return 0
        moment, _, number = text_of(raw).partition("-")
        return int(self._trim(keys=[stream(), _exported()], args=[f"{moment}-{int(number or 0) + 1}"]))

    def _from(self, after: str | None) -> Iterator[Kept]:
        start = "-" if after is None else f"({after}"
        while True:
            entries: Any = self._redis.xrange(stream(), min=start, count=PAGE)
            for entry_id, fields in entries:
                place, record = text_of(entry_id), _record(fields)
                if record is not None:
                    yield Kept(id=place, record=record)
                elif place not in self.unread:
                    self.unread.append(place)
            if len(entries) < PAGE:
                return
            start = f"({text_of(entries[-1][0])}"


def stream() -> str:
    """The key of the stream; scripts append to it in the same step as what the record is about."""
    return key("audit")


def log(record: Record) -> None:
    """Says the record in the log and counts it."""
    FIXES.labels(event=record.event).inc()
    said: dict[str, Any] = record.model_dump(mode="json", exclude_defaults=True, exclude={"event", "at"})
    _log.info(
        "fix", did=record.event, **{("plan" if name == "ticket" else name): value for name, value in said.items()}
    )


def _record(fields: dict[bytes, bytes]) -> Record | None:
    """A line as it is exported: one that would be exported without something that another version wrote is none."""
    try:
        return Record.model_validate_json(fields[FIELD.encode()])
    except (KeyError, ValueError):
        return None


def _exported() -> str:
    return key("audit-exported")
