"""Nobody answers because the service was told to run nothing."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Facts, Finding, cause, decisive
from diagnostics.facts import Change, Changes, EcsService, Listeners, TargetHealth
from diagnostics.rules.changes import change_evidence, changes_before_onset
from diagnostics.rules.routing import has_nobody, registers_into, routes_to, short_name


@cause(
    code="service-scaled-to-zero",
    family="registration",
    title="The service is scaled to zero",
    needs=(EcsService, TargetHealth),
    uses=(Listeners, Changes),
    docs=(
        "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
    ),
    leads_to=("no-registered-targets",),
    helped_by=("deployment-min-healthy-too-low",),
)
def service_scaled_to_zero(facts: Facts) -> Iterator[Finding]:
    """The service's desired count is 0, its target group is empty and a rule still sends requests there: 503.

    Decided by DescribeServices and DescribeTargetHealth together. Refuted by a desired count above 0, or by targets
    that somebody else registered. A service at 0 whose group gets no requests is parked, not broken.
    """
    service = facts[EcsService]
    if service.desired > 0:
        return
    for group in sorted(registers_into(service)):
        targets = facts[TargetHealth].by_group.get(group)
        if targets is None or not has_nobody(targets) or routes_to(facts.maybe(Listeners), group) == ():
            continue
        scaled = _to_zero(service, facts)
        yield Finding(
            resource=service.arn,
            summary=f"Service {service.service} runs nothing: its desired count is 0",
            supports=(
                decisive(f"desired count of {service.service} is 0", "ecs:DescribeServices", value=0),
                decisive(f"target group {short_name(group)} has no targets", "elbv2:DescribeTargetHealth", value=0),
                *(change_evidence(change, facts.observed.onset) for change in scaled[:1]),
            ),
            effect_seen=True,
            affects=frozenset({group}),
            explains=frozenset({"no-targets", "elb_503"}),
            since=scaled[0].at if scaled else None,
            overturned_by=f"A desired count above 0: aws ecs describe-services --cluster {service.cluster}"
            f" --services {service.service} --query 'services[].desiredCount'",
            advice="Set the desired count. Where Application Auto Scaling owns it, raise the minimum there, or the"
            " change is undone; a scheduled action may have set it.",
        )


def _to_zero(service: EcsService, facts: Facts) -> tuple[Change, ...]:
    """Scheduled scaling acts through a service, and is what somebody set up: it is named too."""
    found = changes_before_onset(
        facts.maybe(Changes),
        resources=(service.arn, service.service),
        names=("UpdateService",),
        onset=facts.observed.onset,
        by_services_too=True,
    )
    return tuple(change for change in found if change.request.get("desiredCount") == 0)
