"""When the life of a target ended, so that rows of its last seconds are not taken for something else.

Rows name a target by address and port. A task with an address of its own is known by that address; one that shares
its host's address is known by the host port it was given.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/load-balancer-connection-draining.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from diagnostics.facts import Change, Changes, Gap, LoggedRow, NotApplicable, StoppedTasks, Task
from diagnostics.facts.access_logs import RowFamily
from diagnostics.facts.fact import Frozen

BEFORE_END = timedelta(seconds=60)
"""A process that is about to die closes connections first."""
AFTER_END = timedelta(seconds=60)
AFTER_END_TIMEOUT = timedelta(seconds=180)
"""A released address gets requests until every node knows, and each of them waits ten seconds for a connection."""
ORDERED = frozenset({"ServiceSchedulerInitiated", "UserInitiated", "SpotInterruption", "TerminationNotice"})
MAX_TARGETS_A_CHANGE = 100


class TargetEnd(Frozen):
    """The end of one target. `address` None: only its host port is known. `ports` empty: every port of the address.

    `task_id` None: the target was deregistered, and which task it was is not known.
    """

    address: str | None
    ports: frozenset[int] = frozenset()
    begin: datetime
    end: datetime
    task_id: str | None = None
    ordered: bool = False

    def took(self, row: LoggedRow) -> bool:
        """True when the row was sent to this target around its end."""
        return self._is_of(row.target) and self._is_near(row)

    def _is_of(self, target: str | None) -> bool:
        if not target:
            return False
        address, _, port = target.rpartition(":")
        if self.address is not None and self.address != address.strip("[]"):
            return False
        return not self.ports or (port.isdigit() and int(port) in self.ports)

    def _is_near(self, row: LoggedRow) -> bool:
        asked = row.at - timedelta(seconds=row.elapsed_s or 0.0)
        after = AFTER_END_TIMEOUT if _never_connected(row.row_family) else AFTER_END
        return self.begin - BEFORE_END <= row.at and asked <= self.end + after


def target_ends(
    stopped: StoppedTasks | Gap | NotApplicable, changes: Changes | Gap | NotApplicable
) -> tuple[TargetEnd, ...]:
    """Ends that ECS remembers, and deregistrations that CloudTrail recorded."""
    ends = [end for task in (stopped.items if isinstance(stopped, StoppedTasks) else ()) for end in _of_task(task)]
    known = {end.address for end in ends}
    for change in changes.items if isinstance(changes, Changes) else ():
        if change.name == "DeregisterTargets" and change.error is None:
            ends.extend(end for end in _of_change(change) if end.address not in known)
    return tuple(ends)


def _of_task(task: Task) -> Iterator[TargetEnd]:
    end = task.stopped_at or task.stopping_at
    if end is None or task.started_at is None:
        return
    begin, ordered = task.stopping_at or end, task.stop_code in ORDERED
    for address in task.private_ips:
        yield TargetEnd(address=address, begin=begin, end=end, task_id=task.id, ordered=ordered)
    ports = frozenset(b.host_port for container in task.containers for b in container.bindings if b.host_port)
    if not task.private_ips and ports:
        yield TargetEnd(address=None, ports=ports, begin=begin, end=end, task_id=task.id, ordered=ordered)


def _of_change(change: Change) -> Iterator[TargetEnd]:
    for target in _dictionaries(change.request.get("targets")):
        address, port = target.get("id"), target.get("port")
        if isinstance(address, str):
            ports = frozenset({port}) if isinstance(port, int) else frozenset[int]()
            yield TargetEnd(address=address, ports=ports, begin=change.at, end=change.at, ordered=True)


def _dictionaries(value: object) -> Iterable[dict[str, object]]:
    items = value if isinstance(value, list) else ()
    return [item for item in items[:MAX_TARGETS_A_CHANGE] if isinstance(item, dict)]


def _never_connected(family: RowFamily) -> bool:
    return family == "not-dispatched-timeout"
