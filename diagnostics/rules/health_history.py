"""In which ways the health checks of a target group fail, or failed lately, and which records say so.

Target health knows the present only. While ECS replaces failing tasks their targets are gone, new or leaving most of
the time; what they failed for stands in the service's events and in the reasons of the stopped tasks. Every rule that
asks about failed health checks asks here, so that a loop looks the same at each moment.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Protocol, TypeVar

from diagnostics.facts import (
    Changes,
    Deployment,
    EcsService,
    Fact,
    Frozen,
    Read,
    RunningTasks,
    StoppedTasks,
    Target,
    TargetHealth,
    Task,
    known,
)
from diagnostics.rules.health_reasons import HealthReport, Kind, answered_codes, by_reason, kind_of, reports_of
from diagnostics.snapshot import Window

F = TypeVar("F", bound=Fact)

HISTORY_USES: tuple[type[Fact], ...] = (TargetHealth, EcsService, RunningTasks, StoppedTasks, Changes)
"""What a cause declares to ask here."""
LATELY = timedelta(minutes=15)
"""ECS repeats itself with every replacement; what it has not said for so long is no longer going on."""
YOUNG = timedelta(minutes=2)
USUAL_START = timedelta(minutes=5)
FIRST_SERVER_ERROR = 500
ENDED_BY_ITSELF = frozenset({"EssentialContainerExited", "TaskFailedToStart"})
KEPT = 64
"""Answers about so many target groups are remembered, for the causes that ask the same."""
_ELB_KILL = "Task failed ELB health checks"
_STEADY = "has reached a steady state"
_CHECKED = frozenset({"healthy", "unhealthy"})


class Lookup(Protocol):
    """How a fact is got, from a snapshot or by a cause."""

    def __call__(self, kind: type[F], /) -> Read[F]: ...


class Failing(Frozen):
    """One way in which a target group's health checks fail.

    `targets` fail in this way now; `reports` are ECS's words for it in the window, newest first. `going_on` False: it
    is over, and tasks were stopped for it. `codes` are the answers that were not accepted, empty unless `kind` is
    ``answer``.
    """

    kind: Kind
    codes: frozenset[int] = frozenset()
    targets: tuple[Target, ...] = ()
    reports: tuple[HealthReport, ...] = ()
    going_on: bool = True

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(target.key for target in self.targets)

    @property
    def task_ids(self) -> frozenset[str]:
        return frozenset(report.task_id for report in self.reports if report.task_id)


@dataclass(frozen=True, slots=True, eq=False)
class HealthHistory:
    """What the facts say about failed health checks within a window, at `window.end`.

    Equal to another that consists of the very same facts: many causes ask about one snapshot.
    """

    window: Window
    health: TargetHealth | None
    service: EcsService | None
    running: RunningTasks | None
    stopped: StoppedTasks | None
    changes: Changes | None

    @classmethod
    def of(cls, read: Lookup, window: Window) -> HealthHistory:
        return cls(
            window=window,
            health=known(read(TargetHealth)),
            service=known(read(EcsService)),
            running=known(read(RunningTasks)),
            stopped=known(read(StoppedTasks)),
            changes=known(read(Changes)),
        )

    @property
    def _parts(self) -> tuple[object, ...]:
        facts = (self.health, self.service, self.running, self.stopped, self.changes)
        return (self.window, *map(id, facts))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, HealthHistory) and self._parts == other._parts

    def __hash__(self) -> int:
        return hash(self._parts)

    def failing(self, group_arn: str) -> tuple[Failing, ...]:
        """Every way in which the group fails now or failed lately; the way of the present targets first.

        When none is going on, the last one that tasks were stopped for in the window.
        """
        return _failing(self, group_arn)

    def _ways(self, group_arn: str) -> tuple[Failing, ...]:
        reports = self.reports(group_arn)
        fresh = tuple(report for report in reports if self._goes_on(report))
        ways = [
            Failing(kind=one.kind, codes=one.codes, targets=one.targets, reports=_same(reports, one.kind, one.codes))
            for one in by_reason(self._speaking(group_arn))
        ]
        for report in fresh:
            if not any(_is(report, way.kind, way.codes) for way in ways):
                same = _same(reports, report.kind, report.codes)
                ways.append(Failing(kind=report.kind, codes=report.codes, reports=same))
        if not ways and reports and self.killed(group_arn):
            same = _same(reports, reports[0].kind, reports[0].codes)
            ways.append(Failing(kind=reports[0].kind, codes=reports[0].codes, reports=same, going_on=False))
        return tuple(ways)

    def goes_on(self, group_arn: str) -> bool:
        """True when health checks of the group fail now or failed lately and nothing shows that it is over."""
        return any(way.going_on for way in self.failing(group_arn))

    def reports(self, group_arn: str) -> tuple[HealthReport, ...]:
        """What ECS reported about the group in the window, newest first, without tasks that ended by themselves."""
        return _reports(self, group_arn)

    def _reports(self, group_arn: str) -> tuple[HealthReport, ...]:
        events = self.service.events if self.service else ()
        found = [
            report
            for report in reports_of(events, self.window.start)
            if report.group_arn == group_arn and report.at <= self.window.end
        ]
        mine = (report for report in found if not _ended_by_itself(self._stopped_task(report.task_id)))
        return tuple(sorted(mine, key=lambda report: report.at, reverse=True))

    def killed(self, group_arn: str) -> tuple[Task, ...]:
        """Tasks that ECS stopped in the window because the group's health checks failed, newest first."""
        return tuple(
            task
            for task in (self.stopped.items if self.stopped else ())
            if _ELB_KILL in (reason := task.stopped_reason or "")
            and ("target-group" not in reason or group_arn in reason)
            and task.stopped_at
            and task.stopped_at >= self.window.start
        )

    def tasks_of(self, failing: Failing) -> tuple[Task, ...]:
        """The tasks that ECS named in its reports, as far as they are still known."""
        known = (*self._running(), *(self.stopped.items if self.stopped else ()))
        return tuple(task for task in known if task.id in failing.task_ids)

    def killed_lately(self, group_arn: str) -> tuple[Task, ...]:
        """Those of them that were stopped just now."""
        since = self.window.end - LATELY
        return tuple(task for task in self.killed(group_arn) if task.stopped_at and task.stopped_at >= since)

    def groups(self) -> tuple[str, ...]:
        """Target groups that anything is known about."""
        read = tuple(self.health.by_group) if self.health else ()
        fed = tuple(setting.target_group_arn for setting in self.service.load_balancers) if self.service else ()
        return tuple(dict.fromkeys((*read, *fed)))

    def _targets(self, group_arn: str) -> tuple[Target, ...]:
        return self.health.by_group.get(group_arn, ()) if self.health else ()

    def starting(self, group_arn: str) -> frozenset[str]:
        """Keys of unhealthy targets that nobody holds anything against yet: they refuse connections or answer 5xx
        beside healthy ones, within the time that the service gives its tasks to start, and ECS has replaced none.

        A packet that is lost (a time-out) is no sign of starting.
        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-load-balancing.html
        """
        if self.running is None:
            return frozenset()
        return frozenset(
            target.key
            for target in self._as_if_starting(group_arn)
            if (task := self.running.by_ip(target.id))
            and (not task.started_at or self.window.end - task.started_at < self._grace)
        )

    def may_be_starting(self, group_arn: str, failed_for: timedelta) -> frozenset[str]:
        """The same where nobody could read how old the tasks are, or how much time they are given, from how long
        health checks have failed."""
        if failed_for >= (self._grace if self.service else USUAL_START):
            return frozenset()
        return frozenset(target.key for target in self._as_if_starting(group_arn))

    @property
    def _grace(self) -> timedelta:
        return timedelta(seconds=self.service.grace_period_s or 0) if self.service else timedelta()

    def _as_if_starting(self, group_arn: str) -> tuple[Target, ...]:
        targets = self._targets(group_arn)
        if not any(target.state == "healthy" for target in targets):
            return ()
        if self.killed(group_arn) or self.reports(group_arn):
            return ()
        return tuple(target for target in targets if _may_be_starting(target))

    def _speaking(self, group_arn: str) -> Iterator[Target]:
        """Targets whose state tells something about health checks: not those that a crashed task left behind, also
        where the next task has just come to the same address, nor those that are starting."""
        starting = self.starting(group_arn)
        for target in self._targets(group_arn):
            if target.key in starting:
                continue
            task = self.running.by_ip(target.id) if self.running else None
            young = task is not None and (not task.started_at or self.window.end - task.started_at < YOUNG)
            alone = self.running is not None and task is None
            if not (young or alone) or not any(map(_ended_by_itself, self._stopped_at(target.id))):
                yield target

    def _goes_on(self, report: HealthReport) -> bool:
        service = self.service
        if service is None or service.desired == 0 or self.window.end - report.at > LATELY:
            return False
        return not (
            any(event.at > report.at and _STEADY in event.message for event in service.events)
            or self._speaks_for_itself(report)
            or self._all_are_well(report.group_arn, service)
            or self._other_revision(report, service.primary)
            or self.check_was_changed(report)
        )

    def _speaks_for_itself(self, report: HealthReport) -> bool:
        """Its task still runs, and target health knows how it is now."""
        task = next((task for task in self._running() if task.id == report.task_id), None)
        ids = {*(task.private_ips if task else ()), *((report.instance_id,) if report.instance_id else ())}
        return any(
            target.id in ids and target.state in _CHECKED and report.port in {None, target.port}
            for target in self._targets(report.group_arn)
        )

    def _all_are_well(self, group_arn: str, service: EcsService) -> bool:
        """As many healthy targets as wanted, and no deployment under way that old ones could hide."""
        targets = self._targets(group_arn)
        under_way = len(service.deployments) > 1 or any(d.rollout_state == "IN_PROGRESS" for d in service.deployments)
        healthy = sum(target.state == "healthy" for target in targets)
        return not under_way and healthy >= service.desired and all(t.state != "unhealthy" for t in targets)

    def _other_revision(self, report: HealthReport, primary: Deployment | None) -> bool:
        """It is older than the present deployment, which runs something else or has a healthy target already."""
        if primary is None or report.at >= primary.created_at:
            return False
        task = self._stopped_task(report.task_id)
        if task is not None and task.task_definition != primary.task_definition:
            return True
        healthy = {target.id for target in self._targets(report.group_arn) if target.state == "healthy"}
        return any(task.started_by == primary.id and healthy & set(task.private_ips) for task in self._running())

    def check_was_changed(self, report: HealthReport) -> bool:
        """Somebody changed the group's health check since; what failed before says nothing about the new setting."""
        return any(
            change.name == "ModifyTargetGroup"
            and change.error is None
            and change.at > report.at
            and (report.group_arn in change.resources or change.request.get("targetGroupArn") == report.group_arn)
            for change in (self.changes.items if self.changes else ())
        )

    def _running(self) -> tuple[Task, ...]:
        return self.running.items if self.running else ()

    def _stopped_task(self, task_id: str | None) -> Task | None:
        return next((task for task in (self.stopped.items if self.stopped else ()) if task.id == task_id), None)

    def _stopped_at(self, address: str) -> Iterator[Task]:
        return (task for task in (self.stopped.items if self.stopped else ()) if address in task.private_ips)


@lru_cache(maxsize=KEPT)
def _failing(history: HealthHistory, group_arn: str) -> tuple[Failing, ...]:
    return history._ways(group_arn)  # noqa: SLF001


@lru_cache(maxsize=KEPT)
def _reports(history: HealthHistory, group_arn: str) -> tuple[HealthReport, ...]:
    return history._reports(group_arn)  # noqa: SLF001


def _is(report: HealthReport, kind: Kind, codes: frozenset[int]) -> bool:
    """The same way of failing; answers with one of several codes are one way."""
    return report.kind == kind and (bool(report.codes & codes) or report.codes == codes)


def _same(reports: Iterable[HealthReport], kind: Kind, codes: frozenset[int]) -> tuple[HealthReport, ...]:
    return tuple(report for report in reports if _is(report, kind, codes))


def _may_be_starting(target: Target) -> bool:
    kind = kind_of(target.reason) if target.state == "unhealthy" else None
    codes = answered_codes(target.description)
    return kind == "connection" or (kind == "answer" and bool(codes) and min(codes) >= FIRST_SERVER_ERROR)


def _ended_by_itself(task: Task | None) -> bool:
    """A crash or a failed start; that its health checks fail is a consequence."""
    return task is not None and task.stop_code in ENDED_BY_ITSELF
