"""Let the load balancer's security group into the targets' one."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.facts import LoadBalancer, SecurityGroups
from diagnostics.report import SettingChange
from diagnostics.rules.obstacles import Obstacle, obstacles
from diagnostics.rules.reachability import paths
from diagnostics.rules.terrain import TERRAIN_NEEDS, TERRAIN_USES, Terrain
from remediations.fix import Case, fix
from remediations.plan import Plan, Success, Undo
from remediations.steps import healthy, security_groups
from remediations.steps.arns import arn_of

EFFECT_S = 10
"""A rule works within seconds."""


@fix(
    id="sg-allow-lb-ingress",
    title="Let the load balancer into the targets' security group",
    risk="low",
    causes=("sg-ingress-missing", "sg-stale-reference"),
    needs=(*TERRAIN_NEEDS, SecurityGroups),
    uses=TERRAIN_USES,
    docs=("https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-register-targets.html",),
)
def sg_allow_lb_ingress(case: Case) -> Iterator[Plan]:
    """Adds one inbound rule, for exactly the port that is blocked and from the load balancer's security group.

    Offered where the rules were read and none admits the load balancer, in the same VPC: across a transit gateway or a
    firewall a reference does not work. Nothing that is allowed today changes. Whoever else wears the group is reached
    by the load balancer on that port too. The undo removes exactly the rule that was added.
    Source: https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
    """
    terrain = Terrain.of(case.facts)
    for obstacle in obstacles(paths(terrain), "target-ingress"):
        balancer = terrain.load_balancers.of(obstacle.load_balancer)
        if balancer is not None and obstacle.resources and _can_refer(obstacle, balancer, case):
            for port in obstacle.ports:
                yield _plan(case, terrain, obstacle, balancer.security_groups[0], port)


def _can_refer(obstacle: Obstacle, balancer: LoadBalancer, case: Case) -> bool:
    group = case.facts[SecurityGroups].by_id.get(obstacle.resources[0])
    return bool(balancer.security_groups) and group is not None and group.vpc_id == balancer.vpc_id


def _plan(case: Case, terrain: Terrain, obstacle: Obstacle, entrance: str, port: int) -> Plan:
    subject, group_id = case.facts.subject, obstacle.resources[0]
    groups = [group for arn in obstacle.target_groups if (group := terrain.target_groups.of(arn)) is not None]
    takes_s = EFFECT_S + max((healthy.becomes_healthy_s(group) for group in groups), default=0)
    absent = security_groups.admits("ingress", group_id, entrance, port, port, is_so=False)
    present = security_groups.admits("ingress", group_id, entrance, port, port, is_so=True)
    return Plan(
        fix="sg-allow-lb-ingress",
        title=f"Let {entrance} into {group_id} on tcp {port}",
        risk="low",
        resource=arn_of(subject, "ec2", f"security-group/{group_id}"),
        changes=(
            SettingChange(
                resource=group_id,
                setting=f"inbound rule for tcp {port} from {entrance}",
                before=None,
                after=f"tcp {port} from {entrance}",
            ),
        ),
        guards=(absent,),
        writes=(security_groups.add_rule(subject, "ingress", group_id, entrance, port, port),),
        success=Success(
            text="the targets pass their health checks",
            within_s=takes_s,
            guards=(present, *(healthy.targets_healthy(group.arn) for group in groups)),
        ),
        undo=Undo(
            kind="exact",
            text=f"removes that rule from {group_id}",
            writes=(security_groups.remove_rule(subject, "ingress", group_id, absent),),
            guards=(present,),
        ),
        touches=f"everything that wears {group_id} can be reached by the load balancer on tcp {port}",
        eta_s=takes_s,
    )
