"""Access logs that go to CloudWatch Logs, or somewhere from where nothing can be read back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from diagnostics.aws_access import Pages
from diagnostics.collect.collector import Read
from diagnostics.collect.errand import Leash
from diagnostics.collect.log_options import LogBudget
from diagnostics.collect.sources.vended_logs import Delivered, LogGroup, log_groups, read_group
from diagnostics.facts import Gap
from tests.diagnostics.collect.driving import drive
from tests.diagnostics.collect.scripted import BALANCER, NOW, ScriptedReader, answered, refused
from tests.diagnostics.collect.test_log_stream import count_lines, leash

GROUP = LogGroup("arn:aws:logs:us-east-1:111122223333:log-group:/alb/shop:*")
DESTINATION = "arn:aws:logs:us-east-1:111122223333:delivery-destination:to-logs"
PLENTY = LogBudget()


def answering(kind: str = "CWL", log_type: str = "ALB_ACCESS_LOGS") -> Any:
    """What the three calls of discovery say."""
    by_operation: dict[str, list[dict[str, Any]]] = {
        "describe_delivery_sources": [
            {"name": "shop", "logType": log_type, "resourceArns": [BALANCER]},
            {"name": "else", "logType": log_type, "resourceArns": [BALANCER.replace("public", "other")]},
        ],
        "describe_deliveries": [
            {"deliverySourceName": "shop", "deliveryDestinationType": kind, "deliveryDestinationArn": DESTINATION},
            {"deliverySourceName": "else", "deliveryDestinationType": "CWL", "deliveryDestinationArn": "arn:x"},
        ],
        "describe_delivery_destinations": [
            {"arn": DESTINATION, "deliveryDestinationConfiguration": {"destinationResourceArn": GROUP.arn}},
            {"arn": "arn:x", "deliveryDestinationConfiguration": {"destinationResourceArn": "arn:y"}},
        ],
    }

    def answer(read: Read) -> Pages:
        return answered(*by_operation[read.operation])

    return answer


def test_the_log_group_is_found_by_way_of_the_delivery() -> None:
    driven = drive(log_groups([BALANCER]), answering())
    assert driven.outcome == ((GROUP,), ())
    assert [read.action for read in driven.asked] == [
        "logs:DescribeDeliverySources",
        "logs:DescribeDeliveries",
        "logs:DescribeDeliveryDestinations",
    ]


def test_other_kinds_of_logs_and_other_load_balancers_are_not_ours() -> None:
    assert drive(log_groups([BALANCER]), answering(log_type="ALB_CONNECTION_LOGS")).outcome == ((), ())


def test_a_delivery_to_firehose_is_said_to_be_out_of_reach() -> None:
    groups, gaps = drive(log_groups([BALANCER]), answering(kind="FH")).outcome
    assert groups == ()
    assert [gap.error for gap in gaps] == ["DeliveredElsewhere"]
    assert "Data Firehose" in gaps[0].message


def test_a_denied_look_is_a_gap() -> None:
    groups, gaps = drive(log_groups([BALANCER]), lambda _: refused("logs:DescribeDeliverySources")).outcome
    assert (groups, gaps[0].kind) == ((), "denied")


class Events(ScriptedReader):
    """A log group of several pages."""

    def __init__(self, pages: Sequence[Sequence[str] | Gap]) -> None:
        super().__init__(lambda *_: answered())
        self.answers = list(pages)
        self.tokens: list[str | None] = []

    def call(self, service: str, operation: str, /, **params: Any) -> dict[str, Any] | Gap:
        number = len(self.tokens)
        self.tokens.append(params.get("nextToken"))
        page = self.answers[number]
        if isinstance(page, Gap):
            return page
        following = {"nextToken": f"t{number + 1}"} if number + 1 < len(self.answers) else {}
        at = int((NOW - timedelta(minutes=50 - number)).timestamp() * 1000)
        return {"events": [{"message": message, "timestamp": at} for message in page], **following}


def read(reader: Events, budget: LogBudget = PLENTY, tether: Leash | None = None) -> Any:
    return read_group(GROUP, NOW - timedelta(hours=1), NOW, count_lines, reader, tether or leash(), budget)


def test_every_page_is_read_and_json_and_plain_lines_count_alike() -> None:
    row = json.dumps({"time": "2026-11-21T09:00:00.1Z", "elbStatusCode": 502})
    events = Events([[row, "plain line"], ["{}", row]])
    assert read(events).lines == 3
    assert events.tokens == [None, "t1"]


def test_the_budget_ends_it() -> None:
    found = read(Events([["a"] * 100] * 50), LogBudget(lines=150, bytes=10**9, seconds=9))
    assert (found.lines, found.until) == (200, NOW - timedelta(minutes=49))


def test_a_page_that_fails_keeps_what_was_read() -> None:
    found = read(Events([["a"], Gap(action="logs:FilterLogEvents", resource=GROUP.arn, error="ThrottlingException")]))
    assert (found.lines, found.gaps[0].error) == (1, "ThrottlingException")
    assert found.until == NOW - timedelta(minutes=50)


def test_nothing_at_all_is_an_answer_too() -> None:
    assert read(Events([[]])) == Delivered(0, 0)
