from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import (
    Changes,
    ContainerDefinition,
    EcsService,
    RunningTasks,
    StoppedTasks,
    TargetGroup,
    TargetGroups,
    TargetHealth,
    Task,
    TaskDefinitions,
)
from diagnostics.printable import counted
from diagnostics.rules import health_case, task_stops
from diagnostics.rules.asking import application_log
from diagnostics.rules.boot_time import age_at_stop, boots_before, longer_since
from diagnostics.rules.changes import change_evidence, changes_before_onset
from diagnostics.rules.health_answers import explanation
from diagnostics.rules.health_case import HealthCase
from diagnostics.rules.health_reach import REACH_NEEDS, REACH_USES, way_into, way_to
from diagnostics.rules.listening import declared_ports, loopback_setting, registered_container

REACTION = timedelta(minutes=2)
"""ECS needs so long after a target turned unhealthy until it has told the task to stop."""
SHORT_GRACE_S = 60
LONG_GRACE_S = 300
"""What needs longer than this to answer at all has most likely another fault."""
MIN_KILLS = 2


@cause(
    code="health-check-grace-period-too-short",
    title="ECS kills new tasks for failed health checks before they have started",
    needs=(*REACH_NEEDS, EcsService),
    uses=REACH_USES,
    clear_needs=(StoppedTasks, TaskDefinitions),
    docs=(
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-load-balancing.html",
        "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html",
    ),
    leads_to=(*health_case.LEADS_TO, "port-not-listening", "health-check-timeout-too-short", "health-check-app-error"),
    helped_by=health_case.HELPED_BY,
)
def health_check_grace_period_too_short(facts: Facts) -> Iterator[Finding]:
    """Decided by tasks that ECS stops for failed health checks as soon as the grace period allows, none of which ever
    answered, while tasks of the same definition became healthy when they had longer, the grace period was shortened
    before, or the container is set up for the registered port, so that only time is missing. Refuted by an answer from
    a killed task (then path or host are wrong), by a blocked network, and by a task that had long been up. Start-up
    lines of the application's log that end before the stop would settle it.
    """
    service = facts[EcsService]
    for group in facts[TargetGroups].items:
        killed = health_case.killed_for(group, facts)
        if group.arn in facts.subject.target_groups and killed and _never_got_up(killed, group, service):
            cases = [case for case in health_case.health_cases(facts) if case.group.arn == group.arn]
            if not _has_another_reason(cases, facts) and way_into(group, facts) != "blocked":
                yield from _finding(facts, group, killed, cases)


def _finding(facts: Facts, group: TargetGroup, killed: tuple[Task, ...], cases: list[HealthCase]) -> Iterator[Finding]:
    service = facts[EcsService]
    proof = (*_took_longer(facts, group, killed), *_shortened(facts, killed))
    sound = tuple(_same_definition_is_healthy(facts, group, killed))
    grace_s = service.grace_period_s or 0
    refused = any(case.sick.kind == "connection" for case in cases)
    set_up = tuple(_set_up_for_the_port(facts, group, killed)) if refused else ()
    if not proof and not sound and not set_up and grace_s >= SHORT_GRACE_S:
        return
    raised = longer_since(killed, grace_s)
    pattern = f"{_kills(killed)}; the grace period is {grace_s} s{' since then' if raised else ''}"
    short = f"was too short for their start, and is {grace_s} s since" if raised else f"of {grace_s} s is too short"
    record = decisive if proof or sound or set_up else supporting
    yield Finding(
        resource=service.arn,
        summary=(
            f"ECS stopped {counted(len(killed), 'new task')} after {_ages(killed)}, before any of them answered: "
            f"the grace period {short}{'' if raised else ' for their start'}"
            f"{'' if proof or sound else ', or they never listen on the port'}"
        ),
        supports=(
            record(pattern, "ecs:DescribeTasks", at=killed[0].stopped_at, value=grace_s),
            *proof,
            *sound,
            *set_up,
        ),
        against=() if proof else tuple(_unproven(facts, group, killed)),
        effect_seen=True,
        affects=frozenset(task.id for task in killed) | _silent_targets(cases),
        explains=task_stops.explained_by_stops(killed, facts.observed)
        | (frozenset({"unhealthy"}) & facts.observed.symptoms if cases else frozenset()),
        since=min(task.stopped_at for task in killed if task.stopped_at),
        overturned_by="the application's start-up lines, when they end before the stop or name a wrong port: "
        + _start_up_lines(facts, killed[0]),
        advice=(
            f"Wait whether the tasks that start now get healthy: no task was stopped since they are given {grace_s} s."
            if raised
            else "Set the service's health check grace period longer than the slowest start: "
            f"`aws ecs update-service --cluster {service.cluster} --service {service.service} "
            "--health-check-grace-period-seconds SECONDS`"
        ),
        at_most=None if proof else "likely" if sound or set_up else "possible",
    )


def _start_up_lines(facts: Facts, task: Task) -> str:
    end = task.stopped_at or facts.now
    return application_log(facts, task.started_at or end - timedelta(seconds=LONG_GRACE_S), end)


def _never_got_up(killed: tuple[Task, ...], group: TargetGroup, service: EcsService) -> bool:
    """True when every one of them was stopped as soon as ECS could."""
    first_chance = timedelta(seconds=max(service.grace_period_s or 0, group.health_check.detection_s))
    ages = [age_at_stop(task) for task in killed]
    return all(age is not None and age <= first_chance + REACTION for age in ages)


def _has_another_reason(cases: list[HealthCase], facts: Facts) -> bool:
    """Any answer but a server error shows that the application is up; a blocked way keeps every answer back."""
    answered = any(explanation(case) not in {None, "timeout", "app-error"} for case in cases)
    return answered or any(case.sick.kind == "timeout" and way_to(case, facts) == "blocked" for case in cases)


def _took_longer(facts: Facts, group: TargetGroup, killed: tuple[Task, ...]) -> Iterator[Evidence]:
    allowed_s = max(facts[EcsService].grace_period_s or 0, group.health_check.detection_s)
    definitions = {task.task_definition for task in killed}
    boots = [boot for boot in boots_before(facts, group) if boot.task.task_definition in definitions]
    slowest = max(boots, key=lambda boot: boot.seconds, default=None)
    if slowest is not None and slowest.seconds > allowed_s:
        text = (
            f"task {slowest.task.id[:8]} of the same definition needed about {slowest.seconds} s until it was healthy; "
            f"ECS waits {allowed_s} s"
        )
        yield decisive(text, "cloudwatch:GetMetricData", at=slowest.task.started_at, value=slowest.seconds)


def _shortened(facts: Facts, killed: tuple[Task, ...]) -> Iterator[Evidence]:
    service = facts[EcsService]
    first = min(task.stopped_at for task in killed if task.stopped_at)
    touched = (service.arn, service.service)
    for change in changes_before_onset(facts.maybe(Changes), resources=touched, names=("UpdateService",), onset=first):
        if change.request.get("healthCheckGracePeriodSeconds") == (service.grace_period_s or 0):
            record = change_evidence(change, first)
            yield record.model_copy(update={"text": f"{record.text}: grace period {service.grace_period_s or 0} s"})
            return


def _same_definition_is_healthy(facts: Facts, group: TargetGroup, killed: tuple[Task, ...]) -> Iterator[Evidence]:
    definitions = {task.task_definition for task in killed}
    well = [task for task in _healthy_tasks(facts, group) if task.task_definition in definitions]
    if well:
        are = "is" if len(well) == 1 else "are"
        text = f"{counted(len(well), 'older task')} of the same definition {are} healthy, so port and path are right"
        yield decisive(text, "elbv2:DescribeTargetHealth", value=len(well))


def _healthy_tasks(facts: Facts, group: TargetGroup) -> Iterator[Task]:
    running, targets = facts.maybe(RunningTasks), facts[TargetHealth].by_group.get(group.arn, ())
    healthy = {target.id for target in targets if target.state == "healthy"}
    for task in running.items if isinstance(running, RunningTasks) else ():
        if healthy & set(task.private_ips):
            yield task


def _unproven(facts: Facts, group: TargetGroup, killed: tuple[Task, ...]) -> Iterator[Evidence]:
    """Nothing that was read tells a slow start from a server that never listens, or only on the loopback address."""
    alike = "an application that never listens on the port looks the same; its start-up lines would tell"
    yield supporting(alike, "ecs:DescribeTasks")
    definitions = {task.task_definition for task in killed}
    earlier = [task for task in _healthy_tasks(facts, group) if task.task_definition not in definitions]
    if earlier and (facts[EcsService].grace_period_s or 0) >= SHORT_GRACE_S:
        text = f"{counted(len(earlier), 'task')} of the revision before became healthy under this grace period"
        yield supporting(text, "elbv2:DescribeTargetHealth", value=len(earlier))


def _set_up_for_the_port(facts: Facts, group: TargetGroup, killed: tuple[Task, ...]) -> Iterator[Evidence]:
    """Where the configuration is right about the port, on every address, nothing but time may be missing."""
    registered = registered_container(facts, group, killed)
    grace_s = facts[EcsService].grace_period_s or 0
    if registered is None or len(killed) < MIN_KILLS or grace_s > LONG_GRACE_S:
        return
    setting, definition, container = registered
    definitions = facts.maybe(TaskDefinitions)
    previous = definitions.previous if isinstance(definitions, TaskDefinitions) else None
    before = previous.container(setting.container_name) if previous and previous.arn != definition.arn else None
    declared = declared_ports(container)
    if loopback_setting(container) is not None:
        return
    if any(item.port == setting.container_port for item in declared):
        text = "the container is told to listen on the registered port, and it did not end by itself"
        yield supporting(text, "ecs:DescribeTaskDefinition")
    elif before and not declared and _is_set_up_alike(before, container):
        text = "its port settings are those of the revision before, which listened, and it did not end by itself"
        yield supporting(text, "ecs:DescribeTaskDefinition")


def _is_set_up_alike(one: ContainerDefinition, other: ContainerDefinition) -> bool:
    return (one.port_mappings, one.command) == (other.port_mappings, other.command)


def _silent_targets(cases: list[HealthCase]) -> frozenset[str]:
    return frozenset().union(*(case.sick.keys for case in cases))


def _ages(killed: tuple[Task, ...]) -> str:
    seconds = sorted(round(age.total_seconds()) for task in killed if (age := age_at_stop(task)) is not None)
    return f"{seconds[0]} s" if seconds[0] == seconds[-1] else f"{seconds[0]}-{seconds[-1]} s"


def _kills(killed: tuple[Task, ...]) -> str:
    return f"stopped for failed health checks after {_ages(killed)}: {task_stops.named(killed)}"
