"""Which alarms go off: many of each load balancer, in one channel, mixed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from demo.scenarios.scenario import ACCOUNT
from tests.handlers.alarm_formats.posters import Alarm, amazon_q
from tests.slack_fake import CHANNEL, TEAM

BALANCERS: Final = 10
BEFORE: Final = timedelta(minutes=2)
"""So long before its post each alarm went off."""


def name_of(number: int) -> str:
    return f"storm-{number % BALANCERS:02d}-{number // BALANCERS:04d}"


def balancer_of(name: str) -> int:
    """Which load balancer the alarm of this name watches."""
    return int(name.split("-")[1])


def posts(count: int, began: float) -> Iterator[dict[str, Any]]:
    """Messages as they are posted, each with a ts of its own."""
    for number in range(count):
        yield {
            **amazon_q(Alarm(name=name_of(number), account=ACCOUNT)),
            "channel": CHANNEL,
            "ts": f"{int(began)}.{number + 1:06d}",
        }


def event(post: dict[str, Any], number: int) -> bytes:
    """As Slack tells of a message."""
    return json.dumps(
        {"type": "event_callback", "team_id": TEAM, "event_id": f"Ev{number:08d}", "event": post, "api_app_id": "A0APP"}
    ).encode()


def described(name: str, dimension: str, began: datetime) -> dict[str, Any]:
    """The alarm as DescribeAlarms tells it."""
    return {
        "AlarmName": name,
        "AlarmArn": f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:{name}",
        "StateValue": "ALARM",
        "StateTransitionedTimestamp": began.astimezone(UTC),
        "StateUpdatedTimestamp": began.astimezone(UTC),
        "Namespace": "AWS/ApplicationELB",
        "MetricName": "HTTPCode_ELB_5XX_Count",
        "Dimensions": [{"Name": "LoadBalancer", "Value": dimension}],
    }
