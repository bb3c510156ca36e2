"""Access logs that are delivered to CloudWatch Logs, for load balancers that write none to S3.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from diagnostics.aws_access import Pages
from diagnostics.collect.answers import items_of
from diagnostics.collect.collector import Read, Step
from diagnostics.facts import Gap

ACCESS_LOGS = "ALB_ACCESS_LOGS"
HEALTH_CHECK_LOGS = "ALB_HEALTH_CHECK_LOGS"
DESCRIBE_SOURCES = "logs:DescribeDeliverySources"
FILTER = "logs:FilterLogEvents"
ELSEWHERE = "DeliveredElsewhere"
MAX_PAGES = 5
MAX_SOURCES = 5
_WORDS = {"S3": "S3 by CloudWatch's vended delivery", "FH": "Data Firehose", "XRAY": "X-Ray"}


@dataclass(frozen=True, slots=True)
class LogGroup:
    """A log group that rows of the load balancers are delivered to."""

    arn: str

    @property
    def name(self) -> str:
        return self.arn.split(":log-group:", 1)[-1].removesuffix(":*")


def log_groups(
    load_balancers: Sequence[str], log_type: str = ACCESS_LOGS
) -> Generator[Step, Sequence[Pages], tuple[tuple[LogGroup, ...], tuple[Gap, ...]]]:
    """The log groups that these load balancers' logs of a type go to; gaps for what leads elsewhere or is hidden."""
    sources = yield [
        Read(
            "logs",
            "describe_delivery_sources",
            "deliverySources",
            {"resourceArns": list(load_balancers)},
            max_pages=MAX_PAGES,
            may_lack_key=True,
        )
    ]
    names = [source["name"] for source in items_of(sources) if _is_ours(source, load_balancers, log_type)][:MAX_SOURCES]
    if not names:
        return (), sources[0].gaps
    deliveries = yield [
        Read(
            "logs",
            "describe_deliveries",
            "deliveries",
            {"deliverySourceNames": names},
            max_pages=MAX_PAGES,
            may_lack_key=True,
        )
    ]
    ours = [one for one in items_of(deliveries) if one.get("deliverySourceName") in names]
    destinations = [one["deliveryDestinationArn"] for one in ours if one.get("deliveryDestinationType") == "CWL"]
    gaps = (*sources[0].gaps, *deliveries[0].gaps, *_elsewhere(ours))
    if not destinations:
        return (), gaps
    found = yield [
        Read("logs", "describe_delivery_destinations", "deliveryDestinations", max_pages=MAX_PAGES, may_lack_key=True)
    ]
    arns = (
        one.get("deliveryDestinationConfiguration", {}).get("destinationResourceArn")
        for one in items_of(found)
        if one.get("arn") in destinations
    )
    groups = tuple(LogGroup(str(arn)) for arn in dict.fromkeys(arns) if arn)
    return groups, (*gaps, *found[0].gaps)


def _is_ours(source: Mapping[str, Any], load_balancers: Sequence[str], log_type: str) -> bool:
    return source.get("logType") == log_type and bool(set(source.get("resourceArns", ())) & set(load_balancers))


def _elsewhere(deliveries: Sequence[Mapping[str, Any]]) -> tuple[Gap, ...]:
    """Deliveries that alb502 cannot read back, one gap for each kind."""
    kinds = dict.fromkeys(str(one.get("deliveryDestinationType", "")) for one in deliveries)
    return tuple(
        Gap(
            action=FILTER,
            resource="*",
            error=ELSEWHERE,
            kind="not-read",
            message=f"access logs are delivered to {_WORDS[kind]}, which is not read: deliver them to S3 by the load "
            "balancer's own attributes, or to CloudWatch Logs",
        )
        for kind in kinds
        if kind in _WORDS
    )
