"""Registered targets, as the rest of the simulation asks for them."""

from __future__ import annotations

from collections import defaultdict

from moto.elbv2.models import elbv2_backends

from demo.aws.elbv2 import target_group_attributes
from demo.aws.targets import Target as Registered
from demo.aws.targets import TargetRegistry, delay_s_of
from demo.aws.trail import Trail
from demo.world.probe import Target
from demo.world.timing import Timing

ECS_PRINCIPAL = "ecs.amazonaws.com"
SCHEDULER_SESSION = "ecs-service-scheduler"


class Targets:
    """The registry in the world's time: what is registered serves, what is taken out drains."""

    def __init__(self, registry: TargetRegistry, timing: Timing, trail: Trail) -> None:
        self._registry = registry
        self._timing = timing
        self._trail = trail
        self._active: dict[str, tuple[tuple[Registered, ...], tuple[Target, ...]]] = {}
        self._unsaid: dict[tuple[str, str], list[dict[str, object]]] = defaultdict(list)

    def active(self, group: str) -> tuple[Target, ...]:
        """Targets with a port, in the order of their registration."""
        registered = self._registry.registered(group)
        known = self._active.get(group)
        if known is None or known[0] is not registered:
            targets = tuple(Target(group, t.id, t.port) for t in registered if t.port is not None)
            known = self._active[group] = registered, targets
        return known[1]

    def function(self, group: str) -> str | None:
        """The ARN of the function that is registered, for a group of type lambda."""
        return next((t.id for t in self._registry.registered(group) if t.port is None), None)

    @staticmethod
    def passes_lists(group: str) -> bool:
        """Whether requests to the group's function have lists of values for headers."""
        return _attributes(group).get("lambda.multi_value_headers.enabled") == "true"

    def draining(self, group: str) -> list[Target]:
        """Targets whose deregistration delay is running."""
        leaving = self._registry.draining(group, self._timing.now())
        return [Target(group, t.id, t.port) for t in leaving if t.port is not None]

    def register(self, target_group: str, target_id: str, port: int) -> None:
        """What ECS does when a task runs."""
        self._registry.register(target_group, target_id, port)
        self._unsaid[("RegisterTargets", target_group)].append({"id": target_id, "port": port})

    def deregister(self, target_group: str, target_id: str, port: int) -> float:
        """What ECS does when a task stops; returns the delay in seconds, before any speeding up."""
        delay_s = self._delay_s(target_group)
        self._registry.deregister(target_group, target_id, port, self._timing.span_s(delay_s))
        self._unsaid[("DeregisterTargets", target_group)].append({"id": target_id, "port": port})
        return delay_s

    def leave_trace(self) -> None:
        """Writes what ECS did since the last call to CloudTrail, one event for each group and kind.

        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using-service-linked-roles-for-clusters.html
        """
        for (event, group), targets in self._unsaid.items():
            _, _, _, region, account, _ = group.split(":", 5)
            role = "AWSServiceRoleForECS"
            self._trail.add(
                account,
                region,
                event,
                "elasticloadbalancing.amazonaws.com",
                SCHEDULER_SESSION,
                [("AWS::ElasticLoadBalancingV2::TargetGroup", group)],
                {"targetGroupArn": group, "targets": targets},
                user_identity={
                    "type": "AssumedRole",
                    "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{SCHEDULER_SESSION}",
                    "accountId": account,
                    "sessionContext": {"sessionIssuer": {"type": "Role", "userName": role, "accountId": account}},
                    "invokedBy": ECS_PRINCIPAL,
                },
                source_ip=ECS_PRINCIPAL,
                user_agent=ECS_PRINCIPAL,
            )
        self._unsaid.clear()

    @staticmethod
    def _delay_s(target_group: str) -> float:
        attributes = _attributes(target_group)
        return delay_s_of(attributes) if attributes else 0.0


def _attributes(target_group: str) -> dict[str, str]:
    """Empty for a group that does not exist."""
    _, _, _, region, account, _ = target_group.split(":", 5)
    group = elbv2_backends[account][region].target_groups.get(target_group)
    return target_group_attributes(group) if group is not None else {}
