"""AWS Health's DescribeEvents: moto does not know the service.

https://docs.aws.amazon.com/health/latest/APIReference/API_DescribeEvents.html
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from demo.aws.call import AwsError, Call
from demo.aws.layer import AwsLayer


class HealthBoard:
    """Issues that AWS reports, in the API's own shape. `has_plan` False: an account without a Business support plan."""

    def __init__(self) -> None:
        self.has_plan = True
        self._issues: list[dict[str, Any]] = []

    def report(
        self, service: str, code: str, region: str, start: datetime, *, end: datetime | None = None, zone: str = ""
    ) -> None:
        """AWS says that something is wrong with one of its services."""
        issue = {
            "arn": f"arn:aws:health:{region}::event/{service}/{code}/{code}_{len(self._issues)}",
            "service": service,
            "eventTypeCode": code,
            "eventTypeCategory": "issue",
            "region": region,
            "startTime": start,
            "statusCode": "closed" if end else "open",
            "eventScopeCode": "PUBLIC",
        }
        self._issues.append(issue | ({"endTime": end} if end else {}) | ({"availabilityZone": zone} if zone else {}))

    def install(self, layer: AwsLayer) -> None:
        layer.op("health", "DescribeEvents")(self._describe)

    def _describe(self, call: Call) -> dict[str, Any]:
        if not self.has_plan:
            message = "Your account has no AWS Support plan that includes the AWS Health API"
            raise AwsError("SubscriptionRequiredException", message, 400)
        wanted = call.params.get("filter", {})
        return {"events": [issue for issue in self._issues if _fits(issue, wanted)]}


def _fits(issue: dict[str, Any], wanted: dict[str, Any]) -> bool:
    fields = {"services": "service", "regions": "region", "eventTypeCategories": "eventTypeCategory"}
    spans = wanted.get("startTimes") or [{}]
    in_time = any(
        ("from" not in span or span["from"] <= issue["startTime"])
        and ("to" not in span or issue["startTime"] <= span["to"])
        for span in spans
    )
    return in_time and all(not wanted.get(name) or issue[field] in wanted[name] for name, field in fields.items())
