"""What the audit says of fixes that were carried out, for a diagnosis that asks what this program changed itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import structlog
from pydantic import ValidationError
from redis.exceptions import RedisError

from bot.store.audit import StoredAudit
from diagnostics.collect.own_records import OwnRecord
from remediations.audit import Record

MAX_RECORDS: Final = 500
MAX_FIXES: Final = 50
CHANGED: Final = frozenset({"done", "partial", "unknown"})

_log: Final = structlog.get_logger(__name__)


class AuditedChanges:
    """Implements `diagnostics.collect.own_records.OwnRecords`."""

    def __init__(self, audit: StoredAudit) -> None:
        self._audit = audit

    def since(self, account: str, region: str, start: datetime) -> Sequence[OwnRecord] | None:
        try:
            newest = self._audit.newest(start, MAX_RECORDS)
        except RedisError as error:
            _log.warning("own changes not read", error=type(error).__name__, seldom=True)
            return None
        return own_records([one for one in newest if (one.account, one.region) == (account, region)])


def own_records(newest: Sequence[Record]) -> tuple[OwnRecord, ...]:
    """The fixes that were carried out, by these lines of the audit."""
    found = (_own_record(record, newest) for record in newest if record.details.get("status") in CHANGED)
    return tuple(one for one in found if one is not None)[:MAX_FIXES]


def _own_record(record: Record, newest: Sequence[Record]) -> OwnRecord | None:
    same = [other for other in newest if other.ticket == record.ticket]
    asked = next((one.who for one in same if one.event == "asked"), None)
    details: dict[str, Any] = record.details
    try:
        return OwnRecord.model_validate(
            {
                "plan": record.ticket,
                "report": record.report,
                "at": record.at,
                "title": record.title,
                "resource": record.resource,
                "within_s": details.get("within_s", 0),
                "asked_by": asked.shown if asked else "",
                "approved_by": record.who.shown if record.who else "",
                "undoes": record.undoes,
                "undone": any(one.event == "undone" for one in same),
                "outcome": details["status"],
                "worked": _worked(same, record),
                "about": details.get("about", ()),
                "settings": details.get("changes", ()),
                "calls": details.get("calls", ()),
            }
        )
    except ValidationError:
        _log.warning("a line of the audit is not readable; another version wrote it", ticket=record.ticket)
        return None


def _worked(same: Iterable[Record], executed: Record) -> bool | None:
    for one in same:
        if one is not executed and one.at >= executed.at and one.event in ("verified", "failed"):
            return one.event == "verified"
    return None
