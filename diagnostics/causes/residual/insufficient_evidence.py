from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, supporting
from diagnostics.facts import EcsService, Gap, LoadBalancerAttributes, Metrics, StoppedTasks, TargetHealth
from diagnostics.printable import line
from diagnostics.rules.observations import ELB_CODES, Observations

PARTITION_SHARE = 0.1
MAX_SAID = 300
_WOULD_TELL = {
    "elb_502": "access log rows of the 502s (their processing times tell a refused connection from one closed early)",
    "elb_503": "access log rows of the 503s (they name the rule and the target group that had no target)",
    "elb_504": "access log rows of the 504s (failing after 10 s is the network, after the idle timeout a slow target)",
    "elb_500": "access log rows of the 500s (error_reason and actions_executed name rule, WAF or identity provider)",
}

_SEEN = {
    "unhealthy": "unhealthy targets",
    "unused": "targets that get no traffic",
    "no-targets": "a target group without targets",
    "no-requests": "requests that no longer arrive",
    "task-stops": "tasks that stop by themselves",
    "deployment": "a deployment that does not get through",
}


@cause(
    code="insufficient-evidence",
    family="residual",
    title="Something is wrong, and what was read does not say why",
    needs=(),
    uses=(Metrics, TargetHealth, StoppedTasks, LoadBalancerAttributes, EcsService),
    clear_needs=(Metrics, TargetHealth, StoppedTasks),
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
    ),
    residual=True,
)
def insufficient_evidence(facts: Facts) -> Iterator[Finding]:
    """Named when something is observed that no cause explains: errors, unhealthy targets, failing tasks. It says what
    would tell. Errors of a shared load balancer that nothing of this target group points to belong here too, unless
    another target group shows the trouble.
    """
    observed = facts.observed
    left = observed.symptoms - facts.explained
    if not observed.errors_are_ours:
        if observed.sick_siblings:
            left = frozenset(symptom for symptom in left if not symptom.startswith("elb_"))
    elif facts.explained & observed.symptoms and not _large(left, observed):
        left = frozenset(symptom for symptom in left if not symptom.startswith(("elb_", "target_5xx")))
        if facts.explained & {"unhealthy", "no-targets", "task-stops", "deployment"}:
            left = frozenset()
    if not left:
        return
    tells = _what_would_tell(left, facts)
    yield Finding(
        resource=facts.subject.label,
        summary=_summary(left, observed, bool(facts.explained & observed.symptoms)),
        supports=tuple(_observed(left, facts)),
        effect_seen=True,
        explains=left,
        since=observed.onset,
        advice=f"What would tell: {tells}.",
        at_most="possible",
    )


def _large(left: frozenset[str], observed: Observations) -> bool:
    """True when the unexplained errors are a tenth of all, or more."""
    total = observed.counts.elb_total + (observed.counts.target_5xx or 0)
    missing = sum(
        getattr(observed.counts, symptom, 0) or 0 for symptom in left if symptom.startswith(("elb_", "target"))
    )
    return total > 0 and missing / total >= PARTITION_SHARE


def _summary(left: frozenset[str], observed: Observations, partly: bool) -> str:
    if not observed.errors_are_ours and all(symptom.startswith("elb_") for symptom in left):
        return "the load balancer's errors may belong to any of its target groups; nothing points to this one"
    what = ", ".join(_counted(symptom, observed) or _SEEN.get(symptom, symptom) for symptom in sorted(left))
    if partly:
        return f"not explained by the cause above: {what}"
    return f"{what}, and nothing that was read says why"


def _counted(symptom: str, observed: Observations) -> str:
    """``377 answers of 502``; empty for what is not counted."""
    number = getattr(observed.counts, symptom, None)
    if not number:
        return ""
    if symptom == "target_5xx":
        return f"{number:,} answers of 5xx by the targets themselves"
    return f"{number:,} answers of {symptom.removeprefix('elb_')}"


def _observed(left: frozenset[str], facts: Facts) -> Iterator[Evidence]:
    observed = facts.observed
    for symptom in sorted(left):
        number = getattr(observed.counts, symptom, None)
        if number:
            yield supporting(_counted(symptom, observed), "cloudwatch:GetMetricData", value=number)
        elif symptom in {"unhealthy", "unused", "no-targets"}:
            yield _of_health(symptom, facts)
        elif symptom == "task-stops":
            yield supporting("tasks stop by themselves", "ecs:DescribeTasks")
        elif symptom == "deployment":
            yield supporting("a deployment does not get through", "ecs:DescribeServices")
            yield from _said_by_ecs(facts)


def _said_by_ecs(facts: Facts) -> Iterator[Evidence]:
    """The newest service event that tells of something ECS cannot do, in its own words."""
    service = facts.maybe(EcsService)
    for event in service.events if isinstance(service, EcsService) else ():
        if "unable to" in event.message and facts.now - event.at <= timedelta(hours=1):
            yield supporting(f"ECS says: {line(event.message, MAX_SAID)}", "ecs:DescribeServices", at=event.at)
            return


def _of_health(symptom: str, facts: Facts) -> Evidence:
    if isinstance(facts.maybe(TargetHealth), Gap):
        return supporting("CloudWatch counts unhealthy targets", "cloudwatch:GetMetricData")
    return supporting(_SEEN[symptom], "elbv2:DescribeTargetHealth")


def _what_would_tell(left: frozenset[str], facts: Facts) -> str:
    unread = [
        kind.name.replace("_", " ") for kind in (TargetHealth, StoppedTasks) if isinstance(facts.maybe(kind), Gap)
    ]
    wants = [_WOULD_TELL[f"elb_{code}"] for code in ELB_CODES if f"elb_{code}" in left]
    if "target_5xx" in left or "unhealthy" in left or "task-stops" in left:
        wants.append("the application's own log")
    attributes = facts.maybe(LoadBalancerAttributes)
    if wants and isinstance(attributes, LoadBalancerAttributes):
        off = [arn for arn in facts.subject.load_balancers if not attributes.access_logs_enabled(arn)]
        if off:
            wants.append("access logs are off on this load balancer; switch them on for the next time")
    return (
        "; ".join([*wants, *(f"{name}, which could not be read" for name in unread)])
        or "a second look in a few minutes"
    )
