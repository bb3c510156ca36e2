"""What is wrong with the load balancer itself, and with the groups that share its weighted rules.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
"""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.facts import EcsService, Listeners, LoadBalancers, Metrics, SiblingHealth, TargetHealth
from diagnostics.rules.counters import of_balancers, total, total_of_balancers
from diagnostics.rules.routing import has_nobody, may_be_empty, weighted_with
from diagnostics.snapshot import Snapshot

ACTIVE = "active"
ENOUGH_REJECTED = 3


def balancer_symptoms(snapshot: Snapshot) -> Iterator[str]:
    """``rejected`` for connections that it had no room for, ``balancer-state`` for one that is not active."""
    metrics, balancers, window = snapshot.get(Metrics), snapshot.get(LoadBalancers), snapshot.window
    rejected = total(metrics, "RejectedConnectionCount", of_balancers(snapshot.subject), window.start, window.end)
    if (rejected or 0) >= ENOUGH_REJECTED:
        yield "rejected"
    if isinstance(balancers, LoadBalancers) and any(item.state not in {"", ACTIVE} for item in balancers.items):
        yield "balancer-state"


def has_empty_partner(snapshot: Snapshot) -> bool:
    """Whether a rule that divides the subject's requests sends a share of them to a group without targets."""
    listeners, siblings = snapshot.get(Listeners), snapshot.get(SiblingHealth)
    health, service = snapshot.get(TargetHealth), snapshot.get(EcsService)
    if not isinstance(listeners, Listeners) or not isinstance(siblings, SiblingHealth):
        return False
    if not isinstance(health, TargetHealth) or known_without_503(snapshot):
        return False
    return any(
        has_nobody(siblings.by_group[arn]) and not may_be_empty(arn, health, listeners, service)
        for arn in weighted_with(listeners, health.by_group)
        if arn in siblings.by_group
    )


def known_without_503(snapshot: Snapshot) -> bool:
    """Whether the load balancer is known to have answered 503 to nobody."""
    return total_of_balancers(snapshot.get(Metrics), "HTTPCode_ELB_503_Count", snapshot.subject, snapshot.window) == 0
