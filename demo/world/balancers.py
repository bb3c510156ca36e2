"""Load balancers, listeners, rules and target groups as the emulator holds them, and where a request goes.

Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-rules.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from moto.elbv2.models import ELBv2Backend, FakeLoadBalancer, FakeTargetGroup, elbv2_backends

from demo.aws.elbv2 import forwarded_to, load_balancers_by_target_group

DEFAULT_IDLE_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sends."""

    host: str
    path: str
    port: int
    method: str = "GET"


@dataclass(frozen=True, slots=True)
class Action:
    """What the matching rule does: forward to weighted target groups, or answer by itself."""

    kind: str
    priority: str
    weights: tuple[tuple[str, int], ...] = ()
    status: int = 0


class Balancers:
    """Reads the load balancers of one account and region."""

    def __init__(self, account: str, region: str) -> None:
        self._place = account, region
        self._elb: ELBv2Backend = elbv2_backends[account][region]
        self._attached: dict[str, tuple[str, ...]] | None = None

    def forget(self) -> None:
        """Drops what was concluded about attachments, after a change."""
        self._attached = None

    def all(self) -> list[FakeLoadBalancer]:
        return list(self._elb.load_balancers.values())

    def load_balancer(self, arn: str) -> FakeLoadBalancer | None:
        return self._elb.load_balancers.get(arn)

    def target_group(self, arn: str) -> FakeTargetGroup | None:
        return self._elb.target_groups.get(arn)

    def target_groups(self) -> list[FakeTargetGroup]:
        return list(self._elb.target_groups.values())

    def of_target_group(self, arn: str) -> list[FakeLoadBalancer]:
        """The load balancers with a rule that forwards to the group now."""
        if self._attached is None:
            self._attached = load_balancers_by_target_group(*self._place)
        return [self._elb.load_balancers[balancer] for balancer in self._attached.get(arn, ())]

    def route(self, balancer: FakeLoadBalancer, request: Request) -> Action | None:
        """The action of the first rule that matches, by priority; None without a listener on that port."""
        for listener in balancer.listeners.values():
            if int(listener.port) != request.port:
                continue
            for rule in sorted(listener.rules.values(), key=_rank):
                if all(_matches(condition, request) for condition in rule.conditions):
                    return _action(rule)
        return None

    @staticmethod
    def zones(balancer: FakeLoadBalancer) -> frozenset[str]:
        """Availability Zones that the load balancer is enabled in."""
        return frozenset(subnet.availability_zone for subnet in balancer.subnets)

    @staticmethod
    def idle_timeout_s(balancer: FakeLoadBalancer) -> float:
        return float(balancer.attrs.get("idle_timeout.timeout_seconds") or DEFAULT_IDLE_TIMEOUT_S)


def dimension(balancer_arn: str) -> str:
    """`app/name/id`: how metrics name a load balancer."""
    return balancer_arn.split(":loadbalancer/", 1)[-1]


def group_dimension(group_arn: str) -> str:
    """`targetgroup/name/id`: how metrics name a target group."""
    return group_arn.rsplit(":", 1)[-1]


def _rank(rule: Any) -> float:
    return float("inf") if rule.is_default else float(rule.priority)


def _action(rule: Any) -> Action:
    priority = "0" if rule.is_default else str(rule.priority)
    last = max(rule.actions, key=lambda action: int(action.data.get("Order") or 1))
    kind = str(last.type)
    if kind == "forward":
        return Action(kind, priority, weights=tuple(forwarded_to(rule)))
    if kind == "fixed-response":
        return Action(kind, priority, status=int(last.data["FixedResponseConfig"]["StatusCode"]))
    if kind == "redirect":
        return Action(kind, priority, status=int(last.data["RedirectConfig"]["StatusCode"].removeprefix("HTTP_")))
    return Action(kind, priority)


def _matches(condition: Mapping[str, Any], request: Request) -> bool:
    field = condition.get("Field")
    if field == "host-header":
        values = _values(condition, "HostHeaderConfig")
        return any(fnmatchcase(request.host.lower(), value.lower()) for value in values)
    if field == "path-pattern":
        path = request.path.partition("?")[0]
        return any(fnmatchcase(path, value) for value in _values(condition, "PathPatternConfig"))
    if field == "http-request-method":
        return request.method in _values(condition, "HttpRequestMethodConfig")
    return False


def _values(condition: Mapping[str, Any], config: str) -> list[str]:
    return list(condition.get("Values") or (condition.get(config) or {}).get("Values") or [])
