"""What a reader of the report should know about how logs were read: what share, and what it cost."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.facts import AccessLogs, ApplicationLogs
from diagnostics.snapshot import Snapshot


def log_notes(snapshot: Snapshot) -> tuple[str, ...]:
    """One line each; none where everything was read, for nothing."""
    return (*_of_rows(snapshot), *_of_application(snapshot))


def _of_rows(snapshot: Snapshot) -> Iterator[str]:
    logs = snapshot.get(AccessLogs)
    if not isinstance(logs, AccessLogs):
        return
    if logs.share_read < 1:
        day = "" if logs.covered_from.date() == snapshot.window.end.date() else f"{logs.covered_from:%d %b} "
        why = "" if logs.gaps else "; logs.local_budget ended it"
        yield (
            f"access logs: the newest {_percent(logs.share_read)} was read, all from {day}"
            f"{logs.covered_from:%H:%M} UTC on{why}"
        )
    if logs.paid:
        yield logs.paid


def _of_application(snapshot: Snapshot) -> Iterator[str]:
    logs = snapshot.get(ApplicationLogs)
    if not isinstance(logs, ApplicationLogs):
        return
    if logs.share_read < 1:
        yield f"application logs: {_percent(logs.share_read)} was searched"
    if logs.paid:
        yield logs.paid


def _percent(share: float) -> str:
    return "under 1%" if share < 0.01 else f"{min(share, 0.99):.0%}"
