"""Requests of simulated clients: routed, sent, counted by the minute and logged.

Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
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
MAX_ENDS = 4_096
NO_TARGET = 503
LOOKS_AGAIN_S = 60.0
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
class _Pool:
    """A target group as the requests through one node meet it: the function behind it, or targets in turn.

    `ends` are the ways in which requests end there, by the target's place or by what the function did.
    """

    turns: str
    function: str | None
    targets: Sequence[Target] = ()
    failed_open: bool = False
    ends: dict[object, Handled] = field(default_factory=dict)


@dataclass(slots=True)
class _Stream:
    """The requests of one source until something changes: they meet the same rule and the same targets.

    With `lasts` False, what they met may change by itself: they are to look again when the world moves on.
    """

    balancer: Any
    nodes: tuple[Node, ...]
    request: Request
    action: Action
    idle_s: float
    pools: dict[tuple[str, str], _Pool] = field(default_factory=dict)
    lasts: bool = True


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
        self._ends: dict[tuple[Any, ...], Handled] = {}
        self._streams: dict[int, _Stream] = {}
        self._met = (0, 0, 0.0)
        self._next_at = timing.now()
        self.sources: list[Source] = []

    def forget(self) -> None:
        """Rules, targets or the ways to them may have changed."""
        self._streams.clear()

    def tick(self) -> None:
        """Sends what the clients owe since the last pulse."""
        now = self._timing.now()
        self._look_again()
        while self._next_at <= now:
            for number, source in enumerate(self.sources):
                stream = self._streams.get(number) or self._stream(source)
                if stream is not None:
                    self._streams[number] = stream
                    self._send(source, stream, self._next_at)
            if self._next_at % HOSTS_SAMPLED_S < PULSE_S:
                self._measures.hosts(self._next_at)
            self._next_at += PULSE_S
        self._settle(now)
        self._measures.flush(now)
        self._functions.flush(now)
        self._logs.tick(self._balancers.load_balancer)

    def _look_again(self) -> None:
        """Forgets what clients met when health or an application has changed, or where it changes by itself; and all of
        it now and then, for what was changed past the API."""
        met = (self._health.version, self._prober.apps_version, self._timing.now() // LOOKS_AGAIN_S)
        if met != self._met:
            self._met = met
            self.forget()
        for number in [number for number, stream in self._streams.items() if not stream.lasts]:
            del self._streams[number]

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
            (handled, latency_s), created = self._handle(stream, node, at), at + number * PULSE_S / count
            if is_long(handled, latency_s) and self._open.takes(created, handled, latency_s, self._task_of(handled)):
                continue
            self._measures.count(at, handled, latency_s)
            self._logs.write(balancer, created, handled, latency_s)

    def _task_of(self, handled: Handled) -> Task | None:
        return self._prober.task_at(handled.chosen.endpoint.rpartition(":")[0]) if handled.chosen else None

    def _settle(self, now: float) -> None:
        """Counts and logs the long requests that are over."""
        for one, at, handled, latency_s in self._open.settled(now):
            balancer = self._balancers.load_balancer(handled.balancer)
            if balancer is not None:
                self._measures.count(at, handled, latency_s)
                self._logs.write(balancer, one.created, handled, latency_s)

    def _has_begun(self, source: Source, balancer: Any) -> bool:
        if not source.began:
            action = self._balancers.route(balancer, source.request)
            groups = [arn for arn, weight in action.weights if weight] if action is not None else []
            source.began = action is not None and all(self._answers(arn) for arn in groups)
        return source.began

    def _answers(self, group: str) -> bool:
        return self._functions.behind(group) is not None or not self._health.routable(group)[1]

    def _handle(self, stream: _Stream, node: Node, at: float) -> tuple[Handled, float]:
        """How one request ends, and its latency."""
        if stream.action.kind != "forward":
            return self._end(stream, node), 0.0
        group = self._pick_group(stream.action)
        pool = stream.pools.get((group, node.zone))
        if pool is None:
            pool = stream.pools[group, node.zone] = self._pool(node, group)
        if pool.function is not None:
            return self._call(stream, node, group, pool, pool.function, at)
        if not pool.targets:
            return self._end(stream, node, group), 0.0
        turn = self._turns.next(pool.turns) % len(pool.targets)
        end = pool.ends.get(turn)
        if end is None:
            end = pool.ends[turn] = self._reach(stream, node, pool.targets[turn], pool.failed_open)
        return self._with_chance(stream, end)

    def _pool(self, node: Node, group: str) -> _Pool:
        turns, function = group + node.zone, self._functions.behind(group)
        return _Pool(turns, function) if function is not None else _Pool(turns, None, *self._health.routable(group))

    def _call(
        self, stream: _Stream, node: Node, group: str, pool: _Pool, function: str, at: float
    ) -> tuple[Handled, float]:
        outcome = self._functions.call(group, function, at, PULSE_S)
        kind = (outcome.status, outcome.reason)
        end = pool.ends.get(kind)
        if end is None:
            end = pool.ends[kind] = self._end(stream, node, group, None, replace(outcome, latency_s=0.0))
        return end, outcome.latency_s

    def _end(
        self,
        stream: _Stream,
        node: Node,
        group: str | None = None,
        chosen: Chosen | None = None,
        outcome: Outcome | None = None,
    ) -> Handled:
        """One object for all requests that end alike."""
        if outcome is None:
            status = stream.action.status if group is None else NO_TARGET
        else:
            status = outcome.status if outcome.kind is Kind.ANSWERED else STATUS_OF[outcome.kind]
        arn, request, action, idle_s = stream.balancer.arn, stream.request, stream.action, stream.idle_s
        values = (arn, node, request, action, group, chosen, outcome, status, idle_s)
        known = self._ends.get(values)
        if known is None:
            if len(self._ends) >= MAX_ENDS:
                self._ends.clear()
            known = self._ends[values] = Handled(*values)
        return known

    def _pick_group(self, action: Action) -> str:
        """By weight, and well mixed: a share of a fifth is every fifth request and no block of them."""
        if len(action.weights) == 1:
            return action.weights[0][0]
        total = max(1, sum(weight for _, weight in action.weights))
        stride = MIXING_STRIDE if total % MIXING_STRIDE else 1
        turn = self._turns.next("+".join(arn for arn, _ in action.weights)) * stride % total
        for arn, weight in action.weights:
            if turn < weight:
                return arn
            turn -= weight
        return action.weights[0][0]

    def _reach(self, stream: _Stream, node: Node, target: Target, failed_open: bool) -> Handled:
        group = self._balancers.target_group(target.group)
        uses_tls = group is not None and group.protocol == "HTTPS"
        exchange = Exchange(target.port, stream.request.path, uses_tls, stream.idle_s, host_is_ip=False)
        zone = self._prober.zone_of(target) or node.zone
        chosen = Chosen(f"{self._prober.address_of(target)}:{target.port}", zone, failed_open)
        stream.lasts = stream.lasts and self._prober.is_settled(target)
        return self._end(stream, node, target.group, chosen, self._prober.send(node.endpoint, target, exchange))

    def _with_chance(self, stream: _Stream, end: Handled) -> tuple[Handled, float]:
        """Latency varies; an application that closes idle connections does so now and then."""
        outcome = end.outcome
        if outcome is None or outcome.kind is not Kind.ANSWERED:
            return end, outcome.latency_s if outcome is not None else 0.0
        if outcome.closes_share and self._rng.random() < outcome.closes_share:
            return self._end(stream, end.node, end.group, end.chosen, Outcome(Kind.CLOSED)), 0.0
        return end, round(outcome.latency_s * self._rng.uniform(0.7, 1.6), 3)
