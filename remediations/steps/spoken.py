"""What targets speak on the port of the requests, as far as a record proves it: what is usual there proves nothing.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product
from types import MappingProxyType
from typing import Final

from diagnostics.causes.cause import Facts
from diagnostics.facts import (
    ApplicationLogs,
    ContainerDefinition,
    EcsService,
    Fact,
    HealthCheck,
    LogSignature,
    Metrics,
    RunningTasks,
    ServiceLoadBalancer,
    SiblingHealth,
    Target,
    TargetGroup,
    TargetGroups,
    TargetHealth,
    TaskDefinitions,
)
from diagnostics.rules.container_settings import always_passes, container_probe
from diagnostics.rules.grpc_health import HEALTH_SERVICE
from diagnostics.rules.served_by import serving_container
from diagnostics.rules.written import quoted, who, written
from remediations import counting
from remediations.plan import Guard, Look
from remediations.steps import healthy, paths
from remediations.steps.new_target_groups import TRAFFIC_PORT, asks_port_of_requests

SPOKEN_NEEDS: tuple[type[Fact], ...] = (TargetGroups, TargetHealth, Metrics)
SPOKEN_USES: tuple[type[Fact], ...] = (
    EcsService,
    TaskDefinitions,
    RunningTasks,
    ApplicationLogs,
    SiblingHealth,
)
"""What a fix declares to ask here."""
LONG_ENOUGH: Final = timedelta(minutes=5)
ONSET: Final = timedelta(minutes=2)
"""The first minutes of trouble may hold good answers from before."""
OTHER: Final = MappingProxyType({"HTTP": "HTTPS", "HTTPS": "HTTP"})
_SAID: Final[dict[str, LogSignature]] = {"HTTPS": "plain-to-tls-port", "HTTP": "tls-to-plain-port"}
_DEFAULT_PORTS: Final = MappingProxyType({"HTTP": 80, "HTTPS": 443})
_OVER_HTTP2: Final = "http2"
_GRPC_PROBE: Final = re.compile(r"grpc[_-]health[_-]probe\b")
_PROBED: Final = re.compile(r"-addr[= ][^\s:]*:(?P<port>\d{1,5})(?!\d)")
_ANSWERS: Final = tuple(f"HTTPCode_Target_{digit}XX_Count" for digit in "2345")


@dataclass(frozen=True, slots=True)
class Proof:
    """`why` in words. `group`: another target group of the same targets, which pass its health check.
    `check`: a health check that they are known to pass. `is_said`: by the application, and no check has shown it."""

    why: str
    group: TargetGroup | None = None
    check: HealthCheck | None = None
    is_said: bool = False


def members(facts: Facts, group: TargetGroup) -> tuple[Target, ...]:
    """Its targets but those that leave."""
    return tuple(one for one in facts[TargetHealth].by_group.get(group.arn, ()) if one.state != "draining")


def over(facts: Facts, group: TargetGroup, protocol: str) -> Proof | None:
    """Why it is known that the targets speak this protocol where requests go; None also where a record says that they
    speak the other one."""
    if not members(facts, group) or next(_over(facts, group, OTHER[protocol]), None) is not None:
        return None
    return next(_over(facts, group, protocol), None)


def http1(facts: Facts, group: TargetGroup) -> Proof | None:
    """Why it is known that the targets answer HTTP/1.1 there."""
    if not members(facts, group):
        return None
    other = _another_group(facts, group, group.protocol, "HTTP1")
    return other or (_asked_by_the_container(facts, group, "HTTP") if group.protocol == "HTTP" else None)


def grpc(facts: Facts, group: TargetGroup) -> Proof | None:
    """Why it is known that the targets answer gRPC there."""
    if not members(facts, group):
        return None
    return _another_group(facts, group, group.protocol, "GRPC") or _asked_by_a_grpc_probe(facts, group)


def serves_nobody(facts: Facts, group: TargetGroup) -> bool:
    """No request got a good answer from the group in the last minutes, from when the trouble was there in full."""
    end, onset = facts.window.end, facts.observed.onset
    start = end - timedelta(minutes=15) if onset is None else max(onset + ONSET, end - timedelta(minutes=15))
    return end - start >= LONG_ENOUGH and _answers(facts, group, _ANSWERS[:2], start, end) == 0


def still_serves_nobody(facts: Facts, group: TargetGroup) -> Guard:
    """No good answer has come from the group since the facts were read: somebody may have mended the targets."""
    asked = [
        healthy.load_balancer_quiet(balancer, metric, group.arn)
        for balancer, metric in product(facts.subject.load_balancers, _ANSWERS[:2])
    ]
    until = max(facts.now, facts.window.end) + timedelta(days=1)
    answered = paths.none_of("MetricDataResults[].Values[] | [?@ > `0`]")
    return Guard(
        look=Look(
            call=counting.sums(asked, facts.window.end, until),
            path=f"length(MetricDataResults || `[]`) == {paths.number(len(asked))} && {answered}",
        ),
        expected=True,
        text=f"{group.name} has given nobody a good answer since {facts.window.end:%H:%M} UTC",
    )


def never_answered(facts: Facts, group: TargetGroup) -> bool:
    """No target of the group has answered anything in all the time that is known."""
    known = facts[Metrics]
    long_enough = known.covered_to - known.covered_from >= timedelta(hours=1)
    return long_enough and _answers(facts, group, _ANSWERS, known.covered_from, known.covered_to) == 0


def _over(facts: Facts, group: TargetGroup, protocol: str) -> Iterator[Proof]:
    """The best proven first: what requests go through already, then health checks, then words."""
    if protocol != group.protocol and (other := _another_group(facts, group, protocol, group.protocol_version)):
        yield other
    check, targets = group.health_check, members(facts, group)
    ports = {target.port for target in targets}
    if (
        check.protocol == protocol
        and asks_port_of_requests(check, ports)
        and all(one.state == "healthy" for one in targets)
    ):
        why = f"the health check of {group.name} asks the same port over {protocol}, and all targets pass it"
        yield Proof(why=why, check=check)
    if group.protocol_version not in (None, "HTTP1"):
        return
    if probed := _asked_by_the_container(facts, group, protocol):
        yield probed
    container = serving_container(facts, group.arn)
    names = (None, container.name if container else None)
    for line in written(facts, _SAID[protocol], since=facts.observed.onset):
        before = facts.observed.onset is not None and line.at < facts.observed.onset
        if line.container in names and not before:
            yield Proof(why=f"{who(line)} wrote {quoted(line)}", is_said=True)
            return


def _another_group(facts: Facts, group: TargetGroup, protocol: str | None, version: str | None) -> Proof | None:
    """Also one that shares a weighted rule."""
    siblings = facts.maybe(SiblingHealth)
    known = dict(siblings.by_group) if isinstance(siblings, SiblingHealth) else {}
    known |= facts[TargetHealth].by_group
    wanted = {target.key for target in members(facts, group)}
    for other in facts[TargetGroups].items:
        targets = known.get(other.arn, ())
        staying = [target for target in targets if target.state != "draining"]
        theirs, well = {one.key for one in staying}, all(one.state == "healthy" for one in staying)
        same = (other.protocol, other.protocol_version or "HTTP1", other.vpc_id, other.target_type)
        if other.arn == group.arn or same != (protocol, version or "HTTP1", group.vpc_id, group.target_type):
            continue
        asks = asks_port_of_requests(other.health_check, {target.port for target in targets})
        if wanted == theirs and well and asks and other.health_check.protocol == protocol:
            words = f"{version} over {protocol}" if version not in (None, "HTTP1") else f"{protocol}"
            why = f"target group {other.name} speaks {words} to the same targets on the same port, and all are healthy"
            return Proof(why=why, group=other, check=other.health_check)
    return None


def _asked_by_the_container(facts: Facts, group: TargetGroup, protocol: str) -> Proof | None:
    """The health check of the container itself, over HTTP/1.1; over TLS a client may have agreed on HTTP/2."""
    probe, own, container = container_probe(facts), _registration(facts, group), serving_container(facts, group.arn)
    if probe is None or own is None or not probe.passes or probe.protocol != protocol or not container:
        return None
    if (probe.port or _DEFAULT_PORTS[protocol]) != own.container_port or _OVER_HTTP2 in _command(container):
        return None
    check = group.health_check.model_copy(
        update={
            "protocol": protocol,
            "port": TRAFFIC_PORT,
            "path": probe.path,
            "matcher": "200-399",
            "grpc_matcher": None,
        }
    )
    why = f"the container's own health check asks {protocol.lower()} on port {own.container_port}, and passes"
    return Proof(why=why, check=check)


def _asked_by_a_grpc_probe(facts: Facts, group: TargetGroup) -> Proof | None:
    """grpc_health_probe asks the standard health service, https://github.com/grpc-ecosystem/grpc-health-probe."""
    own, container = _registration(facts, group), serving_container(facts, group.arn)
    command = _command(container) if container else ""
    port = _PROBED.search(command)
    if container is None or own is None or port is None or not _GRPC_PROBE.search(command):
        return None
    in_tls = "HTTPS" if "-tls" in command else "HTTP"
    if int(port["port"]) != own.container_port or in_tls != group.protocol or "-service" in command:
        return None
    if always_passes(container) or not _passes(facts, container):
        return None
    check = group.health_check.model_copy(
        update={
            "protocol": group.protocol,
            "port": TRAFFIC_PORT,
            "path": HEALTH_SERVICE,
            "matcher": None,
            "grpc_matcher": "0",
        }
    )
    return Proof(why=f"grpc_health_probe in the container asks port {own.container_port}, and passes", check=check)


def _passes(facts: Facts, container: ContainerDefinition) -> bool:
    """In every task that runs the service's present revision."""
    running, service = facts.maybe(RunningTasks), facts.maybe(EcsService)
    if not isinstance(running, RunningTasks) or not isinstance(service, EcsService):
        return False
    states = [
        one.health_status
        for task in running.items
        if task.task_definition == service.task_definition and task.last_status == "RUNNING"
        for one in task.containers
        if one.name == container.name
    ]
    return bool(states) and all(state == "HEALTHY" for state in states)


def _command(container: ContainerDefinition) -> str:
    return " ".join(container.health_check.command) if container.health_check else ""


def _registration(facts: Facts, group: TargetGroup) -> ServiceLoadBalancer | None:
    service = facts.maybe(EcsService)
    entries = service.load_balancers if isinstance(service, EcsService) else ()
    return next((one for one in entries if one.target_group_arn == group.arn), None)


def _answers(facts: Facts, group: TargetGroup, metrics: tuple[str, ...], start: datetime, end: datetime) -> int | None:
    """How many requests the targets of the group answered so; None where one of the counters was not read."""
    total = 0.0
    for balancer in facts.subject.load_balancers:
        dimension = balancer.split(":loadbalancer/", 1)[-1]
        for metric in metrics:
            series = facts[Metrics].find(metric, "Sum", LoadBalancer=dimension, TargetGroup=group.dimension)
            if series is None:
                return None
            total += sum(point.value for point in series.between(start, end))
    return round(total) if facts.subject.load_balancers else None
