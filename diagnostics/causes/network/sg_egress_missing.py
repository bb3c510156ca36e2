"""The load balancer's security groups do not let it out to the targets."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Facts, Finding, cause, decisive
from diagnostics.facts import SecurityGroups
from diagnostics.rules.dropped_packets import EFFECT_USES, effect_of, finding_of, rule_changes
from diagnostics.rules.obstacles import obstacles
from diagnostics.rules.reachability import paths
from diagnostics.rules.terrain import TERRAIN_NEEDS, TERRAIN_USES, WHEREABOUTS, Terrain

CHANGES = ("RevokeSecurityGroupEgress", "ModifySecurityGroupRules", "SetSecurityGroups")


@cause(
    code="sg-egress-missing",
    title="The load balancer's security group does not let it out",
    needs=(*TERRAIN_NEEDS, SecurityGroups),
    uses=(*TERRAIN_USES, *EFFECT_USES),
    clear_needs=WHEREABOUTS,
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-update-security-groups.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
    ),
    replaces=("health-check-timeout-too-short",),
    leads_to=("all-targets-unhealthy-fail-open", "deployment-failing-loop", "no-registered-targets"),
    helped_by=("deployment-min-healthy-too-low",),
)
def sg_egress_missing(facts: Facts) -> Iterator[Finding]:
    """No outbound rule of any security group of the load balancer covers the target on the port.

    Decided by going through the rules of all groups of the load balancer: the targets' groups by reference, their
    addresses by range or prefix list, ports and protocols. Its effect is dropped connections: Target.Timeout, 504
    after ten seconds. Refuted by an outbound rule that covers the port, or by a target that answers health checks
    on it. Outbound rules of the targets do not matter here: answers need none.
    """
    terrain = Terrain.of(facts)
    for obstacle in obstacles(paths(terrain), "balancer-egress"):
        resources = (*obstacle.resources, obstacle.load_balancer)
        changed = rule_changes(facts, resources, CHANGES, obstacle.ports)
        effect = effect_of(obstacle, facts, changed)
        if effect is None:
            continue
        groups, port = " + ".join(obstacle.resources), obstacle.port_words
        yield finding_of(
            effect,
            decisive(
                f"no outbound rule of {groups} covers the targets on tcp {port}; {obstacle.why}",
                "ec2:DescribeSecurityGroups",
            ),
            changed,
            resource=obstacle.resources[0],
            summary=f"Security group {groups} does not let the load balancer out to port {port} ({obstacle.who()})",
            overturned_by=f"An outbound rule that covers the targets on tcp {port}: aws ec2"
            f" describe-security-group-rules --filters Name=group-id,Values={','.join(obstacle.resources)}",
            advice=f"Allow tcp {port} outbound from {obstacle.resources[0]} to the targets' security group: `aws ec2"
            f" authorize-security-group-egress --group-id {obstacle.resources[0]} --ip-permissions 'IpProtocol=tcp,"
            f"FromPort={obstacle.ports[0]},ToPort={obstacle.ports[0]},UserIdGroupPairs=[{{GroupId=TARGETS-GROUP}}]'`.",
        )
