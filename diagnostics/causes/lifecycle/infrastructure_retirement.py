"""AWS retired or maintained the hardware under tasks or instances."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive
from diagnostics.facts import Host, ScheduledEvent, Task
from diagnostics.printable import counted
from diagnostics.rules.asking import described_task
from diagnostics.rules.host_effects import effect_on
from diagnostics.rules.host_ends import BY_A_PERSON, HELPED_BY, LEADS_TO, ended_by_retirement
from diagnostics.rules.host_map import HOST_MAP_USES, HostMap
from diagnostics.rules.row_evidence import ROW_USES, of_these_stops
from diagnostics.rules.task_stops import ORDER_FIELDS, explained_by_stops, named

_WORDS = ("platform version retire", "task retirement", "retired by aws", "maintenance on the underlying")
MAX_REASON = 200


@cause(
    code="infrastructure-retirement",
    title="AWS retires the hardware under it",
    needs=(),
    uses=(*HOST_MAP_USES, *ROW_USES),
    clear_needs=HOST_MAP_USES,
    docs=(
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-maintenance.html",
        "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instances-status-check_sched.html",
    ),
    leads_to=LEADS_TO,
    helped_by=HELPED_BY,
)
def infrastructure_retirement(facts: Facts) -> Iterator[Finding]:
    """Tasks or instances ended because AWS maintains or retires what they run on.

    Decided by the stop code InfrastructureHealth, by stop reasons that speak of retirement or maintenance, or by a
    scheduled event of the instance that has begun. An event that lies ahead, and stops that no error followed, are
    risks. Refuted by a deployment or a person that stopped the tasks.
    """
    hosts = HostMap.of(facts)
    ended = tuple(task for task in hosts.stopped if _is_retired(task) and _in_window(task, facts))
    if ended:
        yield _of_tasks(facts, ended)
    for host in hosts.hosts.items if hosts.hosts else ():
        event = next((event for event in host.events if not event.is_over), None)
        retired = host.is_gone and ended_by_retirement(host)
        if event or retired:
            yield _of_host(facts, hosts, host, event, retired=retired)


def _is_retired(task: Task) -> bool:
    said = (task.stopped_reason or "").lower() if task.stop_code != BY_A_PERSON else ""
    return task.stop_code == "InfrastructureHealth" or any(words in said for words in _WORDS)


def _in_window(task: Task, facts: Facts) -> bool:
    return task.stopped_at is not None and task.stopped_at >= facts.window.start


def _of_tasks(facts: Facts, ended: tuple[Task, ...]) -> Finding:
    explains = explained_by_stops(ended, facts.observed)
    newest = ended[0]
    errors = "" if explains or facts.observed.errors_unread else "; no errors followed"
    return Finding(
        resource=newest.task_definition,
        summary=f"{counted(len(ended), 'task')} ended because AWS maintains or retires the hardware under"
        f" {'it' if len(ended) == 1 else 'them'}{errors}",
        supports=(
            decisive(
                f"{named(ended)} stopped ({newest.stop_code or 'no code'}):"
                f" {(newest.stopped_reason or 'no reason given')[:MAX_REASON]}",
                "ecs:DescribeTasks",
                at=newest.stopped_at,
                value=len(ended),
            ),
            *of_these_stops(facts, ended),
        ),
        effect_seen=bool(explains),
        surely_hurts=True,
        affects=frozenset(task.id for task in ended),
        explains=explains,
        since=min(task.stopping_at or task.stopped_at or facts.now for task in ended),
        overturned_by=f"a stop order of somebody: {described_task(newest, ORDER_FIELDS)}",
        advice="Nothing is to be repaired: ECS has started others. Run at least two tasks in two zones and let the"
        " application drain on SIGTERM; AWS Health announces the next one.",
    )


def _of_host(facts: Facts, hosts: HostMap, host: Host, event: ScheduledEvent | None, *, retired: bool) -> Finding:
    effect = effect_on(facts, hosts, host.id, hosts.ended_with(host.id))
    begun = retired or (event is not None and event.not_before is not None and event.not_before <= facts.now)
    when = f" from {event.not_before:%Y-%m-%d %H:%M} UTC" if event and event.not_before else ""
    what = event.code if event else "scheduled retirement"
    return Finding(
        resource=host.id,
        summary=f"AWS plans {what} for instance {host.id}{when}" if not retired else f"AWS retired instance {host.id}",
        supports=(*_records(host, event, retired=retired), *(effect.records if begun else ())),
        effect_seen=begun and effect.is_seen and (host.is_gone or host.is_impaired),
        affects=effect.affects | frozenset({host.id}),
        explains=effect.explains if begun else frozenset(),
        since=event.not_before if event and begun else host.ended_at,
        overturned_by="an event that was cancelled: aws ec2 describe-instance-status --include-all-instances"
        f" --instance-ids {host.id} --query 'InstanceStatuses[].Events'",
        advice="Drain the instance and replace it before the event; stopping and starting it moves it to other"
        " hardware.",
    )


def _records(host: Host, event: ScheduledEvent | None, *, retired: bool) -> Iterator[Evidence]:
    if event:
        text = f"scheduled event {event.code} of {host.id}: {event.description[:MAX_REASON]}"
        yield decisive(text, "ec2:DescribeInstanceStatus", at=event.not_before)
    if retired:
        why = host.reason_code or host.reason
        yield decisive(f"{host.id} is {host.state}: {why}", "ec2:DescribeInstances", at=host.ended_at)
