"""Let the load balancer reach the dynamic host ports of container instances."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from diagnostics.facts import SecurityGroups
from diagnostics.rules.obstacles import Obstacle, obstacles
from diagnostics.rules.reachability import paths
from diagnostics.rules.terrain import TERRAIN_NEEDS, TERRAIN_USES, Terrain
from remediations.fix import Case, fix
from remediations.plan import Plan
from remediations.steps import openings, security_groups
from remediations.steps.openings import Opening
from remediations.steps.port_ranges import DYNAMIC, are_dynamic, in_words


@fix(
    id="sg-allow-dynamic-ports",
    title="Open the dynamic host ports of the instances to the load balancer",
    risk="medium",
    causes=("sg-ephemeral-range-missing",),
    calls=("ec2:AuthorizeSecurityGroupIngress", "ec2:CreateTags", "ec2:RevokeSecurityGroupIngress"),
    needs=(*TERRAIN_NEEDS, SecurityGroups),
    uses=TERRAIN_USES,
    docs=("https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PortMapping.html",),
)
def sg_allow_dynamic_ports(case: Case) -> Iterator[Plan]:
    """Adds one inbound rule for tcp 32768-65535 from the load balancer's security group to that of the instances, as
    every start of a task picks another port in this range. The approver may choose the range of today's ports instead,
    which helps until tasks are replaced.

    Offered where the rules were read, all registered ports lie in that range, and both groups are in one VPC. Every
    process on these instances that listens in the range can then be reached by the load balancer, and by nobody else.
    The undo removes exactly that rule.
    Source: https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
    """
    terrain = Terrain.of(case.facts)
    found: dict[tuple[str, str], list[Obstacle]] = {}
    for obstacle in obstacles(paths(terrain), "target-ingress"):
        if obstacle.resources and obstacle.resources[0] in case.cause.resources:
            found.setdefault((obstacle.load_balancer, obstacle.resources[0]), []).append(obstacle)
    for (arn, group_id), blocked in found.items():
        balancer, group = terrain.load_balancers.of(arn), case.facts[SecurityGroups].by_id.get(group_id)
        ports = [port for obstacle in blocked for port in obstacle.ports]
        here = balancer is not None and group is not None and group.vpc_id == balancer.vpc_id
        if balancer is not None and here and balancer.security_groups and are_dynamic(ports):
            yield _plan(case, terrain, group_id, balancer.arn, balancer.security_groups[0], blocked)


def _plan(case: Case, terrain: Terrain, group_id: str, balancer: str, entrance: str, blocked: list[Obstacle]) -> Plan:
    ports = [port for obstacle in blocked for port in obstacle.ports]
    today, known = (min(ports), max(ports)), case.facts[SecurityGroups]
    name = security_groups.named(known, group_id)
    opening = Opening(
        fix="sg-allow-dynamic-ports",
        risk="medium",
        direction="ingress",
        group_id=group_id,
        name=name,
        other=entrance,
        other_name=security_groups.named(known, entrance),
        load_balancer=balancer,
        groups=openings.groups_behind(blocked, terrain),
        checked=any("health-check" in obstacle.purposes for obstacle in blocked),
        touches=f"every process that listens on tcp {in_words(DYNAMIC)} in security group {name} becomes reachable from"
        " the load balancer",
    )
    narrow = openings.plan(
        case.facts.subject,
        replace(opening, warnings=("tasks that start later get other ports, which stay closed",)),
        [today],
        label=f"only tcp {in_words(today)}, where today's tasks listen",
    )
    return openings.plan(case.facts.subject, opening, [DYNAMIC]).model_copy(update={"narrower": (narrow,)})
