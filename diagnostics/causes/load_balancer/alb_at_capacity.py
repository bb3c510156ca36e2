"""The load balancer refuses connections because it has no room for them."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import LoadBalancer, LoadBalancers, Metrics, Subnets
from diagnostics.printable import counted
from diagnostics.rules.asking import balancer_metric
from diagnostics.rules.balancer_trouble import ENOUGH_REJECTED

FREE_IPS = 8
"""The load balancer adds nodes only into subnets with so many free addresses."""
IMPAIRED = "active_impaired"


@cause(
    code="alb-at-capacity",
    title="The load balancer is at its limit",
    needs=(Metrics,),
    uses=(LoadBalancers, Subnets),
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/capacity-unit-reservation.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-subnets.html",
    ),
    replaces=("alb-state-not-active",),
)
def alb_at_capacity(facts: Facts) -> Iterator[Finding]:
    """The load balancer refused connections because it had reached its number of connections: callers see a refused
    connection, or 503. It grows by itself, but not at once, and not without free addresses in its subnets.

    Decided by RejectedConnectionCount; the state active_impaired and subnets without free addresses say why it could
    not grow. Refuted by a count of 0. Failed TLS handshakes of callers (ClientTLSNegotiationErrorCount) say nothing
    about capacity. Full subnets alone are a risk.
    """
    for arn in facts.subject.load_balancers:
        balancer = _balancer(facts, arn)
        refused, first = _refused(facts, arn)
        tight = tuple(_tight(facts, balancer)) if balancer else ()
        if refused >= ENOUGH_REJECTED:
            yield _finding(facts, arn, balancer, refused, first, tight)
        elif tight and balancer and len(tight) == len(balancer.zones):
            yield _risk(arn, tight)


def _balancer(facts: Facts, arn: str) -> LoadBalancer | None:
    balancers = facts.maybe(LoadBalancers)
    return balancers.of(arn) if isinstance(balancers, LoadBalancers) else None


def _refused(facts: Facts, arn: str) -> tuple[int, Evidence | None]:
    series = facts[Metrics].find("RejectedConnectionCount", LoadBalancer=arn.split(":loadbalancer/", 1)[-1])
    counts = series.between(facts.window.start, facts.window.end) if series else ()
    points = [point for point in counts if point.value]
    number = round(sum(point.value for point in points))
    if not number:
        return 0, None
    first = points[0].at
    text = f"{counted(number, 'connection')} refused at the limit (RejectedConnectionCount), first {first:%H:%M} UTC"
    return number, decisive(text, "cloudwatch:GetMetricData", at=first, value=number)


def _tight(facts: Facts, balancer: LoadBalancer) -> Iterator[Evidence]:
    """The load balancer's subnets that have no address for another node."""
    subnets = facts.maybe(Subnets)
    for zone in balancer.zones:
        subnet = subnets.by_id.get(zone.subnet_id) if isinstance(subnets, Subnets) else None
        if subnet is not None and subnet.available_ips is not None and subnet.available_ips < FREE_IPS:
            text = f"subnet {subnet.id} ({zone.zone}) has {subnet.available_ips} free addresses"
            yield decisive(text, "ec2:DescribeSubnets", value=subnet.available_ips)


def _finding(
    facts: Facts,
    arn: str,
    balancer: LoadBalancer | None,
    refused: int,
    first: Evidence | None,
    tight: tuple[Evidence, ...],
) -> Finding:
    name = arn.split("/")[-2]
    state = balancer.state if balancer else ""
    impaired = (decisive(f"state of {name}: {IMPAIRED}", "elbv2:DescribeLoadBalancers"),) if state == IMPAIRED else ()
    why = ", and its subnets have no addresses to grow into" if tight else ""
    ours = facts.observed.saw("elb_503") and _in_step(facts, first)
    return Finding(
        resource=arn,
        summary=f"Load balancer {name} refused {refused:,} connections: it is at its limit{why}",
        supports=(*((first,) if first else ()), *impaired, *tight),
        effect_seen=True,
        affects=frozenset({arn}),
        explains=frozenset(
            {"rejected"} | ({"balancer-state"} if impaired else set()) | ({"elb_503"} if ours else set())
        ),
        since=first.at if first else None,
        overturned_by=f"RejectedConnectionCount of {name} at 0 while callers see refused connections: "
        + balancer_metric(facts, "RejectedConnectionCount", "Sum", facts.window.start, facts.window.end),
        advice="Free addresses in the load balancer's subnets (each needs at least 8), or give it larger ones."
        " Reserve capacity before a known peak: `aws elbv2 modify-capacity-reservation --load-balancer-arn "
        f"{arn} --minimum-load-balancer-capacity CapacityUnits=N`. A flood of connections from few callers is for a"
        " rate-based rule of the firewall.",
    )


def _in_step(facts: Facts, first: Evidence | None) -> bool:
    """Whether the 503s came with the refusals and not before them."""
    onset = facts.observed.onset
    return first is not None and first.at is not None and onset is not None and first.at <= onset


def _risk(arn: str, tight: tuple[Evidence, ...]) -> Finding:
    name = arn.split("/")[-2]
    return Finding(
        resource=arn,
        summary=f"No subnet of load balancer {name} has room for another node; it cannot grow when traffic does",
        supports=tuple(supporting(item.text, item.source, value=item.value) for item in tight),
        effect_seen=False,
        affects=frozenset({arn}),
        advice="Free addresses in its subnets: each needs at least 8 for the load balancer to scale.",
    )
