"""A network ACL drops the way to the targets or the way back."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import Metrics, NetworkAcls, Subnets
from diagnostics.printable import percent
from diagnostics.rules.dropped_packets import EFFECT_USES, effect_of, finding_of, rule_changes
from diagnostics.rules.obstacles import Obstacle, obstacles
from diagnostics.rules.reachability import paths
from diagnostics.rules.terrain import TERRAIN_NEEDS, TERRAIN_USES, WHEREABOUTS, Terrain

CHANGES = (
    "CreateNetworkAclEntry",
    "ReplaceNetworkAclEntry",
    "DeleteNetworkAclEntry",
    "ReplaceNetworkAclAssociation",
)
ZONE_SHARE = 0.8


@cause(
    code="nacl-blocked",
    title="Network ACL blocks the way between load balancer and targets",
    needs=(*TERRAIN_NEEDS, NetworkAcls, Subnets),
    uses=(*TERRAIN_USES, *EFFECT_USES, Metrics),
    clear_needs=WHEREABOUTS,
    docs=(
        "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
    ),
    replaces=("health-check-timeout-too-short",),
    leads_to=(
        "all-targets-unhealthy-fail-open",
        "deployment-failing-loop",
        "no-registered-targets",
        "image-pull-failed",
        "resource-initialization-failed",
    ),
    helped_by=("deployment-min-healthy-too-low",),
)
def nacl_blocked(facts: Facts) -> Iterator[Finding]:
    """A network ACL of the load balancer's or the targets' subnets denies the port or the return ports.

    Decided by trying the entries in the order of their numbers, for both subnets and both directions: the port
    towards the targets, 1024-65535 on the way back. Its effect is dropped connections, often in one zone only, or in
    all when one ACL serves all subnets. Refuted by entries that allow, by a target in the load balancer's own subnet
    (ACLs do not filter inside a subnet), or by a target that answers health checks.
    """
    for obstacle in obstacles(paths(Terrain.of(facts)), "network-acl"):
        changed = rule_changes(facts, obstacle.resources, CHANGES, ())
        effect = effect_of(obstacle, facts, changed)
        if effect is None:
            continue
        acl = obstacle.resources[0]
        found = finding_of(
            effect,
            decisive(f"{acl}: {obstacle.why}", "ec2:DescribeNetworkAcls"),
            changed,
            resource=acl,
            summary=f"Network ACL {acl} drops connections to port {obstacle.port_words}"
            f" ({obstacle.who()}{_origin(obstacle)}): {obstacle.why}",
            overturned_by=f"An entry with a lower number that allows it: aws ec2 describe-network-acls"
            f" --network-acl-ids {acl}",
            advice="Let the ACLs of both subnets pass the port towards the targets and 1024-65535 back; entries are"
            " tried by number, so the allow must come before the deny.",
        )
        zones = _zone_of_errors(obstacle, facts) if effect.seen else ()
        more = (supporting(f"{acl}: {why}", "ec2:DescribeNetworkAcls") for why in obstacle.reasons[1:])
        yield found.model_copy(update={"supports": (*found.supports, *more, *zones)})


def _origin(obstacle: Obstacle) -> str:
    return "" if obstacle.complete else f", from {' and '.join(obstacle.zones)}"


def _zone_of_errors(obstacle: Obstacle, facts: Facts) -> tuple[Evidence, ...]:
    """Whether the 504s gather in the zones from which the way is blocked."""
    metrics = facts.maybe(Metrics)
    if not isinstance(metrics, Metrics) or obstacle.complete:
        return ()
    dimension = obstacle.load_balancer.split(":loadbalancer/", 1)[-1]
    totals: dict[str, float] = {}
    for series in metrics.with_metric("HTTPCode_ELB_504_Count"):
        dimensions = dict(series.dimensions)
        if dimensions.get("LoadBalancer") == dimension and "AvailabilityZone" in dimensions:
            points = series.between(facts.window.start, facts.window.end)
            totals[dimensions["AvailabilityZone"]] = sum(point.value for point in points)
    inside = sum(number for zone, number in totals.items() if zone in obstacle.zones)
    share = inside / sum(totals.values()) if inside else 0.0
    if share < ZONE_SHARE:
        return ()
    text = f"{percent(share)} of the 504s come from {' and '.join(obstacle.zones)}"
    return (supporting(text, "cloudwatch:GetMetricData"),)
