"""Access logs that go to CloudWatch Logs, or somewhere from where nothing can be read back."""

from __future__ import annotations

from typing import Any

from diagnostics.aws_access import Pages
from diagnostics.collect.collector import Read
from diagnostics.collect.sources.vended_logs import LogGroup, log_groups
from tests.diagnostics.collect.driving import drive
from tests.diagnostics.collect.scripted import BALANCER, answered, refused

GROUP = LogGroup("arn:aws:logs:us-east-1:111122223333:log-group:/alb/shop:*")
DESTINATION = "arn:aws:logs:us-east-1:111122223333:delivery-destination:to-logs"


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
