"""Requests of simulated clients: routed, sent, counted by the minute and logged.

Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from demo.world.access_log import AccessLogs, Chosen, Handled
from demo.world.balancers import Action, Balancers, Request
from demo.world.ecs.model import Task
from demo.world.functions import Functions
from demo.world.health import HealthChecks
from demo.world.measures import Measures
from demo.world.nodes import Node, Nodes
from demo.world.open_requests import OpenRequests, is_long
from demo.world.probe import Exchange, Kind, Outcome, Prober, Target
from demo.world.timing import Timing

PULSE_S = 5.0
HOSTS_SAMPLED_S = 20.0
MAX_REQUESTS_PER_PULSE = 2_000
MIXING_STRIDE = 61
"""A prime, so that steps of it meet every turn of a round."""
STATUS_OF = {
    Kind.CONNECT_TIMEOUT: 504,
    Kind.NO_RESPONSE: 504,
    Kind.REFUSED: 502,
    Kind.TLS_FAILED: 502,
    Kind.CLOSED: 502,
    Kind.FUNCTION_FAILED: 502,
}


@dataclass(slots=True)
class Source:
    """Clients that send one kind of request to one load balancer, so many a minute.

    They begin when something can answer them for the first time, so that a world starts without errors.
    """

    balancer_arn: str
    request: Request
    per_minute: float
    owed: float = 0.0
    began: bool = False


@dataclass(slots=True)
class _Turns:
    """Round robin over whatever is offered."""

    by_group: dict[str, int] = field(default_factory=dict)

    def next(self, name: str) -> int:
        turn = self.by_group.get(name, 0)
        self.by_group[name] = turn + 1
        return turn


@dataclass(slots=True)
class _Stream:
    """The requests of one source until the world moves on: they meet the same rule and the same targets."""

    balancer: Any
    nodes: tuple[Node, ...]
    request: Request
    action: Action
    idle_s: float
    known: dict[tuple[Node, Target], tuple[Chosen, Outcome]] = field(default_factory=dict)
    pools: dict[str, tuple[list[Target], bool]] = field(default_factory=dict)


class Traffic:
    """All clients of one account and region."""

    def __init__(
        self,
        balancers: Balancers,
        nodes: Nodes,
        health: HealthChecks,
        prober: Prober,
        measures: Measures,
        logs: AccessLogs,
        functions: Functions,
        timing: Timing,
        rng: random.Random,
    ) -> None:
        self._balancers = balancers
        self._nodes = nodes
        self._health = health
        self._prober = prober
        self._measures = measures
        self._logs = logs
        self._functions = functions
        self._timing = timing
        self._rng = rng
        self._turns = _Turns()
        self._open = OpenRequests(timing)
        self._next_at = timing.now()
        self.sources: list[Source] = []

    def tick(self) -> None:
        """Sends what the clients owe since the last pulse."""
        now = self._timing.now()
        streams: dict[int, _Stream | None] = {}
        while self._next_at <= now:
            for number, source in enumerate(self.sources):
                if number not in streams:
                    streams[number] = self._stream(source)
                if (stream := streams[number]) is not None:
                    self._send(source, stream, self._next_at)
            if self._next_at % HOSTS_SAMPLED_S < PULSE_S:
                self._measures.hosts(self._next_at)
            self._next_at += PULSE_S
        self._settle(now)
        self._measures.flush(now)
        self._functions.flush(now)
        self._logs.tick({balancer.arn: balancer for balancer in self._balancers.all()})

    def _stream(self, source: Source) -> _Stream | None:
        """None while its clients send nothing: they have not begun, or nothing there takes a request."""
        balancer = self._balancers.load_balancer(source.balancer_arn)
        if balancer is None or not self._has_begun(source, balancer):
            return None
        action, nodes = self._balancers.route(balancer, source.request), self._nodes.of(balancer)
        if action is None or not nodes:
            return None
        return _Stream(balancer, nodes, source.request, action, self._balancers.idle_timeout_s(balancer))

    def _send(self, source: Source, stream: _Stream, at: float) -> None:
        source.owed = min(source.owed + source.per_minute * PULSE_S / 60, MAX_REQUESTS_PER_PULSE)
        count, source.owed = int(source.owed), source.owed % 1
        balancer = stream.balancer
        for number in range(count):
            node = stream.nodes[self._turns.next(balancer.arn) % len(stream.nodes)]
            handled, created = self._handle(stream, node, at), at + number * PULSE_S / count
            if is_long(handled) and self._open.takes(balancer.arn, node, created, handled, self._task_of(handled)):
                continue
            self._measures.count(at, balancer, node, handled)
            self._logs.write(balancer, node, created, handled)

    def _task_of(self, handled: Handled) -> Task | None:
        return self._prober.task_at(handled.chosen.endpoint.rpartition(":")[0]) if handled.chosen else None

    def _settle(self, now: float) -> None:
        """Counts and logs the long requests that are over."""
        for one, at, handled in self._open.settled(now):
            balancer = self._balancers.load_balancer(one.balancer)
            if balancer is not None:
                self._measures.count(at, balancer, one.node, handled)
                self._logs.write(balancer, one.node, one.created, handled)

    def _has_begun(self, source: Source, balancer: Any) -> bool:
        if not source.began:
            action = self._balancers.route(balancer, source.request)
            groups = [arn for arn, weight in action.weights if weight] if action is not None else []
            source.began = action is not None and all(self._answers(arn) for arn in groups)
        return source.began

    def _answers(self, group: str) -> bool:
        return self._functions.behind(group) is not None or not self._health.routable(group)[1]

    def _handle(self, stream: _Stream, node: Node, at: float) -> Handled:
        request, action, idle_s = stream.request, stream.action, stream.idle_s
        if action.kind != "forward":
            return Handled(request, action, None, None, None, action.status, idle_s)
        group = self._pick_group(action)
        if (function := self._functions.behind(group)) is not None:
            outcome = self._functions.call(group, function, at, PULSE_S)
            status = outcome.status if outcome.kind is Kind.ANSWERED else STATUS_OF[outcome.kind]
            return Handled(request, action, group, None, outcome, status, idle_s)
        if group not in stream.pools:
            stream.pools[group] = self._health.routable(group)
        targets, failed_open = stream.pools[group]
        if not targets:
            return Handled(request, action, group, None, None, 503, idle_s)
        target = targets[self._turns.next(group + node.zone) % len(targets)]
        if (node, target) not in stream.known:
            stream.known[(node, target)] = self._reach(stream, node, target, failed_open)
        outcome = self._with_chance(stream.known[(node, target)][1])
        status = outcome.status if outcome.kind is Kind.ANSWERED else STATUS_OF[outcome.kind]
        return Handled(request, action, group, stream.known[(node, target)][0], outcome, status, idle_s)

    def _pick_group(self, action: Action) -> str:
        """By weight, and well mixed: a share of a fifth is every fifth request and no block of them."""
        total = max(1, sum(weight for _, weight in action.weights))
        stride = MIXING_STRIDE if total % MIXING_STRIDE else 1
        turn = self._turns.next("+".join(arn for arn, _ in action.weights)) * stride % total
        for arn, weight in action.weights:
            if turn < weight:
                return arn
            turn -= weight
        return action.weights[0][0]

    def _reach(self, stream: _Stream, node: Node, target: Target, failed_open: bool) -> tuple[Chosen, Outcome]:
        group = self._balancers.target_group(target.group)
        uses_tls = group is not None and group.protocol == "HTTPS"
        exchange = Exchange(target.port, stream.request.path, uses_tls, stream.idle_s, host_is_ip=False)
        zone = self._prober.zone_of(target) or node.zone
        chosen = Chosen(f"{self._prober.address_of(target)}:{target.port}", zone, failed_open)
        return chosen, self._prober.send(node.endpoint, target, exchange)

    def _with_chance(self, outcome: Outcome) -> Outcome:
        """Latency varies; an application that closes idle connections does so now and then."""
        if outcome.kind is not Kind.ANSWERED:
            return outcome
        if outcome.closes_share and self._rng.random() < outcome.closes_share:
            return Outcome(Kind.CLOSED)
        return Outcome(outcome.kind, outcome.status, round(outcome.latency_s * self._rng.uniform(0.7, 1.6), 3))
