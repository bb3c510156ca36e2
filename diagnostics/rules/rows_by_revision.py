"""Whether errors are on targets of the newest revision only: what tells a bad release from bad luck."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from diagnostics.causes.cause import Facts
from diagnostics.facts import Deployment, Fact, Frozen, RowFamily, RunningTasks, StoppedTasks, Task
from diagnostics.rules.row_evidence import ROW_USES, own_clusters

REVISION_USES: tuple[type[Fact], ...] = (RunningTasks, StoppedTasks, *ROW_USES)
"""What a cause declares that asks here."""
ENOUGH_ROWS = 10
FEW = 0.1
SIDE_BY_SIDE = timedelta(minutes=1)
"""For so long after the first error, targets of the other revision must have been there to be told apart."""
_ON_TARGETS: tuple[RowFamily, ...] = (
    "answered",
    "closed-before-response",
    "response-timeout",
    "not-dispatched-fast",
    "not-dispatched-timeout",
)


class RowsByRevision(Frozen):
    """Error rows of the sample since a deployment began, on targets of its revision and on those of others.

    `old_served`: tasks of another revision were there at the same time, so that they could have had errors too.
    """

    on_new: int
    on_old: int
    old_served: bool

    @property
    def new_only(self) -> bool:
        total = self.on_new + self.on_old
        return total >= ENOUGH_ROWS and self.on_old <= FEW * total

    @property
    def old_too(self) -> bool:
        total = self.on_new + self.on_old
        return total >= ENOUGH_ROWS and self.on_old > FEW * total


def rows_by_revision(facts: Facts, deployment: Deployment) -> RowsByRevision:
    """Targets whose task is not known count for neither."""
    running, stopped = facts.maybe(RunningTasks), facts.maybe(StoppedTasks)
    tasks = (
        *(running.items if isinstance(running, RunningTasks) else ()),
        *(stopped.items if isinstance(stopped, StoppedTasks) else ()),
    )
    fresh = [task for task in tasks if task.task_definition == deployment.task_definition]
    rest = [task for task in tasks if task.task_definition != deployment.task_definition]
    new, old = _addresses(fresh), _addresses(rest)
    rows = [
        row
        for cluster in own_clusters(facts, *_ON_TARGETS)
        for row in cluster.rows
        if row.target and row.at >= deployment.created_at
    ]
    on = [(row.target or "").rpartition(":")[0].strip("[]") for row in rows]
    beside = min((row.at for row in rows), default=deployment.created_at) + SIDE_BY_SIDE
    return RowsByRevision(
        on_new=sum(address in new - old for address in on),
        on_old=sum(address in old - new for address in on),
        old_served=any(task.stopped_at is None or task.stopped_at > beside for task in rest),
    )


def _addresses(tasks: Iterable[Task]) -> frozenset[str]:
    return frozenset(address for task in tasks for address in task.private_ips)
