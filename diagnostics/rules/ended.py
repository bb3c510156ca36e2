"""Trouble that somebody or a deployment has put right: its traces stay in the window, and nothing adds to them.

Stopped tasks are listed for an hour, and errors stay counted; rules and settings are those of now, which say nothing
about what failed before. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-errors.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from diagnostics.facts import Change, EcsService, Frozen, OwnChanges, ServiceHistory, TargetHealth
from diagnostics.rules.change_words import change_in_words, is_of_people, is_path_change
from diagnostics.rules.own_changes import latest_repair, own_change_of, recorded
from diagnostics.snapshot import Snapshot

QUIET: Final = timedelta(minutes=3)
"""So long nothing may have failed at least; metrics come late by about two minutes."""
TIMES: Final = 2
"""Trouble that comes and goes has to be away for this many times its longest pause."""
MINUTE: Final = timedelta(minutes=1)
SETTLES: Final = timedelta(minutes=10)
"""A change takes a while to work: health checks, and the tasks of a deployment."""
COUNTED_LATE: Final = timedelta(minutes=2)
"""A counter's minute bears the time at which it begins. What was changed later did not end it."""
STILL_THERE: Final = frozenset(
    {"unhealthy", "unused", "no-targets", "no-requests", "deployment", "rejected", "balancer-state"}
)
_OVER: Final = frozenset({"SUCCESSFUL", "ROLLBACK_SUCCESSFUL"})


class Ended(Frozen):
    """`last`: the last sign of the trouble. `by`: what was changed or deployed before it was over, in words."""

    last: datetime
    by: str

    @property
    def words(self) -> str:
        """``over since 16:04 UTC (rule added 16:03 by role/ops)``"""
        return f"over since {self.last:%H:%M} UTC ({self.by})"


def ended(
    snapshot: Snapshot, symptoms: Iterable[str], signs: Iterable[datetime], onset: datetime | None
) -> Ended | None:
    """None while anything fails, where the quiet is too short to tell, and where nothing was changed.

    `signs`: when something failed, each time.
    """
    seen = frozenset(symptoms)
    if not seen or seen & STILL_THERE or onset is None or not _is_well(snapshot):
        return None
    times = sorted({at for at in signs if onset - MINUTE <= at <= snapshot.window.end})
    if not times:
        return None
    longest = max((after - before for before, after in pairwise(times)), default=QUIET)
    repair = latest_repair(snapshot, onset)
    quiet = QUIET if _was_rolled_back(snapshot, times[-1]) else max(QUIET, TIMES * longest)
    if repair is not None and repair.worked and repair.at <= times[-1] + COUNTED_LATE:
        quiet = MINUTE  # whoever carried it out has watched it work
    if snapshot.window.end - times[-1] < quiet:
        return None
    events = _events(snapshot, onset, times[-1] + COUNTED_LATE)
    found = [one for one in events if one[0] > onset and one[0] >= times[-1] - SETTLES]
    if repair is not None and times[-1] - SETTLES <= repair.at <= times[-1] + COUNTED_LATE:
        if repair.worked:
            return Ended(last=times[-1], by=repair.short)
        found += [] if repair.worked is False else [(repair.at, repair.short)]
    return Ended(last=times[-1], by=min(found)[1]) if found else None


def _repeated_stops(snapshot: Snapshot, onset: datetime, until: datetime) -> list[Change]:
    """Tasks that people stopped one after the other from the onset on, in order: each stop made the trouble go on, and
    only that there was none after the last can have ended it."""
    first = onset - SETTLES
    stops = [
        change
        for change in recorded(snapshot)
        if change.name == "StopTask" and change.error is None and is_of_people(change) and first <= change.at <= until
    ]
    began = any(change.at <= onset + COUNTED_LATE for change in stops)
    return sorted(stops, key=lambda change: change.at) if began else []


def _was_rolled_back(snapshot: Snapshot, last: datetime) -> bool:
    """Whether the deployment whose tasks failed is gone: then its next task never comes, however long it paused."""
    history = snapshot.get(ServiceHistory)
    return isinstance(history, ServiceHistory) and any(
        past.status == "ROLLBACK_SUCCESSFUL" and past.finished_at and past.finished_at >= last - QUIET
        for past in history.deployments
    )


def _is_well(snapshot: Snapshot) -> bool:
    """All targets that are checked are healthy, and the service has what it wants."""
    health, service = snapshot.get(TargetHealth), snapshot.get(EcsService)
    if not isinstance(health, TargetHealth):
        return False
    states = {target.state for _, target in health.all()} - {"draining"}
    if states != {"healthy"}:
        return False
    if not isinstance(service, EcsService):
        return True
    steady = all(one.rollout_state in {"COMPLETED", None} for one in service.deployments)
    return steady and service.running >= service.desired > 0


def _events(snapshot: Snapshot, onset: datetime, until: datetime) -> Iterator[tuple[datetime, str]]:
    """Changes on this path that people made until then, and ends of deployments, which outlast what they mend."""
    history, own = snapshot.get(ServiceHistory), snapshot.get(OwnChanges)
    stops = _repeated_stops(snapshot, onset, until)
    if stops:
        yield stops[-1].at, f"{change_in_words(stops[-1])}, for the last time"
    for change in recorded(snapshot):
        if change in stops:
            continue
        fix = own_change_of(change, own)
        if fix is not None and fix.undoes is None:
            continue  # of those only the last can have ended it, and of that one more is known
        if change.error is None and change.at <= until and is_of_people(change) and is_path_change(change):
            yield change.at, change_in_words(change)
    for past in history.deployments if isinstance(history, ServiceHistory) else ():
        if past.status in _OVER and past.finished_at:
            revision = history.revision(past.target_revision_arn) if isinstance(history, ServiceHistory) else None
            name = revision.task_definition.rsplit("/", 1)[-1] if revision else "the service"
            did = "was rolled back" if past.status == "ROLLBACK_SUCCESSFUL" else "was complete"
            yield past.finished_at, f"the deployment of {name} {did} at {past.finished_at:%H:%M}"
