"""Health checks of gRPC target groups, which compare gRPC statuses instead of HTTP codes.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
https://grpc.github.io/grpc/core/md_doc_statuscodes.html
"""

from __future__ import annotations

from diagnostics.facts import TargetGroup
from diagnostics.rules.health_reasons import accepted_codes

DEFAULT_PATH = "/AWS.ALB/healthcheck"
HEALTH_SERVICE = "/grpc.health.v1.Health/Check"
UNIMPLEMENTED = 12
SERVER_FAULTS = frozenset({2, 4, 8, 13, 14, 15})
"""The service is there and does not do well: UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, INTERNAL, UNAVAILABLE…"""
HIGHEST_STATUS = 16
_NAMES = {
    0: "OK",
    2: "UNKNOWN",
    4: "DEADLINE_EXCEEDED",
    5: "NOT_FOUND",
    7: "PERMISSION_DENIED",
    8: "RESOURCE_EXHAUSTED",
    12: "UNIMPLEMENTED",
    13: "INTERNAL",
    14: "UNAVAILABLE",
    16: "UNAUTHENTICATED",
}


def speaks_grpc(group: TargetGroup) -> bool:
    return group.protocol_version == "GRPC"


def accepted_statuses(group: TargetGroup) -> frozenset[int]:
    """What its matcher takes for healthy; 12 unless somebody set another."""
    return accepted_codes(group.health_check.grpc_matcher) or frozenset({UNIMPLEMENTED})


def is_server_fault(codes: frozenset[int]) -> bool:
    """True when the statuses say that the service itself is not well."""
    return bool(codes) and codes <= SERVER_FAULTS


def status_words(codes: frozenset[int]) -> str:
    """``12 (UNIMPLEMENTED)``"""
    named = (f"{code} ({_NAMES[code]})" if code in _NAMES else str(code) for code in sorted(codes))
    return " and ".join(named) or "a status that was not named"
