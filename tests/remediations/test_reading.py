"""How an answer of AWS becomes a value: all its pages, as JSON, and nothing guessed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from diagnostics.aws_access import Pages, Reader
from diagnostics.facts.fact import Gap
from remediations.plan import Call, Guard, Look
from remediations.reading import AwsReads, same, see, shown, value_of

CALL = Call.of("elbv2", "describe_rules", ListenerArn="arn:x")


class Answers:
    """Stands where a Reader does."""

    def __init__(self, *items: dict[str, Any], gap: Gap | None = None) -> None:
        self._pages = Pages(items=items, gaps=(gap,) if gap else ())
        self.asked: list[Any] = []

    def pages(self, service: str, operation: str, key: str, /, *, max_pages: int, **params: Any) -> Pages:
        self.asked.append((service, operation, params))
        return self._pages


def reads(*items: dict[str, Any], gap: Gap | None = None) -> AwsReads:
    return AwsReads(cast("Reader", Answers(*items, gap=gap)))


def test_all_pages_are_one_answer() -> None:
    found = reads({"Rules": [1], "Owner": "x"}, {"Rules": [2, 3], "NextMarker": None})
    assert value_of(found, Look(call=CALL, path="Rules")) == [1, 2, 3]
    assert value_of(found, Look(call=CALL, path="Owner")) == "x"


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("ec2", "terminate_instances"),
        ("elbv2", "delete_target_group"),
        ("ecs", "update_service"),
        ("ecs", "describe"),
        ("ec2", "generate_presigned_url"),
        ("ssm", "get_parameters"),
        ("secretsmanager", "get_secret_value"),
        ("sts", "get_session_token"),
    ],
)
def test_nothing_but_reading_is_sent_whatever_a_plan_calls_a_look(service: str, operation: str) -> None:
    """A plan that somebody altered in the store is looked at by the worker, and by whoever types --dry-run."""
    answers = Answers({})
    found = AwsReads(cast("Reader", answers)).read(Call.of(service, operation))
    assert isinstance(found, Gap)
    assert answers.asked == []


def test_an_answer_without_its_end_is_not_used() -> None:
    gap = Gap(action="elasticloadbalancing:DescribeRules", resource="*", error="TooManyPages", kind="not-read")
    guard = Guard(look=Look(call=CALL, path="length(Rules)"), expected=1, text="there is one rule")
    seen = see(reads({"Rules": [1]}, gap=gap), guard)
    assert not seen.holds
    assert seen.told == (
        "whether there is one rule could not be read: elasticloadbalancing:DescribeRules (TooManyPages)"
    )


@pytest.mark.parametrize("error", ["RuleNotFound", "ResourceNotFoundException", "InvalidGroup.NotFound"])
def test_in_what_does_not_exist_nothing_is_found(error: str) -> None:
    gap = Gap(action="x:Y", resource="*", error=error)
    assert value_of(reads(gap=gap), Look(call=CALL, path="Rules[0].Priority")) is None


def test_moments_are_text_and_the_transport_is_left_out() -> None:
    at = datetime(2027, 1, 15, 8, 0, tzinfo=UTC)
    found = reads({"At": at, "ResponseMetadata": {"RequestId": "x"}})
    assert value_of(found, Look(call=CALL, path="[At, ResponseMetadata]")) == ["2027-01-15T08:00:00+00:00", None]


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (1, 1.0, True),
        (1, True, False),
        (0, False, False),
        (0, None, False),
        ("1", 1, False),
        ([1, {"a": True}], [1, {"a": True}], True),
        ([1, {"a": True}], [1, {"a": 1}], False),
        ({"a": 1}, {"a": 1, "b": None}, False),
        ([1, 2], [2, 1], False),
    ],
)
def test_values_are_equal_as_json_is(one: Any, other: Any, equal: bool) -> None:
    assert same(one, other) is equal


def test_values_are_shown_on_one_bounded_line() -> None:
    assert (shown(None), shown("a\nb"), len(shown("x" * 500))) == ("nothing", '"a\\nb"', 120)


def test_what_is_found_is_told_without_secrets() -> None:
    """A guard may look at anything that the role which reads may see."""
    secrets = ["postgres://shop:hunter2@db/shop", {"JAVA_OPTS": "-Dpassword=hunter2 -Xmx2g"}, 7, None, True]
    guard = Guard(look=Look(call=CALL, path="Rules"), expected="x", text="it is so")
    seen = see(reads({"Rules": secrets}), guard)
    assert "hunter2" not in seen.told
    assert "hunter2" not in str(seen.kept)
    assert seen.found == secrets
    arn = "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/checkout/0123456789abcdef"
    assert see(reads({"Rules": [arn, 60]}), guard).kept == [arn, 60]
    assert arn in shown(arn)
