"""The targets' own limit of concurrent requests is reached, and the load balancer answers instead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import Metrics, TargetGroup, TargetGroups, TargetHealth
from diagnostics.printable import counted as number_of
from diagnostics.rules.balancer_counts import counted
from diagnostics.rules.observations import NOISE_ERRORS
from diagnostics.rules.row_evidence import ROW_USES, own_clusters, record

METRIC = "TargetControlRequestRejectCount"


@cause(
    code="target-optimizer-saturated",
    title="The target optimizer has no target that is ready for another request",
    needs=(Metrics,),
    uses=(TargetGroups, TargetHealth, *ROW_USES),
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-register-targets.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html",
    ),
)
def target_optimizer_saturated(facts: Facts) -> Iterator[Finding]:
    """The group uses the target optimizer: an agent beside each target says how many requests it takes at once. When
    all of them are busy, the load balancer answers 503 although the targets are healthy.

    Decided by the count of requests that it rejected for this reason together with 503. Refuted by a target group
    without a control port, and by a count of 0.
    """
    rejects = counted(facts, METRIC)
    groups = facts.maybe(TargetGroups)
    own = [groups.of(arn) for arn in facts.subject.target_groups] if isinstance(groups, TargetGroups) else []
    known = [group for group in own if group is not None]
    if not rejects or rejects < NOISE_ERRORS or not facts.observed.saw("elb_503"):
        return
    if known and not any(group.control_port for group in known):
        return
    rows = own_clusters(facts, "no-target", "other", elb_status=503)
    yield Finding(
        resource=facts.subject.target_groups[0] if facts.subject.target_groups else facts.subject.label,
        summary=f"All targets are as busy as the target optimizer lets them be: {rejects:,} requests were rejected",
        supports=(
            decisive(f"{rejects:,} requests rejected by the target optimizer ({METRIC})", "cloudwatch:GetMetricData"),
            *(record(facts, item, "503 for a group that has targets") for item in rows),
            *_agent(known),
            *_healthy(facts),
        ),
        effect_seen=True,
        explains=frozenset({"elb_503"}).union(*(item.explains for item in rows)),
        since=facts.observed.onset,
        overturned_by=f"{METRIC} at 0 in the minutes of the 503s",
        advice="Add targets, or let the agent take more requests at once (TARGET_CONTROL_MAX_CONCURRENCY) if the"
        " application stays fast with them; slow requests hold their places longest.",
        at_most=None if known else "likely",
    )


def _agent(groups: Sequence[TargetGroup]) -> Iterator[Evidence]:
    for group in groups:
        if group.control_port:
            text = f"the group uses the target optimizer (control port {group.control_port})"
            yield decisive(text, "elbv2:DescribeTargetGroups")
            return


def _healthy(facts: Facts) -> Iterator[Evidence]:
    health = facts.maybe(TargetHealth)
    if isinstance(health, TargetHealth):
        well = len(health.in_state("healthy"))
        if well:
            text = f"{number_of(well, 'target')} {'is' if well == 1 else 'are'} healthy"
            yield supporting(text, "elbv2:DescribeTargetHealth", value=well)
