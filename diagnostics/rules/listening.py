"""Who refuses connections, and on which port the configuration tells the application to listen.

A refused connection is 502 within milliseconds for the user and ``Target.FailedHealthChecks`` for the health check;
packets that are dropped end in 504 and ``Target.Timeout`` instead.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from diagnostics.causes.cause import Evidence, Facts, decisive
from diagnostics.facts import (
    ContainerDefinition,
    EcsService,
    Fact,
    Gap,
    LoadBalancers,
    Metrics,
    NotApplicable,
    RunningTasks,
    ServiceLoadBalancer,
    Target,
    TargetGroup,
    TargetGroups,
    TargetHealth,
    Task,
    TaskDefinition,
    TaskDefinitions,
)
from diagnostics.rules.group_traffic import traffic_of
from diagnostics.rules.routing import registered_groups

LISTENING_NEEDS: tuple[type[Fact], ...] = (TargetGroups, TargetHealth)
LISTENING_USES: tuple[type[Fact], ...] = (EcsService, LoadBalancers, Metrics, RunningTasks, TaskDefinitions)
"""What a cause about refused connections declares."""
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
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_HOST_NAMES = ("HOST", "BIND", "BIND_ADDRESS", "LISTEN_ADDRESS", "SERVER_ADDRESS", "FLASK_RUN_HOST", "UVICORN_HOST")
_LOOPBACK_FLAG = re.compile(r"(?:--host|--bind|--address|--listen|-b)(?:=|\s+)(127\.0\.0\.1|localhost|::1)\b")


@dataclass(frozen=True, slots=True)
class DeclaredPort:
    """A port that the configuration tells the application to listen on; `where` quotes it (``PORT=3000``)."""

    port: int
    where: str


@dataclass(frozen=True, slots=True)
class Refusing:
    """Targets of one group that refuse connections on their traffic port, their tasks, and what proves it."""

    group: TargetGroup
    targets: tuple[Target, ...]
    of_how_many: int
    tasks: tuple[Task, ...]
    records: tuple[Evidence, ...]
    explains: frozenset[str]

    def who(self) -> str:
        number = len(self.targets)
        if number == self.of_how_many:
            return {1: "the only target", 2: "both targets"}.get(number, f"all {number} targets")
        return f"{number} of {self.of_how_many} targets" if number > 1 else self.targets[0].key


def refusing(facts: Facts) -> Iterator[Refusing]:
    """Per target group the targets that refuse, as their health checks or their users' errors tell.

    Left out: targets without a running task (they are stale, which is another fault), groups whose targets answer
    users in spite of failing checks, and TLS handshakes that fail (somebody listens there).
    """
    tasks = facts.maybe(RunningTasks)
    for arn, targets in facts[TargetHealth].by_group.items():
        group = facts[TargetGroups].of(arn)
        if group is None or group.target_type == "lambda":
            continue
        serving = tuple(target for target in targets if target.state not in {"unused", "draining"})
        owned = [(target, task_of(target, tasks)) for target in serving]
        if isinstance(tasks, RunningTasks):
            owned = [(target, task) for target, task in owned if task is not None and task.last_status == "RUNNING"]
        refused = tuple(target for target, _ in owned if _check_is_refused(target, group))
        records: tuple[Evidence, ...] = (_health_record(refused, len(serving)),) if refused else ()
        if not refused and _users_are_refused(facts):
            refused = tuple(target for target, _ in owned if not _is_proven_open(target))
        if not refused or facts.observed.counts.tls_errors or _answers_users(facts, group, refused, serving):
            continue
        own = [task for target, task in owned if target in refused and task is not None]
        seen = {"unhealthy"} if records else set()
        if _users_are_refused(facts):
            records = (*records, _error_record(facts))
            seen.add("elb_502")
        yield Refusing(group, refused, len(serving), tuple(own), records, frozenset(seen) & facts.observed.symptoms)


def task_of(target: Target, tasks: RunningTasks | Gap | NotApplicable) -> Task | None:
    """The task behind a target: by its address, or for an instance target by the host port it was given."""
    if not isinstance(tasks, RunningTasks):
        return None
    return tasks.by_ip(target.id) or next(
        (
            task
            for task in tasks.items
            if any(binding.host_port == target.port for item in task.containers for binding in item.bindings)
        ),
        None,
    )


def registered_container(
    facts: Facts, group: TargetGroup, tasks: Sequence[Task]
) -> tuple[ServiceLoadBalancer, TaskDefinition, ContainerDefinition] | None:
    """What the service registers in this group, and the container it means, in the revision that refuses."""
    service, definitions = facts.maybe(EcsService), facts.maybe(TaskDefinitions)
    if not isinstance(service, EcsService) or not isinstance(definitions, TaskDefinitions):
        return None
    setting = next((item for item in service.load_balancers if group.arn in registered_groups(item)), None)
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
        if value.rsplit(":", 1)[0] in _LOOPBACK or value in _LOOPBACK:
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


def _is_proven_open(target: Target) -> bool:
    """Whoever passes or answers with a code on the traffic port listens there."""
    answers = target.state == "healthy" or target.reason == "Target.ResponseCodeMismatch"
    return answers and target.health_check_port in {None, "traffic-port", str(target.port)}


def _check_port(target: Target, group: TargetGroup) -> str | None:
    port = target.health_check_port or group.health_check.port
    return None if port == "traffic-port" else port


def _users_are_refused(facts: Facts) -> bool:
    return facts.observed.saw("elb_502") and bool(facts.observed.counts.connection_errors)


def _answers_users(facts: Facts, group: TargetGroup, refused: Sequence[Target], serving: Sequence[Target]) -> bool:
    """Good answers while every target is said to refuse come from the very port that would not be listening."""
    balancers = facts.maybe(LoadBalancers)
    if len(refused) < len(serving) or not isinstance(balancers, LoadBalancers):
        return False
    dimensions = [balancer.dimension for balancer in balancers.items]
    traffic = traffic_of(facts.maybe(Metrics), group, dimensions, facts.now - ANSWERED_WITHIN, facts.now)
    return traffic.served


def _health_record(refused: Sequence[Target], of_how_many: int) -> Evidence:
    who = f"{len(refused)} of {of_how_many} targets" if of_how_many > 1 else "the only target"
    return decisive(
        f"{who} unhealthy with Target.FailedHealthChecks: the connection is refused or closed, not dropped",
        "elbv2:DescribeTargetHealth",
        value=len(refused),
    )


def _error_record(facts: Facts) -> Evidence:
    counts = facts.observed.counts
    return decisive(
        f"{counts.connection_errors} connections to the targets failed, with {counts.elb_502} answers of 502",
        "cloudwatch:GetMetricData",
        value=counts.connection_errors,
    )
