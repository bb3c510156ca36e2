"""Whoever is answered by a merged call gets what it would have got alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.collect.collector import Read
from diagnostics.collect.sources.metric_queries import group_queries, reads_of, span_of
from diagnostics.scan.merging import LISTS, ListParameter, OneFilter, found, planned, question
from diagnostics.scan.metric_lists import MetricList
from tests.diagnostics.collect.scripted import NOW

NAMES = [f"n-{number}" for number in range(30)]
LIST_WAYS = [way for way in LISTS if isinstance(way, ListParameter)]
names = st.lists(st.sampled_from(NAMES), min_size=1, max_size=12, unique=True)


def read_for(way: ListParameter, wanted: Sequence[str], **more: Any) -> Read:
    if isinstance(way, OneFilter):
        return Read(way.service, way.operation, "Items", {"Filters": [{"Name": way.parameter, "Values": list(wanted)}]})
    return Read(way.service, way.operation, "Items", {way.parameter: list(wanted), **more}, resource=wanted[0])


def item_named(way: ListParameter, *called: str) -> dict[str, Any]:
    """An item that has these names in the place where the operation has them."""
    path = way.names[0]
    value: Any = called[0]
    if "*" in path:
        inner = path[path.index("*") + 1 :]
        value = [nested(inner, name) for name in called]
        path = path[: path.index("*")]
    return {"Own": "|".join(called), **nested(path, value)}


def nested(path: tuple[str, ...], value: Any) -> Any:
    for key in reversed(path):
        value = {key: value}
    return value


def aws(way: ListParameter, store: Iterable[dict[str, Any]], read: Read) -> list[dict[str, Any]]:
    """What AWS answers: the items that the list names."""
    wanted = way.parts(read)
    assert wanted is not None
    return [item for item in store if any(name in wanted for path in way.names for name in found(item, path))]


def in_any_order(items: Iterable[Any]) -> list[str]:
    return sorted(json.dumps(item, sort_keys=True, default=str) for item in items)


@pytest.mark.parametrize("way", LIST_WAYS, ids=lambda way: f"{way.operation} by {way.parameter}")
@settings(max_examples=12, deadline=None)
@given(asked=st.lists(names, min_size=1, max_size=12), data=st.data())
def test_everybody_gets_the_answer_as_if_asked_alone(way: ListParameter, asked: list[list[str]], data: Any) -> None:
    several = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3 if "*" in way.names[0] else 1)
    store = [item_named(way, *called) for called in data.draw(st.lists(several, max_size=20))]
    reads = [read_for(way, wanted[: way.most]) for wanted in asked]
    answered = {}
    for call in planned(reads):
        answer = aws(way, store, call.read)
        assert len(way.parts(call.read) or ()) <= way.most
        for member in call.members:
            assert question(member.read) not in answered
            answered[question(member.read)] = call.share_of(member, answer)
    for read in reads:
        assert in_any_order(answered[question(read)]) == in_any_order(aws(way, store, read))
    assert len(planned(reads)) <= len({question(read) for read in reads})


def test_twenty_services_are_two_calls() -> None:
    reads = [Read("ecs", "describe_services", "services", {"cluster": "prod", "services": [name]}) for name in NAMES]
    assert [len(call.parts) for call in planned(reads)] == [10, 10, 10]


@pytest.mark.parametrize(
    "other",
    [
        Read("ecs", "describe_services", "services", {"cluster": "edge", "services": ["b"]}),
        Read("ecs", "describe_services", "services", {"cluster": "prod", "services": ["b"], "include": ["TAGS"]}),
        Read("ecs", "describe_services", "failures", {"cluster": "prod", "services": ["b"]}),
        Read("ecs", "describe_services", "services", {"cluster": "prod", "services": ["b"]}, missing=("NotFound",)),
        Read("ecs", "describe_services", "services", {"cluster": "prod", "services": []}),
        Read("ecs", "describe_services", "services", {"cluster": "prod", "services": "b"}),
        Read("ecs", "describe_clusters", "clusters", {"clusters": ["b"]}),
    ],
)
def test_what_asks_otherwise_is_asked_apart(other: Read) -> None:
    one = Read("ecs", "describe_services", "services", {"cluster": "prod", "services": ["a"]})
    assert sorted(call.is_merged for call in planned([one, other])) == [False, False]


def test_values_that_stand_for_many_and_further_filters_are_asked_alone() -> None:
    def by(*filters: tuple[str, str]) -> Read:
        asked = [{"Name": name, "Values": [value]} for name, value in filters]
        return Read("ec2", "describe_subnets", "Subnets", {"Filters": asked})

    reads = [by(("subnet-id", "a")), by(("subnet-id", "b*")), by(("subnet-id", "c"), ("vpc-id", "v"))]
    assert not any(call.is_merged for call in planned(reads))
    assert any(call.is_merged for call in planned([*reads, by(("subnet-id", "d"))]))


def test_reads_that_say_the_same_are_one_call() -> None:
    same = [Read("elbv2", "describe_rules", "Rules", {"ListenerArn": "a"}, resource=name) for name in ("x", "y")]
    assert [call.read.operation for call in planned(same)] == ["describe_rules"]


def values_of(query: dict[str, Any]) -> list[str]:
    return [json.dumps(query["MetricStat"], sort_keys=True)]


def metrics(read: Read) -> list[dict[str, Any]]:
    """A series whose only point is the question itself, on two pages."""
    queries = read.params["MetricDataQueries"]
    return [{"Id": one["Id"], "Values": values_of(one)} for _ in range(2) for one in queries]


@settings(max_examples=12, deadline=None)
@given(st.lists(st.lists(st.sampled_from(NAMES), min_size=1, max_size=6), min_size=1, max_size=8))
def test_everybody_gets_the_series_that_it_asked_for(asked: list[list[str]]) -> None:
    span = span_of(NOW - timedelta(hours=3), NOW, NOW, 10)
    series = (("RequestCount", "Sum"), ("UnHealthyHostCount", "Maximum"))
    reads = [
        read for groups in asked for read in reads_of([q for g in groups for q in group_queries("lb", g, series)], span)
    ]
    for call in planned(reads):
        for member in call.members:
            alone = metrics(member.read)
            assert in_any_order(call.share_of(member, metrics(call.read))) == in_any_order(alone)


def test_a_call_has_as_many_series_as_one_answer_holds() -> None:
    way = MetricList()
    (hours,) = reads_of(
        list(group_queries("lb", "g", (("RequestCount", "Sum"),))), span_of(NOW - timedelta(hours=3), NOW, NOW, 1)
    )
    (day,) = reads_of(
        list(group_queries("lb", "g", (("RequestCount", "Sum"),))), span_of(NOW - timedelta(days=1), NOW, NOW, 1)
    )
    assert way.limit(hours) == 500
    assert way.limit(day) == 70


def test_series_that_are_computed_are_asked_alone() -> None:
    read = Read(
        "cloudwatch", "get_metric_data", "MetricDataResults", {"MetricDataQueries": [{"Id": "e", "Expression": "m"}]}
    )
    assert MetricList().parts(read) is None
