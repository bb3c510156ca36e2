"""Requests of simulated clients: routed, sent, counted by the minute and logged.

Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from demo.world.access_log import AccessLogs, Handled
from demo.world.balancers import Action, Balancers, Request
from demo.world.health import HealthChecks
from demo.world.measures import Measures
from demo.world.nodes import Node, Nodes
from demo.world.probe import Exchange, Kind, Outcome, Prober, Target
from demo.world.timing import Timing

PULSE_S = 5.0
MAX_REQUESTS_PER_PULSE = 2_000
STATUS_OF = {
    Kind.CONNECT_TIMEOUT: 504,
    Kind.NO_RESPONSE: 504,
    Kind.REFUSED: 502,
    Kind.TLS_FAILED: 502,
    Kind.CLOSED: 502,
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

    count: int = 0
    by_group: dict[str, int] = field(default_factory=dict)

    def next(self, name: str) -> int:
        turn = self.by_group.get(name, 0)
        self.by_group[name] = turn + 1
        return turn


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
        timing: Timing,
        rng: random.Random,
    ) -> None:
        self._balancers = balancers
        self._nodes = nodes
        self._health = health
        self._prober = prober
        self._measures = measures
        self._logs = logs
        self._timing = timing
        self._rng = rng
        self._turns = _Turns()
        self._next_at = timing.now()
        self.sources: list[Source] = []

    def tick(self) -> None:
        """Sends what the clients owe since the last pulse."""
        now = self._timing.now()
        while self._next_at <= now:
            for source in self.sources:
                self._send(source, self._next_at)
            self._measures.hosts(self._next_at)
            self._next_at += PULSE_S
        self._measures.flush(now)
        self._logs.tick({balancer.arn: balancer for balancer in self._balancers.all()})

    def _send(self, source: Source, at: float) -> None:
        balancer = self._balancers.load_balancer(source.balancer_arn)
        if balancer is None or not self._has_begun(source, balancer):
            return
        source.owed = min(source.owed + source.per_minute * PULSE_S / 60, MAX_REQUESTS_PER_PULSE)
        count, source.owed = int(source.owed), source.owed % 1
        if not count:
            return
        action = self._balancers.route(balancer, source.request)
        nodes = self._nodes.of(balancer)
        if action is None or not nodes:
            return
        known: dict[tuple[Node, Target], Outcome] = {}
        pools: dict[str, tuple[list[Target], bool]] = {}
        for number in range(count):
            node = nodes[self._turns.next(balancer.arn) % len(nodes)]
            handled = self._handle(balancer, node, source.request, action, known, pools)
            self._measures.count(at, balancer, node, handled, failed_open=_is_open(handled, pools))
            self._logs.write(balancer, node, at + number * PULSE_S / count, handled)

    def _has_begun(self, source: Source, balancer: Any) -> bool:
        if not source.began:
            action = self._balancers.route(balancer, source.request)
            groups = [arn for arn, weight in action.weights if weight] if action is not None else []
            source.began = action is not None and all(not self._health.routable(arn)[1] for arn in groups)
        return source.began

    def _handle(
        self,
        balancer: Any,
        node: Node,
        request: Request,
        action: Action,
        known: dict[tuple[Node, Target], Outcome],
        pools: dict[str, tuple[list[Target], bool]],
    ) -> Handled:
        idle_s = self._balancers.idle_timeout_s(balancer)
        if action.kind != "forward":
            return Handled(request, action, None, None, "", None, action.status, idle_s)
        group = self._pick_group(action)
        if group not in pools:
            pools[group] = self._health.routable(group)
        targets = pools[group][0]
        if not targets:
            return Handled(request, action, group, None, "", None, 503, idle_s)
        target = targets[self._turns.next(group + node.zone) % len(targets)]
        if (node, target) not in known:
            known[(node, target)] = self._ask(node, target, request, idle_s)
        outcome = self._with_chance(target, known[(node, target)])
        status = outcome.status if outcome.kind is Kind.ANSWERED else STATUS_OF[outcome.kind]
        address = self._prober.address_of(target)
        return Handled(request, action, group, target, address, outcome, status, idle_s)

    def _pick_group(self, action: Action) -> str:
        total = sum(weight for _, weight in action.weights)
        turn = self._turns.next("+".join(arn for arn, _ in action.weights)) % max(1, total)
        for arn, weight in action.weights:
            if turn < weight:
                return arn
            turn -= weight
        return action.weights[0][0]

    def _ask(self, node: Node, target: Target, request: Request, idle_s: float) -> Outcome:
        group = self._balancers.target_group(target.group)
        uses_tls = group is not None and group.protocol == "HTTPS"
        return self._prober.send(node.endpoint, target, Exchange(target.port, request.path, uses_tls, idle_s, False))

    def _with_chance(self, target: Target, outcome: Outcome) -> Outcome:
        """Latency varies; an application that closes idle connections does so now and then."""
        if outcome.kind is not Kind.ANSWERED:
            return outcome
        if (share := self._prober.closes_share(target)) and self._rng.random() < share:
            return Outcome(Kind.CLOSED)
        return Outcome(outcome.kind, outcome.status, round(outcome.latency_s * self._rng.uniform(0.7, 1.6), 3))


def _is_open(handled: Handled, pools: dict[str, tuple[list[Target], bool]]) -> bool:
    return handled.group is not None and handled.target is not None and pools[handled.group][1]
