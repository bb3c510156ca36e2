"""Who refuses connections, and on which port the configuration tells the application to listen.

A refused connection is 502 within milliseconds for the user and ``Target.FailedHealthChecks`` for the health check;
packets that are dropped end in 504 and ``Target.Timeout`` instead.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from diagnostics.causes.cause import Evidence, Facts, decisive
from diagnostics.facts import (
    ContainerDefinition,
    ContainerInstances,
    EcsService,
    Fact,
    Metrics,
    Read,
    RunningTasks,
    ServiceLoadBalancer,
    Target,
    TargetGroup,
    TargetGroups,
    TargetHealth,
    Task,
    TaskDefinition,
    TaskDefinitions,
    known,
)
from diagnostics.printable import part_of
from diagnostics.rules.boot_rows import asked_where_users_go, refused_while_starting
from diagnostics.rules.group_traffic import traffic_of
from diagnostics.rules.health_history import HISTORY_USES, Failing, HealthHistory
from diagnostics.rules.observations import NOISE_ERRORS
from diagnostics.rules.routing import registration_of
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import ROW_USES, own_clusters, record
from diagnostics.rules.target_states import others_in_words
from diagnostics.rules.task_stops import explained_by_stops
from diagnostics.rules.written import LOOPBACK

LISTENING_NEEDS: tuple[type[Fact], ...] = (TargetGroups, TargetHealth)
LISTENING_USES: tuple[type[Fact], ...] = (
    *(kind for kind in HISTORY_USES if kind not in LISTENING_NEEDS),
    ContainerInstances,
    Metrics,
    TaskDefinitions,
    *ROW_USES,
)
"""What a cause about refused connections declares."""
REFUSING_SHOWS = ("elb_502", "unhealthy", "task-stops", "deployment", "no-targets")
"""Of these, one is always seen where connections are refused."""
ANSWERED_WITHIN = timedelta(minutes=5)

_PORT_NAME = re.compile(r"(?:[A-Z0-9]+_)*(?:PORT|HTTP_PORTS)\Z")
_OF_SOMEBODY_ELSE = re.compile(
    r"(?:DB|DATABASE|PG|POSTGRES|MYSQL|REDIS|CACHE|MEMCACHED?|MONGO|KAFKA|RABBITMQ|AMQP|SMTP|MAIL|STATSD|OTEL|METRICS"
    r"|ADMIN|MANAGEMENT|DEBUG|JMX|PROMETHEUS|GRPC|UPSTREAM|BACKEND|PROXY|DD|AGENT|ELASTICSEARCH|INSPECTOR)(?:_|\Z)"
)
_URL_PORT = re.compile(r"https?://[^/:\s]*:(\d{1,5})")
_URL_NAMES = frozenset({"ASPNETCORE_URLS", "DOTNET_URLS"})
_PORT_FLAG = re.compile(r"(?:--(?:server[.-])?(?:http-)?port|--listen-port)(?:=|\s+)(\d{1,5})\b")
_BIND_FLAG = re.compile(r"(?:--bind|--listen|-b)(?:=|\s+)([\w.*\[\]:]*):(\d{1,5})\b")
_HOST_NAMES = ("HOST", "BIND", "BIND_ADDRESS", "LISTEN_ADDRESS", "SERVER_ADDRESS", "FLASK_RUN_HOST", "UVICORN_HOST")
_LOOPBACK_FLAG = re.compile(r"(?:--host|--bind|--address|--listen|-b)(?:=|\s+)(127\.0\.0\.1|localhost|::1)\b")


@dataclass(frozen=True, slots=True)
class DeclaredPort:
    """A port that the configuration tells the application to listen on; `where` quotes it (``PORT=3000``)."""

    port: int
    where: str


@dataclass(frozen=True, slots=True)
class Refusing:
    """Targets of one group that refuse connections on their traffic port, their tasks, and what proves it.

    Without `targets` it is what ECS reported lately of targets that it has replaced since; `tasks` are theirs.
    """

    group: TargetGroup
    targets: tuple[Target, ...]
    of_how_many: int
    tasks: tuple[Task, ...]
    records: tuple[Evidence, ...]
    explains: frozenset[str]
    reported_port: int | None = None

    @property
    def port(self) -> int | None:
        return self.targets[0].port if self.targets else self.reported_port

    @property
    def affects(self) -> frozenset[str]:
        return frozenset(target.key for target in self.targets) or frozenset(task.id for task in self.tasks)

    @property
    def any_task(self) -> str:
        """The id of one of its tasks, or a word for it to fill in."""
        return self.tasks[0].id if self.tasks else "TASK"

    def who(self) -> str:
        number = len(self.targets)
        if not number:
            return "targets that ECS has replaced since"
        if number == self.of_how_many:
            return {1: "the only target", 2: "both targets"}.get(number, f"all {number} targets")
        return f"{number} of {self.of_how_many} targets" if number > 1 else self.targets[0].key


def refusing(facts: Facts) -> Iterator[Refusing]:
    """Per target group the targets that refuse, as their health checks or their users' errors tell.

    Left out: targets that are starting (see `HealthHistory.starting`), those without a running task (they are stale,
    which is another fault), groups whose targets answer
    users in spite of failing checks, and TLS handshakes that fail (somebody listens there).
    """
    history = HealthHistory.of(facts.maybe, facts.window)
    for group in facts[TargetGroups].items:
        if group.target_type == "lambda" or facts.observed.counts.tls_errors:
            continue
        serving = _serving(facts, group)
        found = _at_present(facts, group, serving, history.starting(group.arn)) or _lately(facts, group, history)
        if found is not None and not _answers_users(facts, group, found.targets, serving):
            yield found


def age(task: Task, now: datetime) -> timedelta | None:
    """How long it has run, or had run when it was told to stop; None when it never ran."""
    return (task.stopping_at or task.stopped_at or now) - task.started_at if task.started_at else None


def _serving(facts: Facts, group: TargetGroup) -> tuple[Target, ...]:
    targets = facts[TargetHealth].by_group.get(group.arn, ())
    return tuple(target for target in targets if target.state not in {"unused", "draining"})


def _at_present(
    facts: Facts, group: TargetGroup, serving: tuple[Target, ...], starting: frozenset[str]
) -> Refusing | None:
    owned = [(target, _tasks_behind(facts, target)) for target in serving if target.key not in starting]
    if isinstance(facts.maybe(RunningTasks), RunningTasks):
        owned = [(target, tasks) for target, tasks in owned if any(task.last_status == "RUNNING" for task in tasks)]
    refused = tuple(target for target, _ in owned if _check_is_refused(target, group))
    records: tuple[Evidence, ...] = (_health_record(refused, serving),) if refused else ()
    by_rows = frozenset[str]().union(*(cluster.targets for cluster in refused_rows(facts, group)))
    if by_rows:
        refused = tuple(target for target, _ in owned if target in refused or target.key in by_rows)
    elif not refused and _users_are_refused(facts):
        refused = tuple(target for target, _ in owned if not _is_proven_open(target))
    if not refused:
        return None
    own = tuple(tasks[0] for target, tasks in owned if target in refused and len(tasks) == 1)
    seen = {"unhealthy"} if records else set()
    return _refusing(facts, group, refused, len(serving), own, records, seen)


def _lately(facts: Facts, group: TargetGroup, history: HealthHistory) -> Refusing | None:
    """What ECS reported, where no target is there to be asked. One of the same revision that answers is proof that
    the port is open; what failed before the health check was edited tells of a setting that is gone."""
    failing = next((way for way in history.failing(group.arn) if way.kind == "connection" and not way.targets), None)
    if failing is None or not _checks_the_traffic(group, failing):
        return None
    if all(history.check_was_changed(report) for report in failing.reports):
        return None
    tasks = history.tasks_of(failing)
    if _same_revision_answers(facts, group, tasks):
        return None
    seen = {"unhealthy", "task-stops", "deployment", "no-targets"} | explained_by_stops(tasks, facts.observed)
    found = _refusing(facts, group, (), 0, tasks, (_reported_record(failing),), seen)
    return replace(found, reported_port=failing.reports[0].port)


def _same_revision_answers(facts: Facts, group: TargetGroup, tasks: Sequence[Task]) -> bool:
    service = facts.maybe(EcsService)
    revisions = {task.task_definition for task in tasks}
    if not revisions and isinstance(service, EcsService):
        revisions = {service.task_definition}
    answering = [_tasks_behind(facts, target) for target in _serving(facts, group) if _is_proven_open(target)]
    return any(not behind or any(task.task_definition in revisions for task in behind) for behind in answering)


def _tasks_behind(facts: Facts, target: Target) -> tuple[Task, ...]:
    return tasks_behind(target, facts.maybe(RunningTasks), facts.maybe(ContainerInstances))


def _refusing(
    facts: Facts,
    group: TargetGroup,
    targets: tuple[Target, ...],
    of_how_many: int,
    tasks: tuple[Task, ...],
    records: tuple[Evidence, ...],
    seen: set[str],
) -> Refusing:
    rows, whole = refused_rows(facts, group), frozenset(seen)
    if rows:
        text = "502 within milliseconds, because no connection came about"
        records = (*records, *(record(facts, cluster, text) for cluster in rows))
        whole |= {"elb_502"}
    elif _users_are_refused(facts):
        records = (*records, _error_record(facts))
        whole |= {"elb_502"}
    explains = whole & facts.observed.symptoms | {cluster.key for cluster in rows}
    return Refusing(group, targets, of_how_many, tasks, records, explains)


def refused_rows(facts: Facts, group: TargetGroup) -> tuple[RowCluster, ...]:
    """Rows of this group whose connection was refused, other than on a target that was about to end or to listen."""
    found = own_clusters(facts, "not-dispatched-fast", elb_status=502, group=group.arn)
    starting = refused_while_starting(facts, found)
    return tuple(
        cluster
        for cluster in found
        if cluster.population != "at-end-of-target" and cluster.count >= NOISE_ERRORS and cluster not in starting
    )


def tasks_behind(target: Target, tasks: Read[RunningTasks], hosts: Read[ContainerInstances]) -> tuple[Task, ...]:
    """The task with the target's address, or the one with its port on its instance.

    Instances give out the same ports; where the one of a task is not known, every task with the port may be it.
    """
    running, instances = known(tasks), known(hosts)
    if running is None:
        return ()
    if task := running.by_ip(target.id):
        return (task,)
    placed = [(task, instances and instances.host_of(task)) for task in running.items if target.port in task.host_ports]
    there = tuple(task for task, host in placed if host == target.id)
    return there or tuple(task for task, host in placed if host is None)


def registered_container(
    facts: Facts, group: TargetGroup, tasks: Sequence[Task]
) -> tuple[ServiceLoadBalancer, TaskDefinition, ContainerDefinition] | None:
    """What the service registers in this group, and the container it means, in the revision that refuses."""
    service, definitions = facts.maybe(EcsService), facts.maybe(TaskDefinitions)
    if not isinstance(service, EcsService) or not isinstance(definitions, TaskDefinitions):
        return None
    setting = registration_of(service, group.arn)
    if setting is None:
        return None
    definition = definitions.of(tasks[0].task_definition if tasks else service.task_definition)
    container = definition.container(setting.container_name) if definition else None
    return (setting, definition, container) if definition and container else None


def declared_ports(container: ContainerDefinition) -> tuple[DeclaredPort, ...]:
    """Ports named by environment values or flags; those of databases, metrics or upstreams are not the server's."""
    found = []
    for name, value in sorted(container.environment.items()):
        if _PORT_NAME.fullmatch(name) and not _OF_SOMEBODY_ELSE.match(name):
            found += [DeclaredPort(int(part), f"{name}={value}") for part in value.split(";") if _is_port(part)]
        elif name in _URL_NAMES:
            found += [DeclaredPort(int(port), f"{name}={value}") for port in _URL_PORT.findall(value) if _is_port(port)]
    line = " ".join((*container.entry_point, *container.command))
    found += [DeclaredPort(int(m[1]), m[0]) for m in _PORT_FLAG.finditer(line) if _is_port(m[1])]
    found += [DeclaredPort(int(m[2]), m[0]) for m in _BIND_FLAG.finditer(line) if _is_port(m[2])]
    return tuple(found)


def loopback_setting(container: ContainerDefinition) -> str | None:
    """A setting that keeps the server on the loopback address, quoted; None when there is none."""
    for name in _HOST_NAMES:
        value = container.environment.get(name, "")
        if value.rsplit(":", 1)[0] in LOOPBACK or value in LOOPBACK:
            return f"{name}={value}"
    match = _LOOPBACK_FLAG.search(" ".join((*container.entry_point, *container.command)))
    return match[0] if match else None


def _is_port(text: str) -> bool:
    return text.isdigit() and 0 < int(text) <= 65535


def _check_is_refused(target: Target, group: TargetGroup) -> bool:
    same_port = _check_port(target, group) in {None, str(target.port)}
    same_protocol = group.health_check.protocol == group.protocol
    refused = target.state == "unhealthy" and target.reason == "Target.FailedHealthChecks"
    return refused and same_port and same_protocol


def _checks_the_traffic(group: TargetGroup, failing: Failing) -> bool:
    """True when the health check asks the port and protocol that requests use."""
    port = group.health_check.port
    same_port = port == "traffic-port" or port in {str(report.port) for report in failing.reports}
    return same_port and group.health_check.protocol == group.protocol


def _is_proven_open(target: Target) -> bool:
    """Whoever passes or answers with a code on the traffic port listens there."""
    answers = target.state == "healthy" or target.reason == "Target.ResponseCodeMismatch"
    return answers and asked_where_users_go(target)


def _check_port(target: Target, group: TargetGroup) -> str | None:
    port = target.health_check_port or group.health_check.port
    return None if port == "traffic-port" else port


def _users_are_refused(facts: Facts) -> bool:
    """By the counters; rows that tell of these 502s and show no refused connection contradict them."""
    if facts.observed.rows_tell("elb_502"):
        return False
    return facts.observed.saw("elb_502") and bool(facts.observed.counts.connection_errors)


def _answers_users(facts: Facts, group: TargetGroup, refused: Sequence[Target], serving: Sequence[Target]) -> bool:
    """Good answers while every target is said to refuse come from the very port that would not be listening."""
    if any(target.state == "healthy" for target in serving) or 0 < len(refused) < len(serving):
        return False
    return traffic_of(facts.maybe(Metrics), facts.subject, group, facts.now - ANSWERED_WITHIN, facts.now).served


def _health_record(refused: Sequence[Target], serving: Sequence[Target]) -> Evidence:
    others = others_in_words(target for target in serving if target not in refused)
    return decisive(
        f"{part_of(len(refused), len(serving), 'target')} unhealthy with Target.FailedHealthChecks: the connection is"
        f" refused or closed, not dropped{others}",
        "elbv2:DescribeTargetHealth",
        value=len(refused),
    )


def _reported_record(failing: Failing) -> Evidence:
    report = failing.reports[0]
    where = f" on port {report.port}" if report.port else ""
    return decisive(
        f"ECS reported targets unhealthy{where}: Health checks failed, so the connection was refused or closed",
        "ecs:DescribeServices",
        at=report.at,
        value=len(failing.reports),
    )


def _error_record(facts: Facts) -> Evidence:
    counts = facts.observed.counts
    return decisive(
        f"{counts.connection_errors:,} connections to the targets failed, with {counts.elb_502:,} answers of 502",
        "cloudwatch:GetMetricData",
        value=counts.connection_errors,
    )
