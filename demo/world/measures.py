"""What CloudWatch hears about load balancers and services, minute by minute.

Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html and
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html. Counters that stay at zero in a
minute have no data point; errors that the load balancer makes itself never have a TargetGroup dimension.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from demo.aws.metrics import MetricStore, SeriesKey
from demo.aws.series import Series as MetricSeries
from demo.world.access_log import Handled
from demo.world.apps import AppCatalogue
from demo.world.balancers import Balancers, dimension, group_dimension
from demo.world.ecs.store import EcsStore
from demo.world.health import HealthChecks
from demo.world.nodes import Nodes
from demo.world.probe import Kind, Outcome, Prober
from demo.world.targets import Targets

ELB = "AWS/ApplicationELB"
ECS = "AWS/ECS"
MINUTE_S = 60
MAX_DIMENSION_SETS = 4096
DETAILED = (500, 502, 503, 504)

Dimensions = tuple[tuple[str, str], ...]
Series = tuple[str, Dimensions]


class Measures:
    """Collects one minute after the other and hands each on when it is over."""

    def __init__(
        self,
        metrics: MetricStore,
        store: EcsStore,
        balancers: Balancers,
        nodes: Nodes,
        targets: Targets,
        health: HealthChecks,
        prober: Prober,
        apps: AppCatalogue,
        rng: random.Random,
    ) -> None:
        self._metrics = metrics
        self._store = store
        self._balancers = balancers
        self._nodes = nodes
        self._targets = targets
        self._health = health
        self._prober = prober
        self._apps = apps
        self._rng = rng
        self._series: dict[tuple[str, str, Dimensions], MetricSeries] = {}
        self._finished: dict[int, dict[Handled, list[float]]] = defaultdict(dict)
        self._hosts: dict[int, dict[Series, Counter[float]]] = defaultdict(lambda: defaultdict(Counter))
        self.tally: Counter[tuple[str, int]] = Counter()
        """Finished requests since the beginning, by load balancer and status."""

    def count(self, at: float, handled: Handled, latency_s: float) -> None:
        """One finished request."""
        self.tally[handled.balancer, handled.status] += 1
        finished = self._finished[int(at // MINUTE_S)]
        if handled in finished:
            finished[handled].append(latency_s)
        else:
            finished[handled] = [latency_s]

    def hosts(self, at: float) -> None:
        """Samples the number of healthy and unhealthy targets; a group without targets reports nothing."""
        minute = self._hosts[int(at // MINUTE_S)]
        for group in self._balancers.target_groups():
            states = [(self._prober.zone_of(t), self._health.verdict(t).state) for t in self._targets.active(group.arn)]
            used = [(zone, state) for zone, state in states if state != "unused"]
            if not used:
                continue
            for balancer in self._balancers.of_target_group(group.arn):
                both = {"LoadBalancer": dimension(balancer.arn), "TargetGroup": group_dimension(group.arn)}
                self._host_counts(minute, both, [state for _, state in used])
                for zone in {zone for zone, _ in used if zone}:
                    self._host_counts(
                        minute, both | {"AvailabilityZone": zone}, [state for where, state in used if where == zone]
                    )

    def flush(self, now: float) -> None:
        """Publishes the minutes that are over."""
        for minute in sorted(number for number in {*self._finished, *self._hosts} if (number + 1) * MINUTE_S <= now):
            series: dict[Series, Counter[float]] = defaultdict(Counter)
            for handled, latencies in self._finished.pop(minute, {}).items():
                _count(series, handled, latencies)
            series.update(self._hosts.pop(minute, {}))
            self._per_target(series)
            for (name, dimensions), samples in series.items():
                self._record(ELB, name, dimensions, minute, samples)
            self._services(minute)

    def _host_counts(self, minute: dict[Series, Counter[float]], given: dict[str, str], states: list[str]) -> None:
        minute[("HealthyHostCount", _key(given))][float(states.count("healthy"))] += 1
        minute[("UnHealthyHostCount", _key(given))][float(states.count("unhealthy"))] += 1

    def _per_target(self, series: dict[Series, Counter[float]]) -> None:
        """RequestCountPerTarget is an average already: requests over healthy targets."""
        totals = {key[1]: sum(samples.values()) for key, samples in series.items() if key[0] == "RequestCount"}
        for dimensions, total in totals.items():
            healthy = series.get(("HealthyHostCount", dimensions))
            if healthy and (count := max(healthy)):
                alone = {name: value for name, value in dimensions if name != "LoadBalancer"}
                for key in (dimensions, _key(alone)):
                    series[("RequestCountPerTarget", key)] = Counter({total / count: 1})

    def _services(self, minute: int) -> None:
        by_cluster: dict[str, list[tuple[float, float]]] = defaultdict(list)
        at = (minute + 1) * MINUTE_S
        for service in self._store.services():
            used = [self._usage(task, at) for task in self._store.tasks_of(service) if task.serves]
            if not used:
                continue
            by_cluster[service.cluster.name] += used
            both = ("ClusterName", service.cluster.name), ("ServiceName", service.name)
            self._utilisation(both, minute, used)
        for cluster, used in by_cluster.items():
            self._utilisation((("ClusterName", cluster),), minute, used)

    def _usage(self, task: Any, at: float) -> tuple[float, float]:
        """(CPU, memory) of one task in per cent of what it reserved."""
        memory = 0.0
        apps = [self._apps[container.spec.image] for container in task.containers]
        for app in apps:
            grown = min(1.0, max(0.1, (at - (task.started or at)) / app.memory_grows_for_s))
            memory += app.memory_mib * grown
        percent = min(100.0, 100.0 * memory / max(1, task.definition.memory_mib))
        cpu = max(app.cpu_used(task.definition.cpu_units) for app in apps) * self._rng.uniform(0.9, 1.1)
        return cpu, percent

    def _utilisation(self, dimensions: Dimensions, minute: int, used: list[tuple[float, float]]) -> None:
        self._record(ECS, "CPUUtilization", dimensions, minute, Counter(round(cpu, 2) for cpu, _ in used))
        self._record(ECS, "MemoryUtilization", dimensions, minute, Counter(round(memory, 2) for _, memory in used))

    def _record(self, namespace: str, name: str, dimensions: Dimensions, minute: int, samples: Counter[float]) -> None:
        key = (namespace, name, dimensions)
        series = self._series.get(key)
        if series is None:
            place = self._store.account, self._store.region
            series = self._series[key] = self._metrics.series(SeriesKey(*place, namespace, name, dimensions))
        series.at(minute).add_each(samples)


def _count(series: dict[Series, Counter[float]], handled: Handled, latencies: list[float]) -> None:
    """The requests of one minute that ended alike."""
    many, zone = len(latencies), handled.node.zone
    for name in _names_by_balancer(handled):
        for dimensions in _balancer_dimensions(handled.balancer, zone):
            series[(name, dimensions)][1.0] += many
    outcome = handled.outcome
    if outcome is None or handled.group is None:
        return
    everywhere = _target_dimensions(handled.balancer, handled.group, handled.chosen.zone if handled.chosen else zone)
    for name in _names_by_target(outcome):
        for dimensions in everywhere:
            series[(name, dimensions)][1.0] += many
    if outcome.kind is Kind.ANSWERED:
        for dimensions in everywhere:
            series[("TargetResponseTime", dimensions)].update(latencies)
    if handled.chosen is not None and handled.chosen.failed_open:
        series[("UnhealthyRoutingRequestCount", everywhere[2])][1.0] += many


def _names_by_balancer(handled: Handled) -> Iterator[str]:
    if handled.action.kind == "fixed-response":
        yield "HTTP_Fixed_Response_Count"
    if handled.action.kind == "redirect":
        yield "HTTP_Redirect_Count"
    if handled.generated_by_target or handled.status < 300:
        return
    yield f"HTTPCode_ELB_{handled.status // 100}XX_Count"
    if handled.status in DETAILED:
        yield f"HTTPCode_ELB_{handled.status}_Count"


def _names_by_target(outcome: Outcome) -> Iterator[str]:
    """Only for requests that had a target chosen."""
    yield "RequestCount"
    match outcome.kind:
        case Kind.CONNECT_TIMEOUT | Kind.REFUSED:
            yield "TargetConnectionErrorCount"
        case Kind.TLS_FAILED:
            yield "TargetTLSNegotiationErrorCount"
        case Kind.FUNCTION_FAILED:
            yield "LambdaUserError"
        case Kind.ANSWERED:
            yield f"HTTPCode_Target_{outcome.status // 100}XX_Count"


@lru_cache(maxsize=MAX_DIMENSION_SETS)
def _balancer_dimensions(balancer: str, zone: str) -> tuple[Dimensions, ...]:
    """Without and with the zone."""
    plain = {"LoadBalancer": dimension(balancer)}
    return _key(plain), _key(plain | {"AvailabilityZone": zone})


@lru_cache(maxsize=MAX_DIMENSION_SETS)
def _target_dimensions(balancer: str, group: str, zone: str) -> tuple[Dimensions, ...]:
    """The load balancer's, then those of the target group, each without and with the zone."""
    both = {"LoadBalancer": dimension(balancer), "TargetGroup": group_dimension(group)}
    return (*_balancer_dimensions(balancer, zone), _key(both), _key(both | {"AvailabilityZone": zone}))


def _key(given: dict[str, str]) -> Dimensions:
    return tuple(sorted(given.items()))
