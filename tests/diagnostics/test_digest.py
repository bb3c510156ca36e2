"""What of a report is told, and in which order."""

from __future__ import annotations

import pytest

from diagnostics.aws_access.failures import AWS_FAILED, MALFORMED_ANSWER, OUT_OF_TIME, QUEUE_FULL, TOO_MANY_PAGES
from diagnostics.collect.task_memory import FORGOTTEN
from diagnostics.collect.unread import STILL_BEING_READ
from diagnostics.digest import (
    READ_IN_PART,
    digest,
    error_in_words,
    event_in_words,
    foremost,
    judged_without,
    left_open,
    observed,
    records,
    sentence,
    telling,
    tells_its_time,
)
from diagnostics.report import EvidenceItem, Report, TimelineEntry
from tests import reports


def test_causes_are_sorted_by_what_they_mean_to_the_reader() -> None:
    sure = reports.rival(code="second", band="confirmed")
    worse = reports.rival(code="worse", role="contributing")
    told = digest(reports.report(causes=(reports.cause(), sure, reports.rival(), worse, reports.consequence())))

    assert told.first == reports.cause()
    assert told.also == (sure,)
    assert told.rivals == (reports.rival(),)
    assert told.contributing == (worse,)
    assert told.consequences == (reports.consequence(),)


def test_a_change_hours_before_is_not_just_before() -> None:
    early = TimelineEntry(
        at=reports.ONSET.replace(hour=1), event="CreateService", source="cloudtrail:LookupEvents", actor="role/x"
    )

    assert digest(reports.unclear(timeline=(early,))).changes == ()


def test_a_change_in_the_minute_of_the_onset_may_have_come_first() -> None:
    close = TimelineEntry(at=reports.at(12, 40), event="ModifyRule", source="cloudtrail:LookupEvents", actor="role/x")

    assert digest(reports.unclear(timeline=(close,))).changes == (close,)


def test_of_the_changes_before_the_onset_the_newest_is_told_first() -> None:
    at, by = (reports.at(12, 20), reports.at(12, 30)), {"source": "cloudtrail:LookupEvents", "actor": "role/x"}
    older, newer = (TimelineEntry(at=when, event=f"ModifyRule {when:%S}", **by) for when in at)

    assert digest(reports.unclear(timeline=(older, newer))).changes == (newer, older)


def test_changes_and_errors_are_told_before_the_noise_of_a_service_that_replaces_its_tasks() -> None:
    noise = tuple(
        TimelineEntry(at=reports.at(12, second), event=f"has started 1 tasks {second}", source="ecs:DescribeServices")
        for second in range(50)
    )
    everything = tuple(sorted((*reports.TIMELINE, *noise), key=lambda entry: entry.at))
    shown = telling(reports.report(timeline=everything), 6)

    assert set(reports.TIMELINE) <= set(shown)
    assert list(shown) == sorted(shown, key=lambda entry: entry.at)
    assert len(shown) == 6


def test_numbers_that_were_not_read_are_not_told_as_zero() -> None:
    nothing = dict.fromkeys(("elb_500", "elb_502", "elb_503", "elb_504", "target_5xx", "requests"))

    assert observed(reports.report(symptom=reports.symptom(**nothing))) == "no error count could be read"


def test_arns_in_events_are_shortened() -> None:
    event = f"ModifyTargetGroup on {reports.GROUP}; (task {'ab' * 16}) is unhealthy in (target-group {reports.GROUP})."
    entry = TimelineEntry(at=reports.ONSET, event=event, source="ecs:DescribeServices")

    assert event_in_words(entry) == (
        "ModifyTargetGroup on targetgroup/checkout/6d0ecf831eec9f09; "
        "(task abababab) is unhealthy in (target group checkout)."
    )


@pytest.mark.parametrize(
    ("report", "mood"),
    [
        (reports.report(), "broken"),
        (reports.report(symptom=reports.symptom(last_seen=reports.at(20), over=True)), "over"),
        (reports.unclear(), "unclear"),
        (reports.well(), "well"),
    ],
)
def test_the_mood_follows_from_what_was_seen(report: Report, mood: str) -> None:
    assert digest(report).mood == mood


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("the health check's path answers 404", "The health check's path answers 404"),
        ("nobody, it seems", "Nobody, it seems"),
        ("3 targets are sick", "3 targets are sick"),
        ("checkout:8 stops", "checkout:8 stops"),
        ("sg-0a1b lets nobody in", "sg-0a1b lets nobody in"),
        ("app/shop is gone", "app/shop is gone"),
        ("price-quotes is throttled", "price-quotes is throttled"),
        ("", ""),
    ],
)
def test_a_sentence_begins_with_a_capital_letter_and_a_name_stays_what_it_is(text: str, shown: str) -> None:
    assert sentence(text) == shown


def test_a_record_that_names_its_time_needs_none_beside_it() -> None:
    told = EvidenceItem(text="rule removed 03:11 by role/ops", source="cloudtrail:LookupEvents", at=reports.at(11, 22))
    assert tells_its_time(told)
    assert not tells_its_time(told.model_copy(update={"text": "rule removed by role/ops"}))
    assert not tells_its_time(told.model_copy(update={"at": None}))


def evidence(text: str, source: str = "ecs:DescribeTasks", minute: int = 11) -> EvidenceItem:
    return EvidenceItem(text=text, source=source, at=reports.at(minute))


def test_what_several_tasks_say_with_the_same_words_is_told_once() -> None:
    stops = tuple(evidence(f"task {number:08x} (web:2) stopped: web exit 1") for number in range(3))
    other = evidence("task 0000000a (web:2) stopped: web exit 139")

    assert [item.text for item in records((*stops, other))] == [
        "task 00000000 (web:2) stopped: web exit 1 (and 2 more like it)",
        "task 0000000a (web:2) stopped: web exit 139",
    ]


def test_groups_of_rows_that_say_the_same_are_added_up() -> None:
    first = evidence("1,292 access log rows: 504 after 10 s without a connection, on 12 targets", "s3:GetObject", 20)
    second = evidence("8 access log rows: 504 after 10 s without a connection, on 1 target", "s3:GetObject", 12)
    (told,) = records((first, second))

    assert told.text == "1,300 access log rows: 504 after 10 s without a connection"
    assert told.at == reports.at(12)
    assert records((first,)) == (first,)


def test_who_changed_something_is_shown_also_where_there_is_little_room() -> None:
    seen = tuple(evidence(f"sign {number}") for number in range(3))
    who = evidence("rule removed 03:11 by role/ops", "cloudtrail:LookupEvents")

    assert foremost((*seen, who), 2) == (seen[0], who)
    assert foremost((who, *seen), 2) == (who, seen[0])
    assert foremost(seen, 2) == seen[:2]


def test_a_task_s_id_is_shortened_and_the_one_in_a_path_is_not() -> None:
    (told,) = records((evidence(f"(task {'ab' * 16}) failed, see task/prod/{'ab' * 16}"),))

    assert told.text == f"(task abababab) failed, see task/prod/{'ab' * 16}"


def test_a_gap_leaves_open_what_is_unknown_and_nothing_else() -> None:
    report = reports.report()
    (gap,) = report.gaps

    assert left_open(gap, report) == ("target-closed-keepalive",)
    assert judged_without(gap, report) == "1 cause was judged without it"


def test_a_list_with_further_pages_was_read_in_part() -> None:
    report = reports.report()
    gap = report.gaps[0].model_copy(update={"action": "ecs:ListTasks", "error": TOO_MANY_PAGES})

    assert set(READ_IN_PART) == {TOO_MANY_PAGES, FORGOTTEN}
    assert judged_without(gap, report) == "1 cause was judged by what was read of it"


@pytest.mark.parametrize(
    "word",
    [
        AWS_FAILED,
        FORGOTTEN,
        MALFORMED_ANSWER,
        OUT_OF_TIME,
        QUEUE_FULL,
        STILL_BEING_READ,
        TOO_MANY_PAGES,
        "NotRead",
        "UnexpectedError",
    ],
)
def test_words_of_ours_are_told_in_plain_ones(word: str) -> None:
    assert " " in error_in_words(word)


def test_codes_of_aws_are_told_as_they_are() -> None:
    assert error_in_words("AccessDenied") == "AccessDenied"


def test_a_deployment_and_the_call_that_ordered_it_are_one_change() -> None:
    began = TimelineEntry(
        at=reports.at(12),
        event="deployment of web:2 began (IN_PROGRESS): task definition web:1 → web:2",
        source="ecs:DescribeServices",
    )
    order = began.model_copy(
        update={
            "event": "UpdateService on prod, web: taskDefinition task-definition/web:2",
            "source": "cloudtrail:LookupEvents",
            "actor": "role/deploy-pipeline",
        }
    )
    smaller = order.model_copy(update={"event": "UpdateService on prod, web: desiredCount 4 → 1"})

    assert digest(reports.unclear(timeline=(order, began))).changes == (
        began.model_copy(update={"actor": "role/deploy-pipeline"}),
    )
    assert smaller in digest(reports.unclear(timeline=(smaller, began))).changes
