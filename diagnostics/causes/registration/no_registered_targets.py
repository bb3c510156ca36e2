"""A target group that gets requests has nobody in it."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Facts, Finding, cause, decisive, supporting
from diagnostics.facts import Changes, EcsService, Listeners, Metrics, NotApplicable, TargetHealth
from diagnostics.printable import percent
from diagnostics.rules.balancer_counts import answered_503
from diagnostics.rules.changes import newest_before_onset
from diagnostics.rules.onset import STILL_GOING
from diagnostics.rules.routing import CANNOT_SERVE, Route, has_nobody, may_be_empty, routes_to, short_name
from diagnostics.rules.row_evidence import ROW_USES, own_clusters, record
from diagnostics.rules.was_empty import vacancy

REMOVES = ("DeregisterTargets",)
NO_RULE_READ = "nobody is known to ask for it: the listener rules, or the counter of 503, could not be read"


@cause(
    code="no-registered-targets",
    title="The target group is empty",
    needs=(TargetHealth,),
    uses=(Listeners, EcsService, Changes, Metrics, *ROW_USES),
    clear_needs=(EcsService, Changes, Metrics),
    shows=("elb_503", "no-targets"),
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-register-targets.html",
    ),
)
def no_registered_targets(facts: Facts) -> Iterator[Finding]:
    """A rule sends requests to a target group without registered targets: the load balancer answers 503.

    Decided by DescribeTargetHealth and the listener rules. Refuted by any registered target that is not draining,
    also an unhealthy one: when all are unhealthy the load balancer sends to all of them and does not answer 503. A
    group with weight 0, without a rule, or resting as the other half of a blue/green pair may be empty, and one that
    no service fills is a risk until somebody gets 503. One that has targets again was empty when CloudWatch counted
    none in the minutes with a 503. It is a consequence where the reason is known: scaled to zero, another group is
    fed, tasks cannot start.
    """
    listeners = facts.maybe(Listeners)
    for group, targets in facts[TargetHealth].by_group.items():
        routes = routes_to(listeners, group)
        if routes != () and any(target.state not in CANNOT_SERVE for target in targets):
            yield from _over(group, routes, facts)
        if routes == () or not has_nobody(targets):
            continue
        resting = may_be_empty(group, facts[TargetHealth], listeners, facts.maybe(EcsService))
        if not resting or (facts.observed.saw("elb_503") and facts.observed.errors_are_ours):
            yield _finding(group, bool(targets), routes, facts)


def _finding(group: str, draining: bool, routes: tuple[Route, ...] | None, facts: Facts) -> Finding:
    name = short_name(group)
    state = "has only draining targets" if draining else "has no registered targets"
    supports = [decisive(f"target group {name} {state}", "elbv2:DescribeTargetHealth", value=0)]
    if routes:
        supports.append(supporting(f"{routes[0].in_words()} forwards to it", "elbv2:DescribeRules"))
    rows = own_clusters(facts, "no-target", elb_status=503, group=group)
    supports.extend(record(facts, cluster, f"503 for target group {name}, which had no target") for cluster in rows)
    supports.extend(answered_503(facts) if rows or not facts.observed.rows_tell("elb_503") else ())
    supports.extend(newest_before_onset(facts, (group, name), REMOVES))
    partly = (
        f"; {percent(routes[0].share)} of the requests of its rule go there" if routes and routes[0].share < 1 else ""
    )
    return Finding(
        resource=group,
        summary=f"Target group {name} {state}{partly}",
        supports=tuple(supports),
        effect_seen=not _nobody_asks(facts),
        affects=frozenset({group}),
        explains=frozenset({"no-targets", "elb_503"}) | {cluster.key for cluster in rows},
        since=facts.observed.onset if facts.observed.saw("elb_503") else None,
        overturned_by=f"A registered target: aws elbv2 describe-target-health --target-group-arn {group}",
        advice=_advice(facts),
        against=(supporting(NO_RULE_READ, "elbv2:DescribeRules"),) if _maybe_nobody_asks(routes, facts) else (),
        at_most="possible" if _maybe_nobody_asks(routes, facts) else "likely" if routes is None else None,
    )


def _over(group: str, routes: tuple[Route, ...] | None, facts: Facts) -> Iterator[Finding]:
    """It was empty and is not any more. What a deployment or the scheduler does to a service has names of its own."""
    span = vacancy(facts, group)
    if span is None or span.empty is False or facts.window.end - span.end <= STILL_GOING:
        return
    if not facts.observed.saw("elb_503") or not facts.observed.errors_are_ours:
        return
    by_whom = newest_before_onset(facts, (group, short_name(group)), REMOVES)
    if not (by_whom if span.empty is None else by_whom or isinstance(facts.maybe(EcsService), NotApplicable)):
        return
    rows = own_clusters(facts, "no-target", elb_status=503, group=group)
    if facts.observed.rows_tell("elb_503") and not rows:
        return
    name, when = short_name(group), f"from {span.begin:%H:%M} to {span.end:%H:%M} UTC"
    nobody = decisive(
        f"no target of {name} was counted in the {span.minutes} minutes with a 503",
        "cloudwatch:GetMetricData",
        at=span.begin,
        value=0,
    )
    yield Finding(
        resource=group,
        summary=f"Target group {name} had no target to send to {when}; it has targets again",
        supports=(
            *((nobody,) if span.empty else ()),
            *(record(facts, cluster, f"503 for target group {name}, which had no target") for cluster in rows),
            *by_whom,
        ),
        effect_seen=True,
        affects=frozenset({group}),
        explains=frozenset({"elb_503"}) | {cluster.key for cluster in rows},
        since=span.begin,
        overturned_by="HealthyHostCount above 0 in these minutes, or access log rows of them that name another group",
        advice=(
            "Find out who took the targets out, or stopped them, and what put them back (CloudTrail: DeregisterTargets,"
            " RegisterTargets, StopInstances); leave one target in at any time."
        ),
        at_most="possible" if span.empty is None and not rows else "likely" if routes is None else None,
    )


def _advice(facts: Facts) -> str:
    if isinstance(facts.maybe(EcsService), NotApplicable):
        return (
            "Find out who should register here: an Auto Scaling group attached to the target group, a controller of"
            " Kubernetes, or somebody by hand with register-targets."
        )
    return "Find out why nothing registers: the service's desired count, the group it names, its stopped tasks."


def _nobody_asks(facts: Facts) -> bool:
    """A group that no service is known to fill, while nobody gets 503: an idle colour, or prepared for later."""
    return isinstance(facts.maybe(EcsService), NotApplicable) and facts.observed.counts.elb_503 == 0


def _maybe_nobody_asks(routes: tuple[Route, ...] | None, facts: Facts) -> bool:
    """The same where the rules, or the counter of 503, could not be read."""
    if routes is None:
        return not facts.observed.saw("elb_503")
    return isinstance(facts.maybe(EcsService), NotApplicable) and facts.observed.counts.elb_503 is None
