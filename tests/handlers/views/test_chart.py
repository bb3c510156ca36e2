"""The picture: Slack's chart within its limits, and the sparkline where a workspace refuses it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from diagnostics.report import ErrorsOverTime, Report, TimelineEntry
from handlers.views.chart import chart
from tests import reports, slack_limits

kinds = st.sampled_from(("elb_502", "elb_503", "elb_504", "elb_500", "elb_464", "elb_561", "target_5xx", "<!channel>"))
counts = st.lists(st.integers(0, 10**9), min_size=1, max_size=60).map(tuple)
series = st.builds(
    ErrorsOverTime,
    start=st.just(reports.START),
    step_seconds=st.sampled_from((60, 300, 3_600, 86_400)),
    counts=st.dictionaries(kinds, st.just(0), min_size=1).flatmap(
        lambda names: st.integers(1, 60).flatmap(
            lambda size: st.fixed_dictionaries(
                {name: st.lists(st.integers(0, 10**9), min_size=size, max_size=size).map(tuple) for name in names}
            )
        )
    ),
)


def incident(**symptom: Any) -> Report:
    began = TimelineEntry(at=reports.at(3), event="deployment of checkout:42 began", source="ecs:DescribeServices")
    return reports.report(symptom=reports.symptom(**symptom), timeline=(*reports.TIMELINE, began))


def test_onset_and_deployments_stand_in_the_labels_and_below() -> None:
    block, caption = chart(incident(), plain=False)
    axis = block["chart"]["axis_config"]

    assert block["title"] == "Errors over time, 3 min each"
    assert axis["categories"][:2] == ["02:45", "02:48"]
    assert "03:00 deploy" in axis["categories"]
    assert "03:12 onset" in axis["categories"]
    assert [row["name"] for row in block["chart"]["series"]] == ["504"]
    assert sum(point["value"] for point in block["chart"]["series"][0]["data"]) == 400
    assert caption["elements"][0]["text"] == (
        "02:45 to 03:45 UTC: deployment 03:02 UTC, deployment 03:03 UTC, errors began 03:12 UTC, "
        "at most 38 of a kind in 3 min"
    )


def test_a_column_in_which_both_happened_says_both() -> None:
    (block, _) = chart(incident(onset=reports.at(4)), plain=False)

    assert "03:03 onset, deploy" in block["chart"]["axis_config"]["categories"]


def test_where_it_is_refused_it_is_a_sparkline_in_a_code_block() -> None:
    (block,) = chart(incident(), plain=True)

    assert block["text"]["text"].splitlines() == [
        "```504 ·········██████████▆",
        "         dd  ^",
        "02:45 to 03:45 UTC",
        "3 min each, █ is 38 errors",
        "d deployment 03:02",
        "d deployment 03:03",
        "^ errors began 03:12```",
    ]


def test_deployments_of_one_minute_are_told_once() -> None:
    began = [
        TimelineEntry(
            at=reports.at(20) + timedelta(seconds=seconds),
            event=f"deployment of {name} {what} (COMPLETED)",
            source="ecs:DescribeServices",
        )
        for seconds, name, what in (
            (0, "checkout:42", "began"),
            (4, "checkout:43", "began"),
            (9, "cart:7", "began"),
            (50, "checkout:43", "ended"),
            (63, "checkout:44", "ended"),
            (64, "cart:7", "ended"),
        )
    ]
    told = reports.report(timeline=tuple(began))
    (_, caption) = chart(told, plain=False)
    (block,) = chart(told, plain=True)

    assert "errors began 03:12 UTC, 3 deployments 03:20 UTC, deployment 03:21 UTC, " in caption["elements"][0]["text"]
    assert block["text"]["text"].splitlines()[4:] == [
        "^ errors began 03:12",
        "d 3 deployments 03:20",
        "d deployment 03:21```",
    ]


def test_without_errors_there_is_no_picture() -> None:
    assert chart(reports.well(), plain=False) == ()
    assert chart(reports.report(symptom=reports.symptom(over_time=None)), plain=True) == ()


@given(series, st.integers(-10, 80))
def test_every_series_is_within_the_limits(given_series: ErrorsOverTime, onset: int) -> None:
    report = incident(over_time=given_series, onset=reports.START + timedelta(minutes=onset))
    for plain in (False, True):
        if blocks := chart(report, plain=plain):
            assert not slack_limits.violations("x", blocks, plain=plain)
        for block in blocks:
            if block["type"] == "data_visualization":
                assert len(block["chart"]["series"]) <= 6
                assert len(block["chart"]["axis_config"]["categories"]) <= 20
