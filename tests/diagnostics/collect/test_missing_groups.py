"""A target group that was deleted is known to be missing; it is neither a gap nor empty."""

from __future__ import annotations

from diagnostics.aws_access import Missing, Pages
from diagnostics.collect.collector import Read
from diagnostics.collect.sources.target_groups import target_group_attributes, target_groups
from diagnostics.collect.sources.target_health import target_health
from diagnostics.facts import TargetGroups
from tests.diagnostics.collect.driving import drive, settled
from tests.diagnostics.collect.scripted import GROUP, SUBJECT, answered

GONE = GROUP.rsplit("/", 2)[0] + "/checkout-old/8888888888888888"
BOTH = SUBJECT.model_copy(update={"target_groups": (GROUP, GONE)})


def answer(read: Read) -> Pages:
    named = read.params.get("TargetGroupArn") or read.params.get("TargetGroupArns", ())
    if GONE in (named, *named):
        assert "TargetGroupNotFound" in read.missing
        return Pages(missing=Missing(error="TargetGroupNotFound"), calls=1)
    return answered()


def test_health_names_the_missing_group_apart() -> None:
    found = drive(target_health(BOTH, settled(TargetGroups, TargetGroups(items=()))), answer).outcome
    assert (found.by_group, found.missing, found.gaps) == ({GROUP: ()}, (GONE,), ())


def test_the_other_readings_go_on_without_it() -> None:
    later = settled(TargetGroups, TargetGroups(items=()))
    assert drive(target_groups(BOTH), answer).outcome == TargetGroups(items=())
    assert drive(target_group_attributes(BOTH, later), answer).outcome.by_arn == {GROUP: {}}
