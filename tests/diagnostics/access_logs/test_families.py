"""Rows as the load balancer logs them in each kind of failure, and what they tell."""

from __future__ import annotations

import pytest

from diagnostics.access_logs.families import Timeouts, row_family
from diagnostics.access_logs.row import Row
from tests.diagnostics.access_logs.lines import line
from tests.diagnostics.access_logs.reference import parsed

ARRIVED = "2026-03-14T03:11:00.000000Z"
AT_ONCE = "2026-03-14T03:11:00.004000Z"
AFTER_10_S = "2026-03-14T03:11:10.002000Z"
AFTER_60_S = "2026-03-14T03:12:00.003000Z"


def failed(status: int, times: str = "0.001 0.004 -1", at: str = AT_ONCE, **changes: str) -> Row:
    """A row that no target answered, unless `changes` say so."""
    request, target, response = times.split()
    fields = {
        "elb_status_code": str(status),
        "target_status_code": "-",
        "request_processing_time": request,
        "target_processing_time": target,
        "response_processing_time": response,
        "request_creation_time": ARRIVED,
        "time": at,
    }
    found = parsed(line(changes=fields | changes))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("row", "family"),
    [
        (failed(502, "-1 -1 -1"), "not-dispatched-fast"),
        (failed(504, "-1 -1 -1", AFTER_10_S), "not-dispatched-timeout"),
        (failed(502, "-1 -1 -1", AFTER_10_S), "not-dispatched-timeout"),
        (failed(504, "-1 -1 -1", request_creation_time="-"), "not-dispatched-timeout"),
        (failed(502, "-1 -1 -1", request_creation_time="-"), "not-dispatched-fast"),
        (failed(502), "closed-before-response"),
        (failed(502, "0.001 -1 -1", AFTER_10_S), "closed-before-response"),
        (failed(504, "0.001 -1 -1", AFTER_60_S), "response-timeout"),
        (failed(502, "0.001 -1 -1", AFTER_60_S), "response-timeout"),
        (failed(503, "-1 -1 -1", target="-"), "no-target"),
        (failed(502, "-1 -1 -1", target="-"), "other"),
        (failed(503, "0.001 0.001 0.001"), "other"),
        (failed(503, "-1 -1 -1", target="-", target_group_arn="-", actions_executed="fixed-response"), "rule-action"),
        (failed(403, "-1 -1 -1", target="-", actions_executed="waf"), "waf"),
        (failed(502, actions_executed="waf,forward"), "closed-before-response"),
        (failed(500, "-1 -1 -1", target="-", error_reason="WAFServiceError"), "waf"),
        (failed(561, "-1 -1 -1", target="-", error_reason="AuthInvalidCookie"), "auth"),
        (failed(401, "-1 -1 -1", target="-"), "auth"),
        (failed(502, "0.000 0.001 0.000", target="-", error_reason="LambdaInvalidResponse"), "lambda"),
        (failed(460, "0.001 -1 -1"), "client-gone"),
        (failed(463, "-1 -1 -1", target="-"), "refused-by-lb"),
        (failed(464, "-1 -1 -1", target="-"), "refused-by-lb"),
        (failed(400, "-1 -1 -1", target="-", classification="Severe"), "refused-by-lb"),
        (failed(500, "-1 -1 -1", request_transform_status="TransformReplaceError"), "refused-by-lb"),
        (failed(502, "0.001 0.004 0.000", target_status_code="502"), "answered"),
        (failed(504, "0.001 60.000 0.000", target_status_code="504"), "answered"),
    ],
)
def test_families(row: Row, family: str) -> None:
    assert row_family(row, Timeouts(idle_s=60.0)) == family


def test_the_idle_timeout_decides_what_is_late() -> None:
    row = failed(502, "0.001 -1 -1", AFTER_10_S)
    assert row_family(row, Timeouts(idle_s=10.0)) == "response-timeout"
