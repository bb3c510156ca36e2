"""Alarms that belong together: one load balancer, one channel, one thread. Pure.

A storm is many alarms of one cause. The first one opens an incident and gets the diagnosis; the others are rows of a
table in it. Each change of an alarm counts once, whoever posts it and however often.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

from diagnostics.facts.fact import Frozen

MAX_ROWS: Final = 100
MAX_THREADS: Final = 100
FLAPPING: Final = timedelta(minutes=30)
"""An alarm so soon after the end belongs to the same incident."""
LONGEST: Final = timedelta(hours=12)
"""An alarm that begins later is news, though the ones before never ended."""
ABOUT_THE_SAME: Final = timedelta(minutes=5)
"""Posts of one change may come so far apart; it matters where only their own times tell them apart."""

State = Literal["ALARM", "OK"]
Told = Literal["opened", "pointer", "table", "known"]


class AlarmChange(Frozen):
    """An alarm as AWS has it. `changed_at`: when it got its present state, which tells two changes apart; where it is
    not `is_exact`, AWS did not tell and it is the time of a post."""

    name: str
    account: str
    region: str
    state: State
    changed_at: datetime
    is_exact: bool = True

    @property
    def identity(self) -> str:
        return f"{self.account}/{self.region}/{self.name}"


class AlarmRow(Frozen):
    """One alarm of an incident: how often it began, its state now, and when that last changed."""

    identity: str
    name: str
    region: str
    state: State
    count: int
    first_at: datetime
    last_at: datetime


class Incident(Frozen):
    """`thread_ts`: the post in whose thread the answer stands; `threads` those of other posts that got a pointer or did
    not. `ask_id`: the question whose answer it is. `more_rows`: alarms that found no room in `rows`. `pointed`: the
    news whose posts got a pointer. `ended_after`: the last change before it was over, in words. `version` counts what
    people would see changed."""

    id: str
    what: str
    team: str
    channel: str
    thread_ts: str
    ask_id: str
    opened_at: datetime
    closed_at: datetime | None = None
    rows: tuple[AlarmRow, ...] = ()
    more_rows: int = 0
    pointed: tuple[str, ...] = ()
    threads: tuple[str, ...] = ()
    ended_after: str | None = None
    version: int = 0

    @property
    def is_over(self) -> bool:
        return self.closed_at is not None

    @property
    def count(self) -> int:
        """How often its alarms began."""
        return sum(row.count for row in self.rows) + self.more_rows


def belongs(incident: Incident | None, at: datetime) -> bool:
    """Whether an alarm that begins now is part of this incident."""
    if incident is None:
        return False
    if incident.closed_at is not None:
        return at - incident.closed_at <= FLAPPING
    return at - incident.opened_at <= LONGEST


def with_alarm(
    incident: Incident, change: AlarmChange, news_id: str, thread_ts: str, pointers: int
) -> tuple[Incident, Told]:
    """The incident after an alarm began, and what its post gets: the answer itself, a pointer to it, only a row in the
    table, as one that flaps, or nothing since this change is known. The same news twice gets what it got."""
    row = _row_of(incident.rows, change)
    is_first = not incident.rows and not incident.more_rows
    if row is not None and _is_known(row, change):
        return _with_thread(incident, thread_ts), "pointer" if news_id in incident.pointed else "known"
    updated = _with_row(incident, change, row)
    updated = updated.model_copy(update={"closed_at": None, "ended_after": None, "version": incident.version + 1})
    if is_first:
        return updated, "opened"
    answered = row is not None or thread_ts == incident.thread_ts or thread_ts in incident.threads
    if answered or len(incident.pointed) >= pointers:
        return _with_thread(updated, thread_ts), "table"
    pointed = updated.model_copy(update={"pointed": (*incident.pointed, news_id)})
    return _with_thread(pointed, thread_ts), "pointer"


def with_end(incident: Incident, change: AlarmChange) -> tuple[Incident, Told]:
    """The incident after an alarm ended; it is over when no alarm of it is left."""
    row = _row_of(incident.rows, change)
    if row is None or row.state == "OK" or change.changed_at < row.last_at:
        return incident, "known"
    ended = row.model_copy(update={"state": "OK", "last_at": change.changed_at})
    rows = tuple(ended if one.identity == row.identity else one for one in incident.rows)
    over = all(one.state == "OK" for one in rows) and not incident.more_rows
    closed_at = max(one.last_at for one in rows) if over else None
    changed = {"rows": rows, "closed_at": closed_at, "version": incident.version + 1}
    return incident.model_copy(update=changed), "table"


def with_reason(incident: Incident, ended_after: str) -> Incident:
    """The incident with what changed last before it was over."""
    return incident.model_copy(update={"ended_after": ended_after, "version": incident.version + 1})


def _is_known(row: AlarmRow, change: AlarmChange) -> bool:
    """Whether this beginning was counted, and perhaps its end, too."""
    if change.changed_at <= row.last_at:
        return True
    return row.state == "ALARM" and not change.is_exact and change.changed_at - row.last_at <= ABOUT_THE_SAME


def _row_of(rows: Sequence[AlarmRow], change: AlarmChange) -> AlarmRow | None:
    return next((row for row in rows if row.identity == change.identity), None)


def _with_row(incident: Incident, change: AlarmChange, row: AlarmRow | None) -> Incident:
    if row is not None:
        again = row.model_copy(update={"state": "ALARM", "count": row.count + 1, "last_at": change.changed_at})
        rows = tuple(again if one.identity == row.identity else one for one in incident.rows)
        return incident.model_copy(update={"rows": rows})
    if len(incident.rows) >= MAX_ROWS:
        return incident.model_copy(update={"more_rows": incident.more_rows + 1})
    new = AlarmRow(
        identity=change.identity,
        name=change.name,
        region=change.region,
        state="ALARM",
        count=1,
        first_at=change.changed_at,
        last_at=change.changed_at,
    )
    return incident.model_copy(update={"rows": (*incident.rows, new)})


def _with_thread(incident: Incident, thread_ts: str) -> Incident:
    if thread_ts == incident.thread_ts or thread_ts in incident.threads:
        return incident
    return incident.model_copy(update={"threads": (*incident.threads, thread_ts)[-MAX_THREADS:]})
