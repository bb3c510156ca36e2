"""Logging in at the load balancer fails: it, or the identity provider, does not get through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import Listeners, LoadBalancers, Metrics, SecurityGroups
from diagnostics.printable import line
from diagnostics.rules.balancer_counts import counted
from diagnostics.rules.observations import NOISE_ERRORS
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import ROW_USES, clusters, explained, refusal_records
from diagnostics.rules.security_group import covers_port

HTTPS = 443
MAX_REASON = 60
UNREACHABLE = frozenset(
    {
        "AuthTokenEpRequestFailed",
        "AuthTokenEpRequestTimeout",
        "AuthUserinfoEpRequestFailed",
        "AuthUserinfoEpRequestTimeout",
    }
)
_ADVICE = {
    "unreachable": "Let the load balancer reach the provider: outbound tcp 443 in its security group, a NAT gateway for"
    " an internal one, a public name and IPv4 address for the token and user info endpoints, which must answer within"
    " five seconds.",
    "refused": "Read the identity provider's own log for these times. Compare client id, client secret, issuer,"
    " endpoints and redirect URL (https://HOST/oauth2/idpresponse) with the rule's authenticate action.",
}


@cause(
    code="auth-idp-failure",
    title="Authentication at the load balancer fails",
    needs=(),
    uses=(*ROW_USES, Metrics, Listeners, LoadBalancers, SecurityGroups),
    clear_needs=ROW_USES,
    shows=("elb_500", "elb_561", "elb_401"),
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html",
    ),
)
def auth_idp_failure(facts: Facts) -> Iterator[Finding]:
    """A rule logs people in before it forwards, and that fails: 500 when the load balancer cannot reach the identity
    provider, 561 when the provider answers with an error, 401 when the login is refused.

    Decided by access log rows with an Auth error reason or status 561, or by the counter ELBAuthError. Confirmed by
    an outbound rule that is missing for 443. Refuted by rows that a target answered, or by a JWT or JWKS reason: that
    is another action. A few failed logins are daily life.
    """
    found = [item for item in clusters(facts, "auth") if _is_ours(item) and facts.observed.saw(item.symptom)]
    if found:
        yield _by_rows(facts, max(found, key=lambda item: item.count), tuple(found))
    elif not facts.observed.rows_tell("elb_500"):
        yield from _by_counter(facts)


def _is_ours(cluster: RowCluster) -> bool:
    reason = cluster.error_reason or ""
    return reason.startswith("Auth") or (not reason and cluster.elb_status == 561)


def _by_rows(facts: Facts, top: RowCluster, found: tuple[RowCluster, ...]) -> Finding:
    reasons = Counter[str]()
    for cluster in found:
        reasons[line(cluster.error_reason or f"status {cluster.elb_status}", MAX_REASON)] += cluster.count
    unreachable = any(reason in UNREACHABLE for reason in reasons)
    main = line(top.error_reason or "an error of the identity provider", MAX_REASON)
    total = sum(cluster.count for cluster in found)
    codes = " and ".join(str(code) for code in sorted({cluster.elb_status for cluster in found}))
    return Finding(
        resource=next(iter(facts.subject.load_balancers), facts.subject.label),
        summary=f"Authentication at the load balancer fails ({main}): {total:,} times {codes}",
        supports=(
            *refusal_records(facts, found),
            *_counted(facts),
            *(_no_way_out(facts) if unreachable else ()),
        ),
        effect_seen=True,
        explains=explained(found),
        since=min(item.first for item in found),
        overturned_by="Rows of these errors without an Auth error reason",
        advice=_ADVICE["unreachable" if unreachable else "refused"],
    )


def _by_counter(facts: Facts) -> Iterator[Finding]:
    """Without rows: its own counter says that it is authentication, and no more."""
    failed, listeners = counted(facts, "ELBAuthError"), facts.maybe(Listeners)
    logs_in = isinstance(listeners, Listeners) and any(
        action.type.startswith("authenticate") for _, rule in listeners.rules() for action in rule.actions
    )
    known_not = isinstance(listeners, Listeners) and not logs_in and not listeners.gaps
    if not failed or failed < NOISE_ERRORS or known_not or not facts.observed.saw("elb_500"):
        return
    blocked = tuple(_no_way_out(facts))
    yield Finding(
        resource=next(iter(facts.subject.load_balancers), facts.subject.label),
        summary=f"Authentication at the load balancer fails: {failed:,} logins could not be completed",
        supports=(*_counted(facts), *blocked),
        effect_seen=True,
        explains=frozenset({"elb_500"}),
        since=facts.observed.onset,
        overturned_by="Access log rows of the 500s without an Auth error reason",
        advice=_ADVICE["unreachable"],
        at_most=None if blocked else "likely",
    )


def _counted(facts: Facts) -> Iterator[Evidence]:
    failed = counted(facts, "ELBAuthError")
    if failed:
        text = f"{failed:,} logins could not be completed (ELBAuthError)"
        yield decisive(text, "cloudwatch:GetMetricData", value=failed)
    for metric, words in (
        ("ELBAuthFailure", "logins were refused"),
        ("ELBAuthUserClaimsSizeExceeded", "logins had claims of more than 11 KB"),
    ):
        number = counted(facts, metric)
        if number:
            yield supporting(f"{number:,} {words} ({metric})", "cloudwatch:GetMetricData", value=number)


def _no_way_out(facts: Facts) -> Iterator[Evidence]:
    """A load balancer whose security groups let nothing out to the internet on 443."""
    balancers, groups = facts.maybe(LoadBalancers), facts.maybe(SecurityGroups)
    if not isinstance(balancers, LoadBalancers) or not isinstance(groups, SecurityGroups):
        return
    for balancer in balancers.items:
        known = [groups.by_id[one] for one in balancer.security_groups if one in groups.by_id]
        if not known or len(known) < len(balancer.security_groups):
            continue
        out = [rule for group in known for rule in group.egress if covers_port(rule, HTTPS)]
        if not any(rule.cidrs or rule.ipv6_cidrs or rule.prefix_list_ids for rule in out):
            names = " + ".join(group.id for group in known)
            text = f"no outbound rule of {names} lets {balancer.name} out to any address on tcp {HTTPS}"
            yield decisive(text, "ec2:DescribeSecurityGroups")
