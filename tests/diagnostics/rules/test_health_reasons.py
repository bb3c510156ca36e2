"""The load balancer's words about a failed health check are read as written, whoever wrote what into them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.facts import ServiceEvent, Target
from diagnostics.rules.health_reasons import (
    HIGHEST_CODE,
    accepted_codes,
    answered_codes,
    by_reason,
    codes_in_words,
    kind_of_text,
    reports_of,
)

NOW = datetime(2026, 11, 21, 3, 30, tzinfo=UTC)
GROUP = "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/checkout/73e2d6bc24d8a067"
NOT_FOUND = "Health checks failed with these codes: [404]"
CODES = st.frozensets(st.integers(100, HIGHEST_CODE), max_size=20)


@given(CODES)
def test_every_code_of_a_description_is_read(codes: frozenset[int]) -> None:
    listed = ", ".join(str(code) for code in codes)

    assert answered_codes(f"Health checks failed with these codes: [{listed}]") == codes


@given(st.integers(100, HIGHEST_CODE), st.integers(100, HIGHEST_CODE), CODES)
def test_a_matcher_accepts_its_ranges_and_its_single_codes(low: int, high: int, single: frozenset[int]) -> None:
    matcher = ",".join([f"{low}-{high}", *map(str, single)])

    assert accepted_codes(matcher) == single | frozenset(range(low, high + 1))


@given(CODES)
def test_codes_in_words_lose_nothing(codes: frozenset[int]) -> None:
    words = codes_in_words(codes)

    assert not codes or accepted_codes(words.replace(" and ", ",")) == codes


@given(st.text(max_size=3000))
def test_no_text_breaks_the_reading(text: str) -> None:
    assert all(0 <= code <= HIGHEST_CODE for code in answered_codes(text) | accepted_codes(text))
    assert kind_of_text(text) in {None, "answer", "timeout", "connection"}
    assert reports_of([ServiceEvent(id="e", at=NOW, message=text)], NOW) == ()


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Health checks failed with these codes: [404]", {404}),
        ("Health checks failed with these codes: [404, 500-502]", {404, 500, 501, 502}),
        ("Health checks failed with these codes: []", set()),
        ("Health checks failed with these codes: [not found, 404]", {404}),
        ("Health checks failed", set()),
        (None, set()),
    ],
)
def test_descriptions(text: str | None, codes: set[int]) -> None:
    assert answered_codes(text) == codes


def test_targets_are_grouped_by_what_they_did() -> None:
    def target(number: int, reason: str | None, description: str | None, state: str = "unhealthy") -> Target:
        return Target(id=f"10.0.0.{number}", port=80, state=state, reason=reason, description=description)

    mismatch = "Target.ResponseCodeMismatch"
    groups = by_reason(
        (
            target(1, mismatch, "Health checks failed with these codes: [404]"),
            target(2, mismatch, "Health checks failed with these codes: [500]"),
            target(3, mismatch, "Health checks failed with these codes: [404]"),
            target(4, "Target.Timeout", "Request timed out"),
            target(5, "Elb.InternalError", None),
            target(6, None, None, state="healthy"),
            target(7, "Target.DeregistrationInProgress", None, state="draining"),
        )
    )

    assert [(one.kind, set(one.codes), len(one.targets)) for one in groups] == [
        ("answer", {404}, 2),
        ("answer", {500}, 1),
        ("timeout", set(), 1),
    ]


@pytest.mark.parametrize(
    ("message", "kind", "task", "port"),
    [
        (
            f"(task 1a2b) (port 8080) is unhealthy in (target-group {GROUP}) due to (reason {NOT_FOUND})",
            "answer",
            "1a2b",
            8080,
        ),
        (
            f"(service checkout) (port 80) is unhealthy in (target-group {GROUP}) due to (reason Request timed out).",
            "timeout",
            None,
            80,
        ),
        (
            f"(instance i-01) (port 32768) is unhealthy in (target-group {GROUP}) due to (reason Health checks failed)",
            "connection",
            None,
            32768,
        ),
    ],
)
def test_the_forms_of_the_service_event(message: str, kind: str, task: str | None, port: int) -> None:
    (report,) = reports_of([ServiceEvent(id="e", at=NOW, message=message)], NOW)

    assert (report.kind, report.task_id, report.port, report.group_arn) == (kind, task, port, GROUP)


def test_a_zone_that_is_not_enabled_is_no_failed_health_check() -> None:
    message = (
        f"(service checkout) (task 1a2b) (port 80) is unhealthy in (target-group {GROUP}) due to "
        "(reason Target is in an Availability Zone that is not enabled for the load balancer)"
    )

    assert reports_of([ServiceEvent(id="e", at=NOW, message=message)], NOW) == ()


def test_old_events_do_not_count() -> None:
    message = f"(port 80) is unhealthy in (target-group {GROUP}) due to (reason Request timed out)"

    assert reports_of([ServiceEvent(id="e", at=NOW - timedelta(hours=2), message=message)], NOW) == ()
