"""What this program changed itself is told as its own in CloudTrail's words."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from diagnostics.collect.sources.cloudtrail_events import change_of

SESSION = "arn:aws:sts::111122223333:assumed-role/alb502-remediate/Ann@U0ANN"


def event(agent: str) -> dict[str, Any]:
    detail = {
        "userIdentity": {"type": "AssumedRole", "arn": SESSION, "principalId": "AROA:Ann@U0ANN"},
        "userAgent": agent,
        "readOnly": False,
    }
    return {
        "EventId": "e-1",
        "EventName": "AuthorizeSecurityGroupIngress",
        "EventTime": datetime(2026, 3, 14, 3, 14, tzinfo=UTC),
        "CloudTrailEvent": json.dumps(detail),
    }


@pytest.mark.parametrize(
    ("agent", "is_own"),
    [("Boto3/1.44.5 md/Botocore#1.44.5 alb502/0.1.0", True), ("aws-cli/2.31 md/prompt#off", False), ("", False)],
)
def test_own_changes_are_marked(agent: str, is_own: bool) -> None:
    change = change_of(event(agent))
    assert change is not None
    assert change.actor.startswith("alb502 (") == is_own
    assert "alb502-remediate" in change.actor
