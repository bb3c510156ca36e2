"""Targets that are addresses of a load balancer."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive
from diagnostics.facts import NetworkInterfaces, Target, TargetHealth
from diagnostics.rules.routing import CANNOT_SERVE, short_name

MAX_NAMED = 3
MAX_WORDS = 160


@cause(
    code="target-ip-unusable",
    title="A registered address cannot be a target",
    needs=(TargetHealth,),
    uses=(NetworkInterfaces,),
    docs=("https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html",),
    leads_to=("no-registered-targets",),
)
def target_ip_unusable(facts: Facts) -> Iterator[Finding]:
    """Targets are `unused` with Target.IpUnusable: their address is in use by a load balancer, so it gets no requests.

    Decided by the targets' state and by the interface that holds the address. Refuted by any other reason.
    """
    for group, targets in facts[TargetHealth].by_group.items():
        unusable = tuple(t for t in targets if t.state == "unused" and t.reason == "Target.IpUnusable")
        if unusable:
            yield _finding(facts, group, unusable, targets)


def _finding(facts: Facts, group: str, unusable: tuple[Target, ...], targets: tuple[Target, ...]) -> Finding:
    nobody_left = all(target.state in CANNOT_SERVE for target in targets)
    names = ", ".join(target.id for target in unusable[:MAX_NAMED])
    left = "; nobody is left to answer" if nobody_left else ""
    words = next((target.description for target in unusable if target.description), "")
    text = f"{names} unused with Target.IpUnusable{f': {words[:MAX_WORDS]}' if words else ''}"
    return Finding(
        resource=group,
        summary=f"{names} in {short_name(group)} cannot be a target: the address belongs to a load balancer{left}",
        supports=(
            decisive(text, "elbv2:DescribeTargetHealth", value=len(unusable)),
            *_owners(facts, unusable),
        ),
        effect_seen=True,
        affects=frozenset(target.key for target in unusable),
        explains=frozenset({"unused"} | ({"elb_503", "no-targets"} if nobody_left else set())),
        overturned_by="an interface of something else with this address: aws ec2 describe-network-interfaces --filters"
        f" Name=addresses.private-ip-address,Values={unusable[0].id}",
        advice="Register the addresses of the application itself; to put one load balancer behind another, use a"
        " target group of type alb behind a network load balancer.",
    )


def _owners(facts: Facts, unusable: tuple[Target, ...]) -> Iterator[Evidence]:
    interfaces = facts.maybe(NetworkInterfaces)
    for target in unusable[:MAX_NAMED]:
        owner = interfaces.by_ip(target.id) if isinstance(interfaces, NetworkInterfaces) else None
        if owner and owner.description.startswith("ELB "):
            text = f"{target.id} is an address of {owner.description[:MAX_WORDS]}"
            yield decisive(text, "ec2:DescribeNetworkInterfaces")
