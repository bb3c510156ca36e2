from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, supporting
from diagnostics.facts import (
    AccessLogs,
    EcsCluster,
    EcsService,
    Gap,
    LoadBalancerAttributes,
    Metrics,
    NetworkAcls,
    SecurityGroups,
    StoppedTasks,
    TargetHealth,
)
from diagnostics.printable import line, percent
from diagnostics.rules.left_over import in_words, left_over, share_left, told_by_rows
from diagnostics.rules.logged_errors import COUNTED_BY_ROWS_ONLY
from diagnostics.rules.observations import ELB_CODES, Observations
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import record, source_of
from diagnostics.rules.seen_code import MEANS, is_unknown

PARTITION_SHARE = 0.1
MAX_SAID = 300
MAX_CLUSTERS = 4
_WOULD_TELL = {
    "elb_502": "access log rows of the 502s (their processing times tell a refused connection from one closed early)",
    "elb_503": "access log rows of the 503s (they name the rule and the target group that had no target)",
    "elb_504": "access log rows of the 504s (failing after 10 s is the network, after the idle timeout a slow target)",
    "elb_500": "access log rows of the 500s (error_reason and actions_executed name rule, WAF or identity provider)",
}
_TOLD_BY_CODE = (401, 403, 405, 413, 414, 463, 501, 505, 507, 561, 562)
_MEANS = {f"elb_{code}": f"{code} is {MEANS[code]}" for code in _TOLD_BY_CODE}
"""Codes that say themselves what is wrong, though not who does it."""
_WHO_DOES_IT = {
    "elb_463": "Each proxy on the way adds an address to X-Forwarded-For: look for two that send to each other, at CDN,"
    " gateway and name, and at the callers of these rows.",
    "elb_413": "Look at the callers of these rows: cookies and tokens that have grown, or bodies for a function.",
    "elb_414": "Look at the routes of these rows: what goes into their query belongs into a body.",
    "elb_507": "Look at the rule's redirect: it puts path or query into a URL that grows.",
}

_ON_THE_WAY = frozenset({"elb_502", "elb_504", "unhealthy"})
"""What a rule between the load balancer and its targets may be behind."""
_OF_TASKS = frozenset({"task-stops", "elb_504"})
"""What a task without memory or CPU to spare may be behind."""
_SEEN = {
    "unhealthy": "unhealthy targets",
    "unused": "targets that get no traffic",
    "no-targets": "a target group without targets",
    "no-requests": "requests that no longer arrive",
    "rejected": "connections that the load balancer refused",
    "balancer-state": "a load balancer that is not active",
    "task-stops": "tasks that stop by themselves",
    "deployment": "a deployment that does not get through",
}


@cause(
    code="insufficient-evidence",
    title="Something is wrong, and what was read does not say why",
    needs=(),
    uses=(
        Metrics,
        TargetHealth,
        StoppedTasks,
        LoadBalancerAttributes,
        EcsService,
        EcsCluster,
        AccessLogs,
        SecurityGroups,
        NetworkAcls,
    ),
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
    another target group shows the trouble. Where access log rows were read, those that no cause accounts for are named
    with their share. An error that people report, while neither counters nor rows could be read, stays open too. What
    was put right, with all targets healthy since, is over and not open.
    """
    observed = facts.observed
    rest = left_over(observed, facts.explained)
    left = (observed.symptoms - facts.explained - {*told_by_rows(observed)}) | {cluster.symptom for cluster in rest}
    if not observed.errors_are_ours:
        if observed.sick_siblings:
            left = frozenset(symptom for symptom in left if not symptom.startswith("elb_"))
    elif facts.explained & observed.symptoms and not _large(left, observed, rest):
        left = frozenset(symptom for symptom in left if not symptom.startswith(("elb_", "target_5xx")))
        if facts.explained & {"unhealthy", "no-targets", "task-stops", "deployment", "elb_503"}:
            left = left - {"no-requests"}  # these are the requests that get the load balancer's own answer
        if facts.explained & {"unhealthy", "no-targets", "task-stops", "deployment"}:
            left = frozenset()
    if observed.ended is not None:  # rules and settings were read as they are since then
        return
    if not left:
        yield from _reported(facts)
        return
    yield Finding(
        resource=facts.subject.label,
        summary=_summary(left, observed, rest, bool(facts.explained & observed.symptoms)),
        supports=(*_rows(facts, left, rest), *_observed(left, facts)),
        effect_seen=True,
        explains=left | {cluster.key for cluster in rest},
        since=observed.onset,
        advice=_told_by_code(left) or f"What would tell: {_what_would_tell(left, facts)}.",
        at_most="possible",
    )


def _reported(facts: Facts) -> Iterator[Finding]:
    """People report an error, and neither a counter nor the rows could be read: that is not the same as no error."""
    code, metrics = facts.subject.seen, facts.maybe(Metrics)
    if facts.observed.symptoms or not is_unknown(code, metrics, facts.maybe(AccessLogs), facts.window):
        return
    action = metrics.action if isinstance(metrics, Gap) else "cloudwatch:GetMetricData"
    yield Finding(
        resource=facts.subject.label,
        summary=f"whether the {code} that people see came from this load balancer could not be read",
        supports=(supporting(f"people report {code}; the counters and the rows of it were not read", action),),
        effect_seen=True,
        advice=f"What would tell: the load balancer's counters ({action}) or its access log; and the answer's"
        " headers, where server: awselb/2.0 is a load balancer.",
        at_most="possible",
    )


def _told_by_code(left: frozenset[str]) -> str:
    """What to look at where the codes alone say what is wrong; empty where something else is left over too."""
    return " ".join(_WHO_DOES_IT[symptom] for symptom in sorted(left)) if left <= _WHO_DOES_IT.keys() else ""


def _large(left: frozenset[str], observed: Observations, rest: tuple[RowCluster, ...]) -> bool:
    """True when the unexplained errors are a tenth of all, or more."""
    errors = [symptom for symptom in observed.symptoms if symptom.startswith(("elb_", "target"))]
    total = sum(getattr(observed.counts, symptom, 0) or 0 for symptom in errors)
    by_rows = {cluster.symptom for cluster in rest}
    missing = sum(
        (getattr(observed.counts, symptom, 0) or 0) * (share_left(symptom, rest, observed) if symptom in by_rows else 1)
        for symptom in left & {*errors}
    )
    return total > 0 and missing / total >= PARTITION_SHARE


def _rows(facts: Facts, left: frozenset[str], rest: tuple[RowCluster, ...]) -> Iterator[Evidence]:
    for cluster in rest[:MAX_CLUSTERS]:
        if cluster.symptom in left:
            yield record(facts, cluster, f"status {cluster.elb_status}, {in_words(cluster)}", decides=False)


def _summary(left: frozenset[str], observed: Observations, rest: tuple[RowCluster, ...], partly: bool) -> str:
    if not observed.errors_are_ours and all(symptom.startswith("elb_") for symptom in left):
        return "the load balancer's errors may belong to any of its target groups; nothing points to this one"
    what = ", ".join(
        _part(symptom, observed, rest) or _counted(symptom, observed) or _SEEN.get(symptom, symptom)
        for symptom in sorted(left)
    )
    if partly:
        return f"{what}: what else was found does not explain that"
    meant = [_MEANS[symptom] for symptom in sorted(left & _MEANS.keys())]
    if meant and left <= _MEANS.keys():
        return f"{what}: {'; '.join(meant)}"
    return f"{what}, and nothing that was read says why"


def _part(symptom: str, observed: Observations, rest: tuple[RowCluster, ...]) -> str:
    """``18 % of the 502``; empty where all of them, or none, are left."""
    share = share_left(symptom, rest, observed)
    code = "5xx of the targets" if symptom == "target_5xx" else symptom.removeprefix("elb_")
    return f"{percent(share)} of the {code}" if 0 < share < 1 else ""


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
            by_rows = symptom.removeprefix("elb_") in COUNTED_BY_ROWS_ONLY
            source = source_of(facts) if by_rows else "cloudwatch:GetMetricData"
            yield supporting(_counted(symptom, observed), source, value=number)
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
    rules = (SecurityGroups, NetworkAcls) if left & _ON_THE_WAY else ()
    unread = [
        kind.name.replace("_", " ").replace("acls", "ACLs")
        for kind in (*rules, TargetHealth, StoppedTasks)
        if isinstance(facts.maybe(kind), Gap)
    ]
    told = set(told_by_rows(facts.observed))
    wants = [_WOULD_TELL[f"elb_{code}"] for code in ELB_CODES if f"elb_{code}" in left - told]
    wants += [text for symptom, text in _MEANS.items() if symptom in left]
    if left & told - _MEANS.keys():
        wants.append("the application's log of these rows' trace ids")
    if "target_5xx" in left or "unhealthy" in left or "task-stops" in left:
        wants.append("the application's own log")
    attributes = facts.maybe(LoadBalancerAttributes)
    if left - told and wants and isinstance(attributes, LoadBalancerAttributes):
        off = [arn for arn in facts.subject.load_balancers if not attributes.access_logs_enabled(arn)]
        if off:
            wants.append("access logs are off on this load balancer; switch them on for the next time")
    cluster = facts.maybe(EcsCluster)
    if left & _OF_TASKS and isinstance(cluster, EcsCluster) and cluster.container_insights == "disabled":
        wants.append(f"CPU and memory of each task; Container Insights is off on cluster {cluster.cluster}")
    could_not = [f"{' and '.join(unread)}, which could not be read"] if unread else []
    return "; ".join([*could_not, *wants]) or "a second look in a few minutes"
