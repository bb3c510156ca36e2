"""AWS Health as the API speaks it: issues by region and time, and the refusal of accounts without a support plan."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from demo.aws.health_events import HealthBoard
from demo.aws.layer import AwsLayer
from tests.demo.aws.conftest import REGION, Aws

NOW = datetime(2027, 1, 15, 8, tzinfo=UTC)
WANTED = {
    "services": ["ELASTICLOADBALANCING"],
    "regions": [REGION],
    "eventTypeCategories": ["issue"],
    "startTimes": [{"from": NOW - timedelta(days=1), "to": NOW}],
}


def test_issues_of_the_region_and_time_that_were_asked_for(serve: Callable[[AwsLayer], Aws], account: str) -> None:
    layer, board = AwsLayer(), HealthBoard()
    board.install(layer)
    client = serve(layer).client("health", account)
    board.report("ELASTICLOADBALANCING", "OPERATIONAL_ISSUE", REGION, NOW - timedelta(hours=1), zone=f"{REGION}a")
    board.report("ELASTICLOADBALANCING", "OPERATIONAL_ISSUE", "us-west-2", NOW - timedelta(hours=1))
    board.report("ELASTICLOADBALANCING", "OPERATIONAL_ISSUE", REGION, NOW - timedelta(days=3), end=NOW)
    (issue,) = client.describe_events(filter=WANTED)["events"]
    assert (issue["service"], issue["statusCode"]) == ("ELASTICLOADBALANCING", "open")
    assert issue["availabilityZone"] == f"{REGION}a"
    assert issue["startTime"] == NOW - timedelta(hours=1)
    board.has_plan = False
    with pytest.raises(ClientError, match="SubscriptionRequiredException"):
        client.describe_events(filter=WANTED)
