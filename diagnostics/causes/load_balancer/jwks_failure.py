"""Tokens cannot be verified at the load balancer."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive
from diagnostics.facts import Metrics
from diagnostics.rules.balancer_counts import counted
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import ROW_USES, clusters, explained, refusal_records

NO_KEYS = 562
OF_THE_CALLER = frozenset({"JWTHeaderNotPresent", "JWTRequestFormatInvalid"})
_MEANS = {
    "JWKSRequestTimeout": "the key set's address did not answer within five seconds",
    "JWKSRequestFailed": "the key set could not be fetched",
    "JWKSResponseInvalid": "what came from the key set's address is no key set",
    "JWKSResponseSizeExceeded": "the key set is too large",
    "JWTSignatureValidationError": "no key of the set fits the tokens' signatures, as after a change of keys",
    "JWTSignatureValidationFailed": "no key of the set fits the tokens' signatures, as after a change of keys",
    "JWTClaimNotPresent": "the tokens lack a claim that the rule asks for",
    "JWTClaimFormatInvalid": "a claim of the tokens is not in the form that the rule asks for",
    "JWTClaimValueInvalid": "a claim of the tokens has another value than the rule asks for, or they have expired",
    "JWTHeaderNotPresent": "the requests carry no token",
    "JWTRequestFormatInvalid": "the token header is malformed",
}


@cause(
    code="jwks-failure",
    title="The load balancer cannot verify tokens",
    needs=(),
    uses=(*ROW_USES, Metrics),
    clear_needs=ROW_USES,
    shows=("elb_500", "elb_562", "elb_401"),
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-verify-jwt.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html",
    ),
)
def jwks_failure(facts: Facts) -> Iterator[Finding]:
    """A rule verifies JSON web tokens, and that fails: 500 or 562 when the key set (JWKS) cannot be fetched or read,
    401 when the tokens do not pass.

    Decided by access log rows with a JWKS or JWT error reason, or status 562; the reason says which half it is.
    Refuted by an Auth reason (that is a login, another action) or a status of the target. Requests without a token
    are the callers' own affair, and are named only when somebody asks about 401.
    """
    found = tuple(item for item in clusters(facts, "auth") if _is_ours(item) and facts.observed.saw(item.symptom))
    if found:
        yield _finding(facts, max(found, key=lambda item: item.count), found)


def _is_ours(cluster: RowCluster) -> bool:
    reason = cluster.error_reason or ""
    return reason.startswith(("JWT", "JWKS")) or (not reason and cluster.elb_status == NO_KEYS)


def _finding(facts: Facts, top: RowCluster, found: tuple[RowCluster, ...]) -> Finding:
    reason = top.error_reason or "JWKSRequestFailed"
    means = _MEANS.get(reason, "the tokens could not be verified")
    total = sum(item.count for item in found)
    codes = " and ".join(str(code) for code in sorted({item.elb_status for item in found}))
    keys = reason.startswith("JWKS")
    return Finding(
        resource=next(iter(facts.subject.load_balancers), facts.subject.label),
        summary=f"Token verification at the load balancer fails, {means}: {total:,} times {codes}",
        supports=(*refusal_records(facts, found), *_counted(facts)),
        effect_seen=True,
        explains=explained(found),
        since=min(item.first for item in found),
        overturned_by="Rows of these errors without a JWKS or JWT error reason",
        advice="Fetch the key set yourself (`curl -sS -m 5 JWKS-ENDPOINT`): it has to answer 200 with keys within five"
        " seconds, from a public address. Let the load balancer out on tcp 443."
        if keys
        else "Decode one token of a caller that is refused, and compare issuer, audience, expiry and key id (kid) with"
        " the rule's jwt-validation action and with the keys that the endpoint gives now.",
        at_most="possible" if reason in OF_THE_CALLER else None,
    )


def _counted(facts: Facts) -> Iterator[Evidence]:
    number = counted(facts, "JWTValidationFailureCount")
    if number:
        text = f"{number:,} tokens did not pass (JWTValidationFailureCount)"
        yield decisive(text, "cloudwatch:GetMetricData", value=number)
