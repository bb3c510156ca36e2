"""Stop the one task that makes the errors; ECS starts another."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.facts import EcsService, RunningTasks, TargetHealth, Task
from diagnostics.report import SettingChange
from diagnostics.rules.routing import registers_into
from remediations.fix import Case, fix
from remediations.plan import Call, Guard, Look, Plan, Success, Undo, Write
from remediations.steps import deployments, ecs_services, healthy, paths
from remediations.steps.deployments import DEPLOYMENT_USES, START_S

MOST_OF_THEM = 0.8


@fix(
    id="ecs-stop-task",
    title="Stop the task that makes the errors",
    risk="medium",
    aim="relieves",
    causes=(
        "target-generated-5xx",
        "target-closed-mid-request",
        "target-slow-response",
        "target-dependency-hang",
        "worker-timeout-kill",
        "port-not-listening",
    ),
    calls=("ecs:StopTask",),
    needs=(EcsService, RunningTasks, TargetHealth),
    uses=DEPLOYMENT_USES,
    docs=("https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopTask.html",),
)
def ecs_stop_task(case: Case) -> Iterator[Plan]:
    """Stops one task, which ECS replaces.

    Offered where at least four fifths of the errors come from the target of one running task, all tasks that are wanted
    run, all other targets are healthy, and no deployment is in progress. It does not wait for open requests: those of
    this task end with 502 for a few seconds. What it has in its memory is lost to whoever wants to look at it. There is
    no undo.
    Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopTask.html
    """
    service, where = case.facts[EcsService], case.report.symptom.concentration
    if case.cause.band == "possible" or where.by != "target" or not where.key or (where.share or 0) < MOST_OF_THEM:
        return
    task = case.facts[RunningTasks].by_ip(where.key.rpartition(":")[0] or where.key)
    if task is None or (task.last_status, task.desired_status) != ("RUNNING", "RUNNING"):
        return
    if not _has_spare(service) or not _others_are_well(case, task):
        return
    yield _plan(case, service, task)


def _has_spare(service: EcsService) -> bool:
    complete = service.desired > 1 and service.running >= service.desired
    return complete and service.status == "ACTIVE" and not deployments.is_in_progress(service)


def _others_are_well(case: Case, task: Task) -> bool:
    health, own = case.facts[TargetHealth], registers_into(case.facts[EcsService])
    others = [
        target
        for arn, targets in health.by_group.items()
        if arn in own
        for target in targets
        if target.id not in task.private_ips and target.state != "draining"
    ]
    return bool(others) and all(target.state == "healthy" for target in others)


def _plan(case: Case, service: EcsService, task: Task) -> Plan:
    name, groups = service.service, deployments.groups_of(case.facts, service)
    addresses = set(task.private_ips)
    takes_s = START_S + max((healthy.becomes_healthy_s(group) for group in groups), default=0)
    told = _is(service, task, "desiredStatus", "STOPPED", f"task {task.id[:8]} is told to stop")
    stopped = _is(service, task, "lastStatus", "STOPPED", f"task {task.id[:8]} is stopped")  # until then it is counted
    complete = ecs_services.holds(
        service, "services[0].runningCount >= services[0].desiredCount", f"all tasks of {name} that are wanted run"
    )
    return Plan(
        fix="ecs-stop-task",
        title=f"Stop task {task.id[:8]} of {name}",
        risk="medium",
        resource=service.arn,
        changes=(
            SettingChange(resource=f"task {task.id}", setting="desiredStatus", before="RUNNING", after="STOPPED"),
        ),
        guards=(
            ecs_services.is_active(service),
            healthy.not_deploying(service),
            complete,
            _is(service, task, "lastStatus", "RUNNING", f"task {task.id[:8]} runs"),
            _is(service, task, "desiredStatus", "RUNNING", f"task {task.id[:8]} was not told to stop yet"),
            *(_others_healthy(group.arn, addresses) for group in groups),
        ),
        writes=(_stop(case, service, task, told),),
        success=Success(
            text="another task runs in its place, and all targets pass their health checks",
            within_s=3 * takes_s,
            guards=(stopped, complete, *(healthy.targets_healthy(group.arn) for group in groups)),
        ),
        undo=Undo(kind="none", text="a stopped task does not come back; ECS starts another"),
        touches=f"open requests of task {task.id[:8]} end with 502 for a few seconds",
        warnings=("what the task has in its memory is lost: take a thread or heap dump before, if one is wanted",),
        eta_s=takes_s,
    )


def _stop(case: Case, service: EcsService, task: Task, told: Guard) -> Write:
    call = Call.of(
        "ecs",
        "stop_task",
        cluster=service.cluster,
        task=task.arn,
        reason=f"alb502, report {case.report.id}: {case.cause.code} on this task only",
    )
    return Write(call=call, resources=(task.arn,), done_when=told)


def _is(service: EcsService, task: Task, name: str, value: str, text: str) -> Guard:
    call = Call.of("ecs", "describe_tasks", cluster=service.cluster, tasks=[task.arn])
    return Guard(look=Look(call=call, path=f"tasks[0].{name}"), expected=value, text=text)


def _others_healthy(group_arn: str, addresses: set[str]) -> Guard:
    """All targets but this task's are healthy or leaving, and there is another one."""
    own = paths.listed(sorted(addresses))
    others = f"TargetHealthDescriptions[?!contains({own}, Target.Id) && TargetHealth.State != 'draining']"
    unwell = f"{others} | [?TargetHealth.State != 'healthy']"
    path = f"length({others}) > {paths.number(0)} && {paths.none_of(unwell)}"
    return healthy.targets(group_arn, path, "all other targets are healthy")
