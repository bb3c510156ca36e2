"""The TLS handshake with the targets does not end in time."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Facts, Finding, cause, supporting
from diagnostics.facts import AccessLogs, Metrics
from diagnostics.rules.row_evidence import explained, record
from diagnostics.rules.tls_to_targets import TLS_NEEDS, TLS_USES, TlsTrouble, tls_trouble

UNSURE = "the counter does not tell a handshake that fails from one that takes long"


@cause(
    code="target-tls-handshake-timeout",
    title="The TLS handshake with the targets takes too long",
    needs=TLS_NEEDS,
    uses=TLS_USES,
    clear_needs=(AccessLogs, Metrics),
    shows=("elb_504",),
    docs=("https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",),
    replaces=("connect-timeout-unattributed", "target-connection-saturation"),
)
def target_tls_handshake_timeout(facts: Facts) -> Iterator[Finding]:
    """Targets of a group of protocol HTTPS do not finish the handshake within ten seconds: they accept connections and
    do not get to them. Decided by TargetTLSNegotiationErrorCount together with 504, and by access log rows that were
    not dispatched for ten seconds. Refuted by a count of 0 (then no connection came about) or by 502, which is a
    handshake that failed.
    """
    for trouble in tls_trouble(facts, "not-dispatched-timeout", 504):
        if trouble.counted:
            yield _finding(facts, trouble)


def _finding(facts: Facts, trouble: TlsTrouble) -> Finding:
    return Finding(
        resource=trouble.group.arn,
        summary=f"Targets of group {trouble.group.name} do not finish the TLS handshake within 10 s",
        supports=(
            *trouble.count_record(),
            *(record(facts, c, "504 after 10 s, before the request was sent") for c in trouble.clusters),
        ),
        against=() if trouble.clusters else (supporting(UNSURE, "cloudwatch:GetMetricData"),),
        effect_seen=True,
        affects=trouble.affects,
        explains=explained(trouble.clusters) | ({"elb_504"} & facts.observed.symptoms),
        since=trouble.since(facts.observed.onset),
        overturned_by=f"A handshake that ends at once: time openssl s_client -connect {trouble.any_target} </dev/null",
        advice="Look at the targets' CPU and at how many handshakes they do at once: more tasks, or more CPU for each.",
    )
