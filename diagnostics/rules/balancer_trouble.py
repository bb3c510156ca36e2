"""What is wrong with the load balancer itself, and with the groups that share its weighted rules.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
"""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.facts import EcsService, Listeners, LoadBalancers, Metrics, SiblingHealth, TargetHealth
from diagnostics.rules.counters import balancer_dimensions
from diagnostics.rules.routing import has_nobody, may_be_empty, weighted_with
from diagnostics.snapshot import Snapshot

ACTIVE = "active"
ENOUGH_REJECTED = 3


def balancer_symptoms(snapshot: Snapshot) -> Iterator[str]:
    """``rejected`` for connections that it had no room for, ``balancer-state`` for one that is not active."""
    metrics, balancers = snapshot.get(Metrics), snapshot.get(LoadBalancers)
    if isinstance(metrics, Metrics) and _rejected(metrics, snapshot) >= ENOUGH_REJECTED:
        yield "rejected"
    if isinstance(balancers, LoadBalancers) and any(item.state not in {"", ACTIVE} for item in balancers.items):
        yield "balancer-state"


def _rejected(metrics: Metrics, snapshot: Snapshot) -> float:
    """Connections that were refused in the window because a limit was reached."""
    found = [metrics.find("RejectedConnectionCount", LoadBalancer=one) for one in balancer_dimensions(snapshot)]
    window = snapshot.window
    return sum(point.value for series in found if series for point in series.between(window.start, window.end))


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
    metrics = snapshot.get(Metrics)
    if not isinstance(metrics, Metrics):
        return False
    found = [metrics.find("HTTPCode_ELB_503_Count", LoadBalancer=one) for one in balancer_dimensions(snapshot)]
    window = snapshot.window
    return bool(found) and all(
        series is not None and not any(point.value > 0 for point in series.between(window.start, window.end))
        for series in found
    )
