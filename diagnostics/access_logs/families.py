"""What the row of an error alone tells: at which stage the request ended.

The order of the questions matters: a status of the target decides before everything else, then what the rules did,
then how far the request came. Sources:
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html (times of -1) and
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html
`questions.py` says the same in SQL; tests hold the two together.
"""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.access_logs.row import Row
from diagnostics.facts.access_logs import RowFamily

CONNECT_TIMEOUT_S = 10.0
"""The load balancer's limit for connecting to a target, TLS included; it cannot be changed."""
TOLERANCE_S = 0.5
"""How much earlier than a limit a request may end and still have ended by it."""
CLIENT_GONE = "460"
REFUSED = ("463", "464")
AUTH_STATUS = ("401", "561", "562")
REFUSED_STATUS = ("400", "403", "405", "408", "413", "414", "501", "505", "507")
RULE_ACTIONS = ("fixed-response", "redirect")
AUTH_ACTIONS = ("authenticate", "jwt-validation")
WAF_ACTIONS = ("waf", "waf-failed")
TRANSFORM_FINE = ("-", "TransformSuccess")


@dataclass(frozen=True, slots=True)
class Timeouts:
    """The limits by which the load balancer gives up, in seconds."""

    idle_s: float = 60.0
    connect_s: float = CONNECT_TIMEOUT_S


def row_family(row: Row, timeouts: Timeouts) -> RowFamily:
    """The stage at which the request of an error row ended."""
    if row.target_status is not None:
        return "answered"
    return _by_reason(row) or _by_action(row) or _by_code(row) or _by_stage(row, timeouts)


def _by_reason(row: Row) -> RowFamily | None:
    reason = row["error_reason"] or ""
    if reason.startswith("Lambda"):
        return "lambda"
    if reason.startswith(("Auth", "JWT", "JWKS")):
        return "auth"
    return "waf" if reason.startswith("WAF") else None


def _by_action(row: Row) -> RowFamily | None:
    if row["elb_status_code"] == CLIENT_GONE:
        return "client-gone"
    if row["elb_status_code"] in REFUSED:
        return "refused-by-lb"
    last = (row["actions_executed"] or "").rpartition(",")[2]
    if last in RULE_ACTIONS:
        return "rule-action"
    if last in WAF_ACTIONS:
        return "waf"
    return "auth" if last in AUTH_ACTIONS else None


def _by_code(row: Row) -> RowFamily | None:
    code = row["elb_status_code"]
    if code in AUTH_STATUS:
        return "auth"
    failed_transform = code == "500" and (row["request_transform_status"] or "-") not in TRANSFORM_FINE
    return "refused-by-lb" if failed_transform or code in REFUSED_STATUS else None


def _by_stage(row: Row, timeouts: Timeouts) -> RowFamily:
    code, elapsed_s = row["elb_status_code"], row.elapsed_s
    if row["target"] == "-":
        return "no-target" if code == "503" else "other"
    if _not_reached(row["request_processing_time"]):
        gave_up = code == "504" if elapsed_s is None else elapsed_s >= timeouts.connect_s - TOLERANCE_S
        return "not-dispatched-timeout" if gave_up else "not-dispatched-fast"
    if not _not_reached(row["response_processing_time"]):
        return "other"
    idled = elapsed_s is not None and elapsed_s >= timeouts.idle_s - TOLERANCE_S
    if code == "504" or (idled and _not_reached(row["target_processing_time"])):
        return "response-timeout"
    return "closed-before-response"


def _not_reached(time: str | None) -> bool:
    return (time or "").startswith("-1")
