"""Somebody stopped a task that was serving."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import AccessLogs, Change, Changes, EcsService, Metrics, StoppedTasks, Task
from diagnostics.printable import line
from diagnostics.rules import task_stops
from diagnostics.rules.lost_at_stop import LOST_USES, errors_at, lost_at_stops, ordered_stops, stops_as_evidence
from diagnostics.rules.lost_at_stop import rows_as_evidence as rows_of
from diagnostics.rules.row_evidence import NOT_READ, own_clusters, rows_were_read
from diagnostics.rules.served_by import ANY_SHUTDOWN, SERVED_USES, shutdown_advice

MAX_REASON = 160
_BROKEN = frozenset({"elb_502", "elb_504"})
_EMPTY = frozenset({"elb_503", "no-targets"})


@cause(
    code="manual-stop-task",
    title="Somebody stopped tasks by hand",
    needs=(StoppedTasks,),
    uses=(*LOST_USES, *SERVED_USES),
    clear_needs=(AccessLogs, EcsService, Metrics),
    shows=("elb_502", "elb_503", "elb_504"),
    docs=("https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopTask.html",),
    replaces=("target-closed-mid-request",),
    leads_to=("no-registered-targets",),
    helped_by=("graceful-shutdown-missing", "task-sigkill-on-stop", "deployment-min-healthy-too-low"),
)
def manual_stop_task(facts: Facts) -> Iterator[Finding]:
    """Decided by a stop code UserInitiated together with errors on the targets of these tasks at that moment, or in the
    minutes of the stop. StopTask sends SIGTERM at once, without the drain of a roll-out. Refuted where ECS ordered the
    stop, and where the errors came before it: then somebody tried to mend something.
    """
    stops = ordered_stops(facts, "person")
    if not stops:
        return
    lost = lost_at_stops(facts, "person")
    known = {task.id for item in lost for task in item.tasks}
    rows = tuple(evidence for item in lost for evidence in rows_of(facts, item))
    explains = frozenset[str]().union(*(item.explains for item in lost))
    tasks = tuple(task for task in stops if task.id in known)
    if not lost or facts.observed.saw("elb_503"):
        minutes = _by_minutes(facts, stops)
        explains |= minutes
        if minutes:
            tasks = stops
            rows += (_in_minutes(facts, minutes),)
    if not explains:
        return
    yield Finding(
        resource=tasks[0].arn,
        summary=f"{_who(facts, tasks)} stopped {_tasks(tasks)} by hand, and the requests on "
        f"{'it' if len(tasks) == 1 else 'them'} were lost",
        supports=(*stops_as_evidence(tasks), *_calls(facts, tasks), *rows),
        against=() if rows_were_read(facts) else (supporting(NOT_READ, "cloudwatch:GetMetricData"),),
        effect_seen=True,
        affects=frozenset(task.id for task in tasks).union(*(item.affects for item in lost)),
        explains=explains,
        since=min((item.since for item in lost), default=facts.observed.onset),
        overturned_by="Errors on these targets before the order: then the stop was an attempt to mend it",
        advice=_advice(facts),
    )


def _advice(facts: Facts) -> str:
    where = f"--cluster {facts.subject.cluster or 'CLUSTER'} --service {facts.subject.service or 'SERVICE'}"
    return (
        f"Replace tasks with a deployment: `aws ecs update-service {where} --force-new-deployment`; it drains each"
        " target before its task is stopped, and starts its successor first. So that a stop loses nothing:"
        f" {shutdown_advice(facts) or ANY_SHUTDOWN}"
    )


def _by_minutes(facts: Facts, tasks: tuple[Task, ...]) -> frozenset[str]:
    """What the counters of these minutes say, for what rows do not tell target by target: broken requests where no rows
    were read, and requests that found no target where all tasks were stopped."""
    if not facts.observed.errors_are_ours or not errors_at(tasks, facts):
        return frozenset()
    empty = own_clusters(facts, "no-target", elb_status=503)
    possible = frozenset[str]() if rows_were_read(facts) else _BROKEN
    if _all_stopped(facts, tasks) and (empty or not rows_were_read(facts)):
        possible |= _EMPTY
    seen = facts.observed.symptoms & possible
    return seen | frozenset(cluster.key for cluster in empty if "elb_503" in seen)


def _all_stopped(facts: Facts, tasks: tuple[Task, ...]) -> bool:
    service = facts.maybe(EcsService)
    return isinstance(service, EcsService) and 0 < service.desired <= len(tasks)


def _in_minutes(facts: Facts, symptoms: frozenset[str]) -> Evidence:
    codes = ", ".join(sorted(one.removeprefix("elb_") for one in symptoms if not one.startswith("rows:")))
    text = f"{codes}: most of the errors are of the minutes of these stops, and none came before"
    return decisive(text, "cloudwatch:GetMetricData", at=facts.observed.onset)


def _calls(facts: Facts, tasks: tuple[Task, ...]) -> Iterator[Evidence]:
    for task in tasks:
        change = _call_for(facts, task)
        if change:
            text = f"StopTask for {task.id[:8]} by {line(change.actor, MAX_REASON)}"
            yield decisive(text, "cloudtrail:LookupEvents", at=change.at)
    reasons = {task.stopped_reason for task in tasks if task.stopped_reason}
    for reason in sorted(reasons)[:1]:
        yield supporting(f'the reason given is "{line(reason, MAX_REASON)}"', "ecs:DescribeTasks")


def _call_for(facts: Facts, task: Task) -> Change | None:
    changes = facts.maybe(Changes)
    for change in changes.items if isinstance(changes, Changes) else ():
        if change.name == "StopTask" and change.error is None and task.id in str(change.request.get("task", "")):
            return change
    return None


def _who(facts: Facts, tasks: tuple[Task, ...]) -> str:
    actors = {change.actor for task in tasks if (change := _call_for(facts, task))}
    return line(min(actors), MAX_REASON) if len(actors) == 1 else "somebody"


def _tasks(tasks: tuple[Task, ...]) -> str:
    return f"task {task_stops.named(tasks)}" if len(tasks) == 1 else f"{len(tasks)} tasks ({task_stops.named(tasks)})"
