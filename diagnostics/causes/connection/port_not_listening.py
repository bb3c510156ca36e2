"""Tasks run, and nothing accepts connections on the registered port."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, supporting
from diagnostics.facts import EcsService, Gap, Metrics, NotApplicable, RunningTasks
from diagnostics.printable import counted
from diagnostics.rules.app_lines import LINE_USES
from diagnostics.rules.listening import (
    LISTENING_NEEDS,
    LISTENING_USES,
    REFUSING_SHOWS,
    Refusing,
    age,
    loopback_setting,
    refused_rows,
    refusing,
    registered_container,
)
from diagnostics.rules.row_evidence import ROW_USES
from diagnostics.rules.timeouts_over import past_refusals
from diagnostics.rules.written import Heard, listening, read_in_full, were_read
from diagnostics.rules.written import record as line_record

MAY_STILL_BOOT = timedelta(minutes=2)


@cause(
    code="port-not-listening",
    title="Nothing listens on the registered port",
    needs=LISTENING_NEEDS,
    uses=(*LISTENING_USES, *LINE_USES),
    clear_needs=(EcsService, RunningTasks, Metrics, *ROW_USES),
    shows=REFUSING_SHOWS,
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html",
    ),
    leads_to=("all-targets-unhealthy-fail-open", "deployment-failing-loop", "no-registered-targets"),
    helped_by=("deployment-regression", "deployment-min-healthy-too-low"),
)
def port_not_listening(facts: Facts) -> Iterator[Finding]:
    """The task runs and its port refuses connections: Target.FailedHealthChecks, 502 with connection errors.

    Refuted by time-outs (packets are dropped), by TLS handshake errors (somebody listens), by good answers from the
    same targets, or by a task that is not running. Told as past where requests go on for minutes without another
    refusal and all of these targets are healthy. At most likely while the application's log is not read: the line that
    says where it listens would settle it.
    """
    for found in refusing(facts):
        may_pass = _may_still_boot(found, facts)
        if may_pass and _deployment_took_the_others(facts):
            continue
        finding = Finding(
            resource=found.group.arn,
            summary=f"Nothing accepts connections on port {found.port} ({found.who()}), {_although(facts)}",
            supports=(*found.records, *_settings(found, facts), *_silence(found, facts)),
            against=_open_questions(found, facts, may_pass),
            effect_seen=True,
            affects=found.affects,
            explains=found.explains,
            since=facts.observed.onset,
            at_most="possible" if may_pass else "likely",
            circumstantial=may_pass,
            overturned_by=_overturned_by(found, facts),
            advice="Look in the application's log for the port and the address that it listens on: it must be the"
            " registered port, on all addresses (0.0.0.0 or [::]) and not on 127.0.0.1.",
        )
        times = [at for one in refused_rows(facts, found.group) for at in (*(row.at for row in one.rows), one.last)]
        past = past_refusals(facts, times, found.affects) if found.targets else None
        yield past.told(finding, f"Connections to port {found.port} ({found.who()})") if past else finding


def _may_still_boot(found: Refusing, facts: Facts) -> bool:
    """True while all of them are so young that they may come up, and health checks still be about to notice it; also
    when the tasks could not be read."""
    if isinstance(facts.maybe(RunningTasks), Gap):
        return True
    check = found.group.health_check
    noticed_after = timedelta(seconds=check.interval_s * check.healthy_threshold)
    ages = [age(task, facts.now) for task in found.tasks]
    return bool(ages) and all(one is not None and one < MAY_STILL_BOOT + noticed_after for one in ages)


def _deployment_took_the_others(facts: Facts) -> bool:
    """True when a deployment that may stop old tasks first is under way and no task of it has failed: until its tasks
    have had their time, the gap is the deployment's."""
    service = facts.maybe(EcsService)
    primary = service.primary if isinstance(service, EcsService) else None
    return (
        isinstance(service, EcsService)
        and service.minimum_healthy_percent < 100
        and primary is not None
        and primary.rollout_state == "IN_PROGRESS"
        and primary.failed_tasks == 0
    )


def _settings(found: Refusing, facts: Facts) -> Iterator[Evidence]:
    if found.targets and found.tasks:
        verb = "is" if len(found.tasks) == 1 else "are"
        yield supporting(f"{counted(len(found.tasks), 'task')} behind them {verb} RUNNING", "ecs:DescribeTasks")
    elif found.tasks:
        whom = "it" if len(found.tasks) == 1 else "them"
        yield supporting(f"{counted(len(found.tasks), 'task')} ran until ECS stopped {whom}", "ecs:DescribeTasks")
    registered = registered_container(facts, found.group, found.tasks)
    loopback = loopback_setting(registered[2]) if registered else None
    if loopback:
        yield supporting(
            f"{loopback} keeps the server on the loopback address, where the load balancer cannot reach it",
            "ecs:DescribeTaskDefinition",
        )


def _heard(found: Refusing, facts: Facts) -> tuple[Heard, ...]:
    registered = registered_container(facts, found.group, found.tasks)
    return listening(facts, registered[2].name, found.tasks) if registered else ()


def _says_so(found: Refusing, facts: Facts) -> Iterator[Evidence]:
    """A server knows the port inside its container, which is another one than the target's in bridge mode."""
    registered = registered_container(facts, found.group, found.tasks)
    port = registered[0].container_port if registered else found.port
    for one in _heard(found, facts):
        if one.port == port and not one.is_loopback:
            yield line_record(one.line, f"says that it listens on {one.port}", decides=False)


def _silence(found: Refusing, facts: Facts) -> Iterator[Evidence]:
    if read_in_full(facts) and not _heard(found, facts):
        yield supporting("the application's log has no line that says where it listens", "logs:FilterLogEvents")


def _open_questions(found: Refusing, facts: Facts, may_pass: bool) -> tuple[Evidence, ...]:
    questions = []
    if not were_read(facts):
        text = "application logs were not read; the line that names the listening port would settle it"
        questions.append(supporting(text, "logs"))
    questions += islice(_says_so(found, facts), 1)
    if may_pass:
        text = "the tasks may need longer to start than they had until now"
        questions.append(supporting(text, "ecs:DescribeTasks"))
    return tuple(questions)


def _although(facts: Facts) -> str:
    has_tasks = not isinstance(facts.maybe(RunningTasks), NotApplicable)
    return "although the tasks run" if has_tasks else "although their hosts answer"


def _overturned_by(found: Refusing, facts: Facts) -> str:
    sockets = f"Port {found.port} among the listening sockets, on all addresses (0.0.0.0 or [::]):"
    if not facts.subject.cluster:
        return f"{sockets} ss -tlnp on the target itself"
    return (
        f"{sockets} aws ecs execute-command --cluster"
        f" {facts.subject.cluster} --task {found.any_task} --interactive --command 'ss -tlnp'"
    )
