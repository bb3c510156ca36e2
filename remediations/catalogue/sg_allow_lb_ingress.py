"""Let the load balancer's security group into the targets' one."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.facts import LoadBalancer, SecurityGroups, TaskDefinitions
from diagnostics.rules.obstacles import Obstacle, obstacles
from diagnostics.rules.proven_port import PROVEN_PORT_USES, checks_an_unmapped_port
from diagnostics.rules.reachability import paths
from diagnostics.rules.terrain import TERRAIN_NEEDS, TERRAIN_USES, Terrain
from remediations.fix import Case, fix
from remediations.plan import Plan
from remediations.steps import openings, security_groups
from remediations.steps.openings import Opening
from remediations.steps.port_ranges import are_dynamic, ranges

REQUESTS_ONLY = "sg-traffic-port-blocked"
NEVER_OPEN = "sg-ingress-missing"
LATER = "where ECS chooses the host ports, tasks that start later get others, which stay closed"


@fix(
    id="sg-allow-lb-ingress",
    title="Let the load balancer into the targets' security group",
    risk="low",
    up_to="medium",
    causes=(NEVER_OPEN, "sg-stale-reference", REQUESTS_ONLY),
    calls=("ec2:AuthorizeSecurityGroupIngress", "ec2:CreateTags", "ec2:RevokeSecurityGroupIngress"),
    needs=(*TERRAIN_NEEDS, SecurityGroups),
    uses=(*TERRAIN_USES, *PROVEN_PORT_USES, TaskDefinitions),
    docs=("https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-register-targets.html",),
)
def sg_allow_lb_ingress(case: Case) -> Iterator[Plan]:
    """Adds one inbound rule for exactly each port that is blocked, that of the requests and that of the health checks,
    from the load balancer's security group. The approver may choose a single port.

    Offered where the rules were read and none admits the load balancer, in the same VPC: across a transit gateway or a
    firewall a reference does not work. Nothing that is allowed today changes; where a rule names a group that the load
    balancer no longer has, it stays. Whatever else is in the group is reached by the load balancer on that port too,
    which is of medium risk where no rule was made for a load balancer so far.
    The undo removes exactly the rules that were added.
    Source: https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
    """
    terrain = Terrain.of(case.facts)
    found: dict[tuple[str, str], list[Obstacle]] = {}
    for obstacle in obstacles(paths(terrain), "target-ingress"):
        if _is_meant(obstacle, case):
            found.setdefault((obstacle.load_balancer, obstacle.resources[0]), []).append(obstacle)
    for (arn, group_id), blocked in found.items():
        balancer = terrain.load_balancers.of(arn)
        if balancer is not None and _can_refer(group_id, balancer, case):
            yield from _plans(case, terrain, group_id, balancer, blocked)


def _is_meant(obstacle: Obstacle, case: Case) -> bool:
    """Whether the cause is about this obstacle: a wrong health check port is another fault, which no rule mends."""
    if not obstacle.resources or obstacle.resources[0] not in case.cause.resources:
        return False
    if case.cause.code == REQUESTS_ONLY:
        return obstacle.purposes == {"traffic"}
    return not checks_an_unmapped_port(obstacle, case.facts)


def _can_refer(group_id: str, balancer: LoadBalancer, case: Case) -> bool:
    group = case.facts[SecurityGroups].by_id.get(group_id)
    return bool(balancer.security_groups) and group is not None and group.vpc_id == balancer.vpc_id


def _plans(
    case: Case, terrain: Terrain, group_id: str, balancer: LoadBalancer, blocked: list[Obstacle]
) -> Iterator[Plan]:
    ports = ranges(port for obstacle in blocked for port in obstacle.ports)
    if not ports:
        return
    words = ", ".join(str(port) for port in sorted({port for one in blocked for port in one.ports})[:6])
    known, entrance = case.facts[SecurityGroups], balancer.security_groups[0]
    name = security_groups.named(known, group_id)
    opening = Opening(
        fix="sg-allow-lb-ingress",
        risk="medium" if case.cause.code == NEVER_OPEN else "low",
        direction="ingress",
        group_id=group_id,
        name=name,
        other=entrance,
        other_name=security_groups.named(known, entrance),
        load_balancer=balancer.arn,
        groups=openings.groups_behind(blocked, terrain),
        checked=any("health-check" in obstacle.purposes for obstacle in blocked),
        touches=f"everything in security group {name} becomes reachable from load balancer {balancer.name}"
        f" on tcp {words}",
        warnings=(LATER,) if are_dynamic(port for one in blocked for port in one.ports) else (),
    )
    yield openings.by_port(case.facts.subject, opening, ports)
