"""What clients and owners of buckets write leads nowhere: not into what is kept, not into a statement."""

from __future__ import annotations

from typing import Any

import pytest

from diagnostics.access_logs.athena import Table
from diagnostics.access_logs.places import place_of
from diagnostics.access_logs.sampling import line as shown
from tests.diagnostics.access_logs.lines import line
from tests.diagnostics.access_logs.reference import parsed

BALANCER = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/shop/0123456789abcdef"


@pytest.mark.parametrize(
    ("changes", "secret"),
    [
        ({"user_agent": "agent of jane@example.com"}, "jane"),
        ({"user_agent": "card 4111 1111 1111 1111 paid"}, "1111 1111"),
        ({"user_agent": "Cookie: a=b; sid=hunter2-x"}, "hunter2"),
        ({"request": "GET https://shop.example.com:443/reset-password/hunter2x/ HTTP/1.1"}, "hunter2"),
        ({"request": "GET https://shop.example.com:443/a?hunter2x HTTP/1.1"}, "hunter2"),
    ],
)
def test_nothing_personal_of_a_row_is_kept(changes: dict[str, Any], secret: str) -> None:
    row = parsed(line(**changes))
    assert row is not None
    assert secret in " ".join(text or "" for text in row.fields)
    assert secret not in shown(row)


def test_a_prefix_ends_no_literal_of_the_tables_definition() -> None:
    attributes = {
        "access_logs.s3.enabled": "true",
        "access_logs.s3.bucket": "logs",
        "access_logs.s3.prefix": "o'brien'\nLOCATION 's3://other/\\",
    }
    place = place_of(BALANCER, attributes)
    assert place is not None
    statement = Table("logs", place).definition()
    assert "LOCATION 's3://logs/o\\'brien\\'\nLOCATION \\'s3://other/\\\\/AWSLogs/" in statement
