"""Every registered target is out of use, for more than one reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import EcsService, Listeners, Target, TargetHealth
from diagnostics.printable import line
from diagnostics.rules.balancer_counts import answered_503
from diagnostics.rules.routing import is_idle_colour, routes_to, short_name

TOLD_BY_ITSELF = frozenset({"Target.NotInUse", "Target.InvalidState", "Target.IpUnusable"})
"""Where all targets have one of these reasons, a cause of its own names it."""
MAX_REASON = 60


@cause(
    code="all-targets-unused",
    title="Every target of the group is out of use",
    needs=(TargetHealth,),
    uses=(EcsService, Listeners),
    docs=("https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html",),
)
def all_targets_unused(facts: Facts) -> Iterator[Finding]:
    """All registered targets are `unused`, and the load balancer answers 503 as if there were none.

    Decided by DescribeTargetHealth. It names the reasons where there are several, each with a part of the targets: a
    zone that is not enabled, instances that are stopped, addresses that cannot be used. Refuted by one target in any
    other state: an unhealthy one still gets requests, and by the service's other colour that serves. A single reason is
    reported as itself.
    """
    for group, targets in facts[TargetHealth].by_group.items():
        reasons = Counter(line(target.reason or "no reason given", MAX_REASON) for target in targets)
        alone = len(reasons) == 1 and next(iter(reasons)) in TOLD_BY_ITSELF
        rests = is_idle_colour(group, facts.maybe(EcsService), facts.maybe(Listeners))
        if targets and all(target.state == "unused" for target in targets) and not alone and not rests:
            yield _finding(facts, group, targets, reasons)


def _finding(facts: Facts, group: str, targets: tuple[Target, ...], reasons: Counter[str]) -> Finding:
    name = short_name(group)
    parts = ", ".join(f"{number} {reason}" for reason, number in reasons.most_common(4))
    return Finding(
        resource=group,
        summary=f"All {len(targets)} targets of {name} are unused ({parts}); nobody is left to answer",
        supports=(
            decisive(f"targets of {name}: {parts}", "elbv2:DescribeTargetHealth", value=dict(reasons)),
            *_rules(facts, group),
            *answered_503(facts),
        ),
        effect_seen=True,
        role="consequence",
        affects=frozenset(target.key for target in targets),
        explains=frozenset({"unused", "elb_503", "no-targets"}),
        overturned_by=f"A target in another state: aws elbv2 describe-target-health --target-group-arn {group}",
        advice="Go through the reasons one by one: enable the zone or move the targets, start the instances, register"
        " addresses that belong to the targets themselves.",
    )


def _rules(facts: Facts, group: str) -> Iterator[Evidence]:
    for route in (routes_to(facts.maybe(Listeners), group) or ())[:1]:
        yield supporting(f"{route.in_words()} forwards to it", "elbv2:DescribeRules")
