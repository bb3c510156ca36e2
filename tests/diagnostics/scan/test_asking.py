"""What happens when a call for many does not succeed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from diagnostics.aws_access import Pages
from diagnostics.aws_access.reader import Missing
from diagnostics.collect.collector import Read
from diagnostics.facts import Gap
from diagnostics.scan import asking as scan_asking
from diagnostics.scan.asking import Asking
from diagnostics.scan.merging import question
from tests.diagnostics.collect.scripted import Script, ScriptedReader, answered, refused
from tests.diagnostics.standstill import Standstill


@contextmanager
def asking(script: Script, seconds: float = 60.0) -> Iterator[tuple[Asking, ScriptedReader]]:
    reader = ScriptedReader(script)
    made = Asking(reader, time.monotonic() + seconds)
    try:
        yield made, reader
    finally:
        made.close()


def group(name: str) -> Read:
    return Read("elbv2", "describe_target_groups", "TargetGroups", {"TargetGroupArns": [name]}, name, missing=("Gone",))


def service(name: str) -> Read:
    return Read("ecs", "describe_services", "services", {"cluster": "prod", "services": [name]}, name)


def tasks(name: str) -> Read:
    return Read(
        "ecs", "list_tasks", "taskArns", {"cluster": "prod", "serviceName": name, "desiredStatus": "STOPPED"}, name
    )


def test_a_group_that_is_gone_costs_nobody_else_the_answer() -> None:
    def script(_: str, params: dict[str, Any]) -> Pages:
        if "gone" in params["TargetGroupArns"]:
            return Pages(missing=Missing("Gone"), calls=1)
        return answered(*({"TargetGroupArn": arn} for arn in params["TargetGroupArns"]))

    with asking(script) as (ask, reader):
        found = ask.answers([group("a"), group("gone"), group("b")])
    assert found[question(group("a"))].items == ({"TargetGroupArn": "a"},)
    assert found[question(group("gone"))].missing == Missing("Gone")
    assert len(reader.asked) == 4


def test_what_nobody_may_is_not_asked_again_and_again() -> None:
    with asking(lambda _, __: refused("elasticloadbalancing:DescribeTargetGroups")) as (ask, reader):
        found = ask.answers([group("a"), group("b")])
    assert len(reader.asked) == 1
    assert [found[question(group(name))].gaps[0].resource for name in "ab"] == ["a", "b"]


def test_where_some_may_be_allowed_each_is_asked_when_all_are_refused() -> None:
    def script(_: str, params: dict[str, Any]) -> Pages:
        return answered({"serviceName": "a"}) if params["services"] == ["a"] else refused("ecs:DescribeServices")

    with asking(script) as (ask, _):
        found = ask.answers([service("a"), service("b")])
    assert found[question(service("a"))].items
    assert found[question(service("b"))].gaps


def test_half_an_answer_is_no_answer() -> None:
    gap = Gap(action="elasticloadbalancing:DescribeTargetGroups", resource="*", error="TooManyPages", kind="not-read")

    def script(_: str, params: dict[str, Any]) -> Pages:
        items = tuple({"TargetGroupArn": arn} for arn in params["TargetGroupArns"])
        return Pages(items=items[:1], gaps=(gap,), calls=1, truncated=True) if len(items) > 1 else answered(*items)

    with asking(script) as (ask, _):
        found = ask.answers([group("a"), group("b")])
    assert [found[question(group(name))].items for name in "ab"] == [
        ({"TargetGroupArn": "a"},),
        ({"TargetGroupArn": "b"},),
    ]


def test_tasks_of_a_cluster_are_listed_once_and_go_to_their_services() -> None:
    def script(operation: str, params: dict[str, Any]) -> Pages:
        if operation == "list_tasks":
            assert "serviceName" not in params
            return answered("t1", "t2", "t3")
        owners = {"t1": "service:a", "t2": "service:b", "t3": "family:nightly"}
        return answered(*({"taskArn": task, "group": owners[task]} for task in params["tasks"]))

    with asking(script) as (ask, reader):
        found = ask.answers([tasks("a"), tasks("b"), tasks("c")])
    assert [found[question(tasks(name))].items for name in "abc"] == [("t1",), ("t2",), ()]
    assert [operation for operation, _ in reader.asked] == ["list_tasks", "describe_tasks"]


def test_what_many_share_is_asked_once_in_a_scan() -> None:
    rules = Read("elbv2", "describe_rules", "Rules", {"ListenerArn": "l"})
    with asking(lambda _, __: answered({"RuleArn": "r"})) as (ask, reader):
        assert ask.answers([rules]) == ask.answers([rules])
    assert len(reader.asked) == 1


def test_one_that_hangs_does_not_hold_up_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    standstill = Standstill()
    monkeypatch.setattr(scan_asking, "wait", standstill.wait)

    def script(operation: str, _: dict[str, Any]) -> Pages:
        if operation == "describe_services":
            standstill.hold()
        return answered({"TargetGroupArn": "a"})

    with asking(script) as (ask, _):
        ask.round_s = 15
        found = ask.answers([group("a"), service("b")])
        assert standstill.took_s == 15
        standstill.release()
    assert found[question(group("a"))].items
    assert found[question(service("b"))].gaps[0].kind == "timeout"


def test_who_is_not_answered_in_time_has_a_gap() -> None:
    slow = threading.Event()

    def script(_: str, __: dict[str, Any]) -> Pages:
        slow.wait(5)
        return answered()

    with asking(script, seconds=0.0) as (ask, _):
        (found,) = ask.answers([group("a")]).values()
        slow.set()
    assert found.gaps[0].kind == "timeout"
