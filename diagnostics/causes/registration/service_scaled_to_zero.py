"""Nobody answers because the service was told to run nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from diagnostics.causes.cause import Facts, Finding, cause, decisive, supporting
from diagnostics.facts import Change, Changes, EcsService, Listeners, Metrics, TargetHealth
from diagnostics.rules.changes import change_evidence, changes_before_onset
from diagnostics.rules.routing import has_nobody, registers_into, routes_to, short_name
from diagnostics.rules.safer_deployments import update

EMPTIES_WITHIN = timedelta(minutes=10)
FILLS_WITHIN = timedelta(minutes=15)
"""Targets drain before the group is empty, and tasks start before it is filled."""
MAY_BE_PARKED = "the listener rules could not be read, and nobody is known to ask: it may be parked"


@cause(
    code="service-scaled-to-zero",
    title="The service is scaled to zero",
    needs=(EcsService, TargetHealth),
    uses=(Listeners, Changes, Metrics),
    clear_needs=(Changes, Metrics),
    shows=("elb_503", "no-targets"),
    docs=(
        "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
    ),
    leads_to=("no-registered-targets", "weighted-target-group-empty"),
    helped_by=("deployment-min-healthy-too-low",),
)
def service_scaled_to_zero(facts: Facts) -> Iterator[Finding]:
    """The service's desired count is 0, its target group is empty and a rule still sends requests there: 503.

    Decided by DescribeServices and DescribeTargetHealth together. Refuted by targets that somebody else registered, or
    by a desired count above 0, unless it was 0 when the 503s came and somebody raised it again. A service at 0 whose
    group gets no requests is parked, not broken.
    """
    service = facts[EcsService]
    if service.desired > 0:
        yield from _for_a_while(service, facts)
        return
    for group in sorted(registers_into(service)):
        targets = facts[TargetHealth].by_group.get(group)
        if targets is None or not has_nobody(targets) or routes_to(facts.maybe(Listeners), group) == ():
            continue
        scaled = _to_zero(service, facts)
        parked = routes_to(facts.maybe(Listeners), group) is None and not facts.observed.saw("elb_503")
        yield Finding(
            resource=service.arn,
            summary=f"Service {service.service} runs nothing: its desired count is 0",
            supports=(
                decisive(f"desired count of {service.service} is 0", "ecs:DescribeServices", value=0),
                decisive(f"target group {short_name(group)} has no targets", "elbv2:DescribeTargetHealth", value=0),
                *(change_evidence(change, facts.observed.onset) for change in scaled[:1]),
            ),
            against=(supporting(MAY_BE_PARKED, "elbv2:DescribeRules"),) if parked else (),
            effect_seen=True,
            at_most="possible" if parked else None,
            affects=frozenset({group}),
            explains=frozenset({"no-targets", "elb_503"}),
            since=scaled[0].at if scaled else None,
            overturned_by=f"A desired count above 0: aws ecs describe-services --cluster {service.cluster}"
            f" --services {service.service} --query 'services[].desiredCount'",
            advice=f"Set the desired count: `{update(service, '--desired-count COUNT')}`."
            " Where Application Auto Scaling owns it, raise the minimum there, or the"
            " change is undone; a scheduled action may have set it.",
        )


def _for_a_while(service: EcsService, facts: Facts) -> Iterator[Finding]:
    """The count was 0 when the 503s came, and it was raised since: the same fault in the past tense."""
    down, up = next(iter(_to_zero(service, facts)), None), _raised(service, facts)
    first, last = facts.observed.onset, facts.observed.last_seen
    if down is None or up is None or first is None or last is None or not facts.observed.saw("elb_503"):
        return
    if not down.at <= up.at or first - down.at > EMPTIES_WITHIN or last - up.at > FILLS_WITHIN:
        return
    yield Finding(
        resource=service.arn,
        summary=f"Service {service.service} was scaled to zero from {down.at:%H:%M} to {up.at:%H:%M} UTC",
        supports=(
            decisive(
                f"the load balancer answered 503 {facts.observed.counts.elb('503'):,} times,"
                f" from {first:%H:%M} to {last:%H:%M} UTC",
                "cloudwatch:GetMetricData",
                at=first,
            ),
            decisive(f"desired count set to 0 by {down.actor}", "cloudtrail:LookupEvents", at=down.at, value=0),
            supporting(
                f"desired count set to {service.desired} by {up.actor}",
                "cloudtrail:LookupEvents",
                at=up.at,
                value=service.desired,
            ),
        ),
        effect_seen=True,
        affects=frozenset(registers_into(service)),
        explains=frozenset({"elb_503", "no-targets"}) & facts.observed.symptoms,
        since=down.at,
        overturned_by="503s while the desired count was above 0",
        advice="Nothing to do now, if the count is meant to stay. Look at who or what set it to 0: a scheduled action"
        " does so again.",
    )


def _raised(service: EcsService, facts: Facts) -> Change | None:
    counts = [(one, one.request.get("desiredCount")) for one in _updates(service, facts, facts.window.end)]
    return next((change for change, count in counts if isinstance(count, int) and count > 0), None)


def _to_zero(service: EcsService, facts: Facts) -> tuple[Change, ...]:
    found = _updates(service, facts, facts.observed.onset)
    return tuple(change for change in found if change.request.get("desiredCount") == 0)


def _updates(service: EcsService, facts: Facts, until: datetime | None) -> tuple[Change, ...]:
    """Scheduled scaling acts through a service, and is what somebody set up: it is named too."""
    return changes_before_onset(
        facts.maybe(Changes),
        resources=(service.arn, service.service),
        names=("UpdateService",),
        onset=until,
        by_services_too=True,
    )
