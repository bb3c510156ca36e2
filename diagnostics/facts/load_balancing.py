"""Load balancers, listeners, rules, target groups and their targets, as Elastic Load Balancing describes them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar

from diagnostics.facts.fact import Fact, Frozen

DEFAULT_IDLE_TIMEOUT_S = 60
DEFAULT_DEREGISTRATION_DELAY_S = 300


class ZoneMapping(Frozen):
    """An enabled Availability Zone and the subnet that the load balancer's nodes live in."""

    zone: str
    subnet_id: str


class LoadBalancer(Frozen):
    arn: str
    name: str
    dns_name: str
    scheme: str
    type: str
    state: str
    state_reason: str = ""
    vpc_id: str
    security_groups: tuple[str, ...]
    zones: tuple[ZoneMapping, ...]
    ip_address_type: str = "ipv4"
    created_at: datetime | None = None

    @property
    def dimension(self) -> str:
        """Value of CloudWatch's LoadBalancer dimension, ``app/name/id``."""
        return self.arn.split(":loadbalancer/", 1)[-1]


class LoadBalancers(Fact):
    name: ClassVar[str] = "load_balancers"

    items: tuple[LoadBalancer, ...]

    def of(self, arn: str) -> LoadBalancer | None:
        return next((item for item in self.items if item.arn == arn), None)


class LoadBalancerAttributes(Fact):
    """Attribute key to value for each load balancer, all values as AWS returns them (strings)."""

    name: ClassVar[str] = "load_balancer_attributes"

    by_arn: dict[str, dict[str, str]]

    def idle_timeout_s(self, arn: str) -> int:
        value = self.by_arn.get(arn, {}).get("idle_timeout.timeout_seconds", "")
        return int(value) if value.isdigit() else DEFAULT_IDLE_TIMEOUT_S

    def access_logs_enabled(self, arn: str) -> bool:
        return self.by_arn.get(arn, {}).get("access_logs.s3.enabled") == "true"


class RuleCondition(Frozen):
    """One condition of a listener rule; any value matches. `field` as in the API: ``host-header``, ``path-pattern``…"""

    field: str
    values: tuple[str, ...] = ()
    regex_values: tuple[str, ...] = ()
    header_name: str | None = None


class ForwardTarget(Frozen):
    target_group_arn: str
    weight: int = 1


class RuleAction(Frozen):
    """One action: `forward` for type forward; `status_code` for fixed-response and redirect.

    `location` is where a redirect leads, with the API's placeholders: ``#{protocol}://#{host}:#{port}/#{path}?#{query}``.
    `sticky_s`: for so long a cookie sends a client to the same target group, whatever the weights are by then.
    """

    type: str
    order: int = 1
    forward: tuple[ForwardTarget, ...] = ()
    status_code: int | None = None
    location: str | None = None
    message_body: str = ""
    sticky_s: int | None = None


class Rule(Frozen):
    """A listener rule. `priority` None marks the default rule, which comes last."""

    arn: str
    priority: int | None
    conditions: tuple[RuleCondition, ...] = ()
    actions: tuple[RuleAction, ...] = ()

    @property
    def is_default(self) -> bool:
        return self.priority is None

    @property
    def rank(self) -> tuple[bool, int]:
        """The rules of a listener are tried from the lowest to the highest."""
        return self.is_default, self.priority or 0

    @property
    def forwards_to(self) -> tuple[ForwardTarget, ...]:
        return tuple(target for action in self.actions for target in action.forward)


class Listener(Frozen):
    """A listener with its rules in the order in which they are tried."""

    arn: str
    load_balancer_arn: str
    port: int
    protocol: str
    rules: tuple[Rule, ...] = ()


class Listeners(Fact):
    name: ClassVar[str] = "listeners"

    items: tuple[Listener, ...]

    def rules(self) -> Iterator[tuple[Listener, Rule]]:
        for listener in self.items:
            for rule in listener.rules:
                yield listener, rule

    def rules_to(self, target_group_arn: str) -> tuple[tuple[Listener, Rule], ...]:
        """Listener rules that can send a request to this target group (weight 0 included)."""
        return tuple(
            (listener, rule)
            for listener, rule in self.rules()
            if any(target.target_group_arn == target_group_arn for target in rule.forwards_to)
        )

    def target_groups_of(self, load_balancer_arn: str) -> tuple[str, ...]:
        """Target groups that any rule of this load balancer forwards to with a weight above 0, each once."""
        return tuple(
            dict.fromkeys(
                target.target_group_arn
                for listener, rule in self.rules()
                if listener.load_balancer_arn == load_balancer_arn
                for target in rule.forwards_to
                if target.weight > 0
            )
        )


class HealthCheck(Frozen):
    """A target group's health check. `port` is ``traffic-port`` or a number as text; `matcher` like ``200-299,302``."""

    enabled: bool = True
    protocol: str
    port: str
    path: str | None
    interval_s: int
    timeout_s: int
    healthy_threshold: int
    unhealthy_threshold: int
    matcher: str | None = None
    grpc_matcher: str | None = None

    @property
    def detection_s(self) -> int:
        """Time that a fault needs to turn a healthy target unhealthy."""
        return self.interval_s * self.unhealthy_threshold

    @property
    def recovery_s(self) -> int:
        """Time that a target needs to pass again at most, the first check included."""
        return self.interval_s * (self.healthy_threshold + 1)


class TargetGroup(Frozen):
    arn: str
    name: str
    target_type: str
    protocol: str | None
    protocol_version: str | None
    port: int | None
    vpc_id: str | None
    health_check: HealthCheck
    load_balancer_arns: tuple[str, ...] = ()
    control_port: int | None = None
    """Of the target optimizer's agent; None: the group does not use it."""

    @property
    def dimension(self) -> str:
        """Value of CloudWatch's TargetGroup dimension, ``targetgroup/name/id``."""
        return self.arn.rsplit(":", 1)[-1]


class TargetGroups(Fact):
    """The subject's own target groups first, then others that share its load balancers."""

    name: ClassVar[str] = "target_groups"

    items: tuple[TargetGroup, ...]

    def of(self, arn: str) -> TargetGroup | None:
        return next((item for item in self.items if item.arn == arn), None)


class TargetGroupAttributes(Fact):
    name: ClassVar[str] = "target_group_attributes"

    by_arn: dict[str, dict[str, str]]

    def deregistration_delay_s(self, arn: str) -> int:
        value = self.by_arn.get(arn, {}).get("deregistration_delay.timeout_seconds", "")
        return int(value) if value.isdigit() else DEFAULT_DEREGISTRATION_DELAY_S


class Target(Frozen):
    """One registered target and its health. `id` is an IP address, an instance id or a function ARN."""

    id: str
    port: int | None
    zone: str | None = None
    state: str
    reason: str | None = None
    description: str | None = None
    health_check_port: str | None = None
    override_state: str | None = None

    @property
    def key(self) -> str:
        return self.id if self.port is None else f"{self.id}:{self.port}"


class TargetHealth(Fact):
    """Targets of each of the subject's target groups at the time of the snapshot; an empty tuple: none registered.

    `missing` are target groups that the subject names and that do not exist.
    """

    name: ClassVar[str] = "target_health"

    by_group: dict[str, tuple[Target, ...]]
    missing: tuple[str, ...] = ()

    def all(self) -> Iterator[tuple[str, Target]]:
        for arn, targets in self.by_group.items():
            for target in targets:
                yield arn, target

    def in_state(self, *states: str) -> tuple[tuple[str, Target], ...]:
        return tuple((arn, target) for arn, target in self.all() if target.state in states)


class SiblingHealth(Fact):
    """Targets of groups that are not the subject's own and get requests from rules of its load balancers.

    Read only where no rule sends a request to a group of the subject itself, and of groups that share a weighted rule
    with one of its own.
    """

    name: ClassVar[str] = "sibling_health"

    by_group: dict[str, tuple[Target, ...]]


class Tags(Fact):
    name: ClassVar[str] = "tags"

    by_arn: dict[str, dict[str, str]]
