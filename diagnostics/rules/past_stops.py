"""Stops of releases that no deployment of the service runs any more, while something else goes wrong now.

ECS lists stopped tasks for an hour, so those of a release that was replaced stand among those of the present one.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-errors.html
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from diagnostics.causes.cause import Finding, Strength, supporting
from diagnostics.facts import Deployment, EcsService, Frozen, ServiceHistory, StoppedTasks, Task
from diagnostics.rules import task_stops
from diagnostics.rules.ended import COUNTED_LATE, SETTLES, STILL_THERE
from diagnostics.rules.observations import Observations, is_abnormal_stop
from diagnostics.snapshot import Snapshot

_NEVER: Final = datetime.max.replace(tzinfo=UTC)


class PastStops(Frozen):
    """`revisions`: by the id of each such task, the release that it was of. `since`: when the next one began.
    `last`: what was recorded later is not of these tasks."""

    revisions: dict[str, str]
    since: datetime
    last: datetime

    def told(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """The same findings, those of now first; those of such tasks alone are told as over."""
        now: list[Finding] = []
        past: list[Finding] = []
        for finding in findings:
            if self._is_past(finding):
                past.append(self._over(finding))
            else:
                now.append(finding)
        return (*now, *past)

    def _is_past(self, finding: Finding) -> bool:
        if not finding.effect_seen or not finding.affects or not finding.affects <= self.revisions.keys():
            return False
        decided = (item for item in finding.supports if item.strength is Strength.DECISIVE)
        return not any(item.at and item.at > self.last for item in decided)

    def _over(self, finding: Finding) -> Finding:
        names = ", ".join(sorted({self.revisions[task] for task in finding.affects}))
        text = f"something failed after {self.since:%H:%M} UTC that {names} cannot have done"
        return finding.model_copy(
            update={
                "summary": f"{finding.summary}; no deployment runs {names} any more",
                "against": (*finding.against, supporting(text, "ecs:DescribeServices", at=self.since)),
                "advice": f"Nothing to do now: no deployment runs {names} any more.",
                "at_most": "possible",
                "of_before": True,
            }
        )


def past_stops(snapshot: Snapshot, observed: Observations) -> PastStops | None:
    """None while a stop of a former release may still be what one asks about: nothing failed since, the present
    deployment had no time to mend it, or the deployments were not read. Of several that failed, that is the last."""
    service, stopped = snapshot.get(EcsService), snapshot.get(StoppedTasks)
    if observed.ended or not isinstance(service, EcsService) or not isinstance(stopped, StoppedTasks):
        return None
    primary = service.primary
    if primary is None:
        return None
    since = _newest_deployment(snapshot, primary)
    past = tuple(task for task in stopped.items if _is_past(task, service, since))
    if past and not _goes_on(snapshot, observed, service, past, since):
        since = _last_trouble(past)
        past = tuple(task for task in past if _began(task) < since and task.stopped_at and task.stopped_at < since)
    if not past:
        return None
    return PastStops(
        revisions={task.id: task_stops.revision(task.task_definition) for task in past},
        since=since,
        last=max(task.stopped_at for task in past if task.stopped_at) + COUNTED_LATE,
    )


def _newest_deployment(snapshot: Snapshot, primary: Deployment) -> datetime:
    """After a roll-back the primary deployment may be older than the one that failed last."""
    history = snapshot.get(ServiceHistory)
    began = (
        past.started_at or past.created_at
        for past in (history.deployments if isinstance(history, ServiceHistory) else ())
    )
    return max((primary.created_at, *(at for at in began if at)))


def _is_past(task: Task, service: EcsService, since: datetime) -> bool:
    """Only of tasks that failed by themselves: those that a deployment replaces stop for the new one."""
    if any(task.task_definition == one.task_definition or task.started_by == one.id for one in service.deployments):
        return False
    return is_abnormal_stop(task) and task.stopped_at is not None and _began(task) < since


def _began(task: Task) -> datetime:
    return task.created_at or task.started_at or task.stopped_at or _NEVER


def _last_trouble(past: tuple[Task, ...]) -> datetime:
    """When the release that failed last began to run."""
    newest = max(past, key=lambda task: task.stopped_at or _NEVER)
    return min(_began(task) for task in past if task.task_definition == newest.task_definition)


def _goes_on(
    snapshot: Snapshot, observed: Observations, service: EcsService, past: tuple[Task, ...], since: datetime
) -> bool:
    """Whether something fails that these tasks cannot have done."""
    primary, stopped = service.primary, snapshot.get(StoppedTasks)
    if primary is None or not isinstance(stopped, StoppedTasks):
        return False
    gone = {task.id for task in past}
    others = (task for task in stopped.items if task.id not in gone and is_abnormal_stop(task))
    if any(task.stopped_at and task.stopped_at >= since for task in others):
        return True
    if not _had_time(service, primary, snapshot.taken_at):
        return False
    until = max(since, *(task.stopped_at for task in past if task.stopped_at)) + COUNTED_LATE
    return bool(observed.symptoms & STILL_THERE) or bool(observed.last_seen and observed.last_seen > until)


def _had_time(service: EcsService, primary: Deployment, now: datetime) -> bool:
    """Until its tasks run, what the former release broke stays broken."""
    complete = primary.rollout_state in {"COMPLETED", None} and service.running >= service.desired > 0
    return complete or now - primary.created_at >= SETTLES
