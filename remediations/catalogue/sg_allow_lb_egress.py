"""Let the load balancer's security group out to the targets' one."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.facts import LoadBalancer, SecurityGroups
from diagnostics.rules.obstacles import Obstacle, obstacles
from diagnostics.rules.reachability import Blocked, Path, paths
from diagnostics.rules.terrain import TERRAIN_NEEDS, TERRAIN_USES, Terrain
from remediations.fix import Case, fix
from remediations.plan import Plan
from remediations.steps import openings, security_groups
from remediations.steps.openings import Opening
from remediations.steps.port_ranges import in_words, ranges


@fix(
    id="sg-allow-lb-egress",
    title="Let the load balancer's security group out to the targets",
    risk="low",
    causes=("sg-egress-missing",),
    calls=("ec2:AuthorizeSecurityGroupEgress", "ec2:CreateTags", "ec2:RevokeSecurityGroupEgress"),
    needs=(*TERRAIN_NEEDS, SecurityGroups),
    uses=TERRAIN_USES,
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-update-security-groups.html",
    ),
)
def sg_allow_lb_egress(case: Case) -> Iterator[Plan]:
    """Adds one outbound rule to the load balancer's security group for each port that is blocked, that of the requests
    and that of the health checks, towards the security group that the targets wear. The approver may choose one port.

    Offered where the load balancer's rules were read, none covers the targets, and all targets that are not reached
    share a security group in the same VPC: across a peering or a gateway a reference may not work. Nothing that is
    allowed today changes. It does not bring back a rule that let everything out: what else the load balancer calls,
    such as an identity provider, has to be allowed by itself. The undo removes exactly the rules that were added.
    Source: https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
    """
    terrain = Terrain.of(case.facts)
    ways = paths(terrain)
    blocked = [one for one in obstacles(ways, "balancer-egress") if set(one.resources) & set(case.cause.resources)]
    for arn in dict.fromkeys(one.load_balancer for one in blocked):
        balancer, own = terrain.load_balancers.of(arn), [one for one in blocked if one.load_balancer == arn]
        worn = _worn_by_all(case, balancer, ways) if balancer else None
        if balancer is not None and worn is not None:
            yield from _plans(case, terrain, balancer, worn, own)


def _worn_by_all(case: Case, balancer: LoadBalancer, ways: tuple[Path, ...]) -> str | None:
    """The security group that every target behind the closed way is in, within the load balancer's own VPC."""
    shut = [one for one in ways if one.load_balancer == balancer.arn and isinstance(one.egress, Blocked)]
    if not shut or any(one.whereabouts.security_groups is None for one in shut):
        return None
    common = set.intersection(*(set(one.whereabouts.security_groups or ()) for one in shut))
    known, own = case.facts[SecurityGroups].by_id, balancer.security_groups[0]
    first = shut[0].whereabouts.security_groups or ()
    here = [name for name in first if name in common and name in known and known[name].vpc_id == balancer.vpc_id]
    return here[0] if here and own in known else None


def _plans(case: Case, terrain: Terrain, balancer: LoadBalancer, worn: str, blocked: list[Obstacle]) -> Iterator[Plan]:
    ports = ranges(port for obstacle in blocked for port in obstacle.ports)
    if not ports:
        return
    own, known = balancer.security_groups[0], case.facts[SecurityGroups]
    name, other_name = security_groups.named(known, own), security_groups.named(known, worn)
    words = ", ".join(map(in_words, ports))
    opening = Opening(
        fix="sg-allow-lb-egress",
        risk="low",
        direction="egress",
        group_id=own,
        name=name,
        other=worn,
        other_name=other_name,
        load_balancer=balancer.arn,
        groups=openings.groups_behind(blocked, terrain),
        checked=any("health-check" in obstacle.purposes for obstacle in blocked),
        touches=f"everything in security group {name} may connect to everything in {other_name} on tcp {words}",
        warnings=("what else the load balancer calls, such as an identity provider, needs rules of its own",),
    )
    yield openings.by_port(case.facts.subject, opening, ports)
