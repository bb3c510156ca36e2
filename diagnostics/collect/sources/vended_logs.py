"""Access logs that are delivered to CloudWatch Logs, for load balancers that write none to S3.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from diagnostics.access_logs.vended import line_of
from diagnostics.aws_access import Pages, Reader
from diagnostics.collect.answers import batches, items_of
from diagnostics.collect.collector import Read, Step
from diagnostics.collect.errand import Leash
from diagnostics.collect.log_options import LogBudget
from diagnostics.collect.log_stream import Take
from diagnostics.facts import Gap

ACCESS_LOGS = "ALB_ACCESS_LOGS"
DESCRIBE_SOURCES = "logs:DescribeDeliverySources"
FILTER = "logs:FilterLogEvents"
ELSEWHERE = "DeliveredElsewhere"
MAX_PAGES = 5
MAX_SOURCES = 5
MAX_EVENT_PAGES = 200
EVENTS_PER_PAGE = 10_000
LINES_AT_ONCE = 10_000
_WORDS = {"S3": "S3 by CloudWatch's vended delivery", "FH": "Data Firehose", "XRAY": "X-Ray"}


@dataclass(frozen=True, slots=True)
class LogGroup:
    """A log group that rows of the load balancers are delivered to."""

    arn: str

    @property
    def name(self) -> str:
        return self.arn.split(":log-group:", 1)[-1].removesuffix(":*")


@dataclass(frozen=True, slots=True)
class Delivered:
    """What was read of a log group. `until`: the time of the newest event, when the rest of the window was left out."""

    lines: int
    plain_bytes: int
    until: datetime | None = None
    gaps: tuple[Gap, ...] = ()


def log_groups(
    load_balancers: Sequence[str],
) -> Generator[Step, Sequence[Pages], tuple[tuple[LogGroup, ...], tuple[Gap, ...]]]:
    """The log groups that these load balancers' access logs go to, and gaps for what leads elsewhere or is hidden."""
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
    names = [source["name"] for source in items_of(sources) if _is_ours(source, load_balancers)][:MAX_SOURCES]
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


def read_group(
    group: LogGroup, start: datetime, end: datetime, take: Take, reader: Reader, leash: Leash, budget: LogBudget
) -> Delivered:
    """Events of the window, page by page, until the budget or the leash ends. The oldest come first: the API knows no
    other order. https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html"""
    parameters: dict[str, Any] = {
        "logGroupIdentifier": group.arn.removesuffix(":*"),
        "startTime": int(start.timestamp() * 1000),
        "endTime": int(end.timestamp() * 1000),
        "limit": EVENTS_PER_PAGE,
    }
    lines = plain_bytes = 0
    until = start
    for page in range(MAX_EVENT_PAGES):
        answer = reader.call("logs", "filter_log_events", resource=group.arn, expects=("events",), **parameters)
        if isinstance(answer, Gap):
            return Delivered(lines, plain_bytes, until, (answer,))
        rows = [line for line in (line_of(str(event.get("message", ""))) for event in answer["events"]) if line]
        for some in batches(rows, LINES_AT_ONCE):
            taken = take(("\n".join(some) + "\n").encode())
            lines, plain_bytes = lines + taken.lines, plain_bytes + taken.bytes
        until = _newest(answer["events"], until)
        leash.tell(f"access logs in {group.name}, page {page + 1}")
        token = answer.get("nextToken")
        if not token or token == parameters.get("nextToken"):
            return Delivered(lines, plain_bytes)
        if leash.is_over or lines >= budget.lines or plain_bytes >= budget.bytes:
            break
        parameters["nextToken"] = token
    return Delivered(lines, plain_bytes, until)


def _newest(events: Sequence[Mapping[str, Any]], before: datetime) -> datetime:
    stamps = [int(event["timestamp"]) for event in events if "timestamp" in event]
    return max(before, datetime.fromtimestamp(max(stamps) / 1000, UTC)) if stamps else before


def _is_ours(source: Mapping[str, Any], load_balancers: Sequence[str]) -> bool:
    return source.get("logType") == ACCESS_LOGS and bool(set(source.get("resourceArns", ())) & set(load_balancers))


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
