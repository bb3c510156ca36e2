"""What alb502 changed itself, told once: by its own record until CloudTrail tells it, and by name afterwards.

CloudTrail delivers within about 15 minutes; a repair is judged earlier than that.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/how-cloudtrail-works.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from diagnostics.facts import Change, Changes, OwnChange, OwnChanges, Read
from diagnostics.rules.change_words import event_name, is_path_change
from diagnostics.snapshot import Snapshot

OWN: Final = "alb502"
AUDIT: Final = "alb502:Audit"
"""The source of what is known from there."""
UNDOES: Final = f"{OWN} (Undo: "
"""How the undo of a fix is entitled."""
SAME_CALL: Final = timedelta(seconds=90)
"""The clocks of two machines, and the length of a plan with several writes."""
_OF_LOGS: Final = ("access_logs.", "connection_logs.", "health_check_logs.")


def with_own_changes(snapshot: Snapshot) -> Snapshot:
    """The snapshot whose changes are also those that CloudTrail has not told yet. A gap stays one."""
    changes, own = snapshot.get(Changes), snapshot.get(OwnChanges)
    if not isinstance(changes, Changes) or not isinstance(own, OwnChanges) or not own.items:
        return snapshot
    merged = changes.model_copy(update={"items": _told_once(changes.items, own.items)})
    return snapshot.model_copy(update={"facts": {**snapshot.facts, Changes.name: merged}})


def recorded(snapshot: Snapshot) -> tuple[Change, ...]:
    """All changes that are known, newest first: CloudTrail's, or where it cannot be read, this program's own."""
    return known_changes(snapshot.get(Changes), snapshot.get(OwnChanges))


def known_changes(changes: Read[Changes], own: Read[OwnChanges]) -> tuple[Change, ...]:
    """The same of the two facts alone."""
    if isinstance(changes, Changes):
        return changes.items
    return _told_once((), own.items if isinstance(own, OwnChanges) else ())


def is_own(change: Change) -> bool:
    """A mark that others can set, too, since it is in the name of the program that called."""
    return change.actor.startswith(f"{OWN} (")


def is_repair(change: Change) -> bool:
    """Made for a trouble that was there already; an undo may begin one."""
    return is_repair_by(change.actor)


def is_repair_by(actor: str) -> bool:
    return actor.startswith(f"{OWN} (") and not actor.startswith(UNDOES)


def own_change_of(change: Change, own: Read[OwnChanges]) -> OwnChange | None:
    """The fix of which this change is a call, by this program's own record."""
    items = own.items if isinstance(own, OwnChanges) else ()
    return next((one for one in items for call in one.changes if is_own(change) and _is_same_call(call, change)), None)


def latest_repair(snapshot: Snapshot, onset: datetime | None) -> OwnChange | None:
    """The last fix of the path after the trouble began, where nothing took it back since."""
    own = snapshot.get(OwnChanges)
    if onset is None or not isinstance(own, OwnChanges):
        return None
    later = (one for one in own.items if onset < one.at <= snapshot.taken_at and one.undoes is None and not one.undone)
    return max(filter(_is_of_the_path, later), key=lambda one: one.at, default=None)


def settling(snapshot: Snapshot, onset: datetime | None) -> OwnChange | None:
    """The last fix while it is too early to tell whether it worked."""
    repair = latest_repair(snapshot, onset)
    return repair if repair and repair.worked is None and snapshot.taken_at < repair.settles_by else None


def _is_of_the_path(own: OwnChange) -> bool:
    """Alarms and logs change nothing of how requests go."""
    keys = [
        str(one.get("key", ""))
        for call in own.changes
        if isinstance(listed := call.request.get("attributes"), list)
        for one in listed
        if isinstance(one, dict)
    ]
    if keys and all(key.startswith(_OF_LOGS) for key in keys):
        return False
    return not own.changes or any(is_path_change(call) for call in own.changes)


def _told_once(told: Iterable[Change], own: Iterable[OwnChange]) -> tuple[Change, ...]:
    calls = tuple(call for one in own for call in one.changes)
    named = tuple(_named(change, calls) for change in told)
    untold = (call for call in calls if not any(is_own(one) and _is_same_call(call, one) for one in named))
    return tuple(sorted((*named, *untold), key=lambda change: change.at, reverse=True))


def _named(change: Change, calls: Iterable[Change]) -> Change:
    """CloudTrail knows what AWS answered, the record of the fix knows which people were behind it."""
    call = next((call for call in calls if is_own(change) and _is_same_call(call, change)), None)
    return change if call is None else change.model_copy(update={"actor": call.actor, "before": call.before})


def _is_same_call(call: Change, change: Change) -> bool:
    if event_name(call) != event_name(change) or change.error is not None or abs(call.at - change.at) > SAME_CALL:
        return False
    return not change.resources or bool(_names(call) & _names(change))


def _names(change: Change) -> frozenset[str]:
    return frozenset(_all_names(change))


def _all_names(change: Change) -> Iterator[str]:
    yield from change.resources
    yield from (value for value in change.request.values() if isinstance(value, str) and len(value) > 3)
