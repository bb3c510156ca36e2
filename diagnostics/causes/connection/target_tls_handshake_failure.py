"""The TLS handshake with the targets fails."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import AccessLogs, Metrics, TargetHealth
from diagnostics.rules.app_lines import LINE_USES
from diagnostics.rules.row_evidence import explained, record
from diagnostics.rules.tls_to_targets import TLS_NEEDS, TLS_USES, TlsTrouble, tls_trouble
from diagnostics.rules.written import record as line_record
from diagnostics.rules.written import written

UNSURE = "failed handshakes were not counted; these may be failed connections"


@cause(
    code="target-tls-handshake-failure",
    title="The TLS handshake with the targets fails",
    needs=TLS_NEEDS,
    uses=(*TLS_USES, TargetHealth, *LINE_USES),
    clear_needs=(AccessLogs, Metrics),
    shows=("elb_502",),
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html",
    ),
    replaces=("port-not-listening", "container-port-mismatch", "health-check-protocol-mismatch"),
    leads_to=("all-targets-unhealthy-fail-open", "deployment-failing-loop", "no-registered-targets"),
    helped_by=("deployment-regression", "deployment-min-healthy-too-low"),
)
def target_tls_handshake_failure(facts: Facts) -> Iterator[Finding]:
    """The target group speaks HTTPS to targets that answer in plain HTTP, or that share no TLS version or cipher.

    Decided by TargetTLSNegotiationErrorCount together with 502, and by access log rows that never got dispatched
    within milliseconds. Refuted by a target group of protocol HTTP, or a count of 0. An expired or self-signed
    certificate is never the reason: the load balancer does not check it.
    """
    for trouble in tls_trouble(facts, "not-dispatched-fast", 502):
        yield _finding(facts, trouble)


def _finding(facts: Facts, trouble: TlsTrouble) -> Finding:
    unhealthy = _unhealthy(facts, trouble)
    said, counted = _said(facts), bool(trouble.counted)
    refused = "502 within milliseconds, before the request was sent"
    rows = [record(facts, cluster, refused, decides=counted) for cluster in trouble.clusters]
    return Finding(
        resource=trouble.group.arn,
        summary=f"Target group {trouble.group.name} speaks HTTPS, and the handshake with its targets fails",
        supports=(*trouble.count_record(), *rows, *unhealthy, *said),
        against=() if counted else (supporting(UNSURE, "cloudwatch:GetMetricData"),),
        effect_seen=True,
        affects=trouble.affects,
        explains=explained(trouble.clusters)
        | ({"elb_502"} & facts.observed.symptoms)
        | ({"unhealthy"} if unhealthy else set()),
        since=trouble.since(facts.observed.onset),
        overturned_by=f"A handshake that works: openssl s_client -connect {trouble.any_target} -tls1_2",
        advice="Do the targets speak TLS on this port at all? If not, they need a target group of protocol HTTP (a new"
        " one: the protocol cannot be changed). If so, compare TLS versions and ciphers.",
        at_most=None if counted else "likely" if said else "possible",
    )


def _said(facts: Facts) -> tuple[Evidence, ...]:
    """Bytes of TLS on a port that speaks plain HTTP, or a handshake that ended for want of something in common."""
    lines = written(facts, "tls-to-plain-port", "tls-handshake", since=facts.observed.onset)
    return (line_record(lines[0], "cannot do the handshake"),) if lines else ()


def _unhealthy(facts: Facts, trouble: TlsTrouble) -> tuple[Evidence, ...]:
    """Health checks that speak TLS to the same targets fail as well."""
    health = facts.maybe(TargetHealth)
    if not isinstance(health, TargetHealth) or trouble.group.health_check.protocol != "HTTPS":
        return ()
    targets = health.by_group.get(trouble.group.arn, ())
    failed = [t for t in targets if t.state == "unhealthy" and t.reason == "Target.FailedHealthChecks"]
    if not failed:
        return ()
    text = f"{len(failed)} of {len(targets)} targets unhealthy with Target.FailedHealthChecks; the check uses HTTPS too"
    return (decisive(text, "elbv2:DescribeTargetHealth", value=len(failed)),)
