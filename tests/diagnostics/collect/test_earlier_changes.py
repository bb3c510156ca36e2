"""What a health check was before an edit is looked up once, and only where nothing else tells it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from diagnostics.aws_access import Pages
from diagnostics.collect.sources.earlier_changes import NOTHING, earlier_changes
from diagnostics.facts import Change, Changes, EarlierChanges, Gap
from tests.diagnostics.collect.driving import Driven, drive
from tests.diagnostics.collect.scripted import GROUP, NOW, SUBJECT, WINDOW, answered, refused
from tests.diagnostics.collect.test_changes import event


def edit(minutes_ago: float = 20, name: str = "ModifyTargetGroup", group: str = GROUP, **more: Any) -> Change:
    request = {"targetGroupArn": group, "healthCheckPath": "/new"} | more.pop("request", {})
    at = NOW - timedelta(minutes=minutes_ago)
    own: dict[str, Any] = {"id": f"{name}-{minutes_ago}", "at": at, "name": name, "source": "x", "actor": "role/ops"}
    return Change(**own, request=request, **more)


def ask(*changes: Change, answer: Pages | None = None) -> Driven:
    recorded = Changes(items=changes)
    return drive(earlier_changes(SUBJECT, WINDOW, recorded), lambda _: answer or answered())


def test_one_page_of_the_target_group_up_to_the_edit() -> None:
    older = event("ModifyTargetGroup", {"targetGroupArn": GROUP, "healthCheckPath": "/old"})
    at = NOW - timedelta(days=40)
    driven = ask(edit(), answer=answered({**older, "EventTime": at}, event("RegisterTargets", {}), event("Modify", {})))
    (read,) = driven.asked
    assert read.params["LookupAttributes"] == [{"AttributeKey": "ResourceName", "AttributeValue": GROUP}]
    assert read.params["EndTime"] == NOW - timedelta(minutes=20)
    assert "StartTime" not in read.params
    assert read.max_pages == 1
    assert isinstance(driven.outcome, EarlierChanges)
    assert [(one.at, one.request["healthCheckPath"]) for one in driven.outcome.items] == [(at, "/old")]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param((), id="no change"),
        pytest.param((edit(90),), id="changed before the window"),
        pytest.param((edit(error="AccessDenied"),), id="AWS refused it"),
        pytest.param((edit(group="another"),), id="another group"),
        pytest.param((edit(request={"healthCheckPath": None, "healthyThresholdCount": 3}),), id="no setting of ours"),
        pytest.param((edit(), edit(200)), id="what it was is known"),
        pytest.param((edit(name="RegisterTargets"),), id="no edit of the health check"),
    ],
)
def test_nothing_is_asked(changes: tuple[Change, ...]) -> None:
    driven = ask(*changes)
    assert driven.asked == []
    assert driven.outcome is NOTHING


def test_the_older_of_two_edits_in_the_window_is_the_one_in_doubt() -> None:
    (read,) = ask(edit(10), edit(20)).asked
    assert read.params["EndTime"] == NOW - timedelta(minutes=20)


def test_without_changes_nothing_is_known_and_nothing_asked() -> None:
    gap = Gap(action="cloudtrail:LookupEvents", resource="*", error="AccessDenied", kind="denied")
    driven = drive(earlier_changes(SUBJECT, WINDOW, gap), lambda _: answered())
    assert (driven.asked, driven.outcome) == ([], NOTHING)


def test_a_look_up_that_fails_is_a_gap() -> None:
    assert isinstance(ask(edit(), answer=refused("cloudtrail:LookupEvents")).outcome, Gap)
