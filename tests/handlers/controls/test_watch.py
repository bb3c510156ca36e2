"""Watch until recovery: the control, and the pure part of watching."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handlers.controls import catalogue
from handlers.views.watching import ended, with_watch
from handlers.watches import CALM_LOOKS, LATER, LONGEST, MAX_BLIND, SOON, SOON_LOOKS, seen
from tests import reports, slack_limits
from tests.handlers.controls.visiting import NOW, Hands, a_watch, pressed, words_of


def test_it_says_how_often_until_when_and_where_it_is_told() -> None:
    text = words_of(pressed("watch"))
    assert "every minute" in text
    assert "<!date^" in text
    assert "this thread is told" in text


def test_a_second_press_changes_nothing_and_says_who_watches() -> None:
    hands = Hands(watching=a_watch())
    assert "<@U0ALICE> asked for it" in words_of(pressed("watch", hands, user="U0BOB"))


def test_what_cannot_be_watched_is_said() -> None:
    assert "too many" in words_of(pressed("watch", Hands(watch_refusal="too many")))


def test_a_sound_service_is_not_offered_to_be_watched() -> None:
    spec = catalogue()["watch"]
    assert spec.offered(reports.report())
    assert not spec.offered(reports.well())
    assert not spec.offered(reports.report(symptom=reports.symptom(over=True)))


def test_one_calm_look_is_no_recovery() -> None:
    """Errors that pause for a minute come back."""
    once = seen(a_watch(), reports.well(), NOW)
    assert once.state == "on"
    back = seen(once, reports.report(), NOW)
    assert (back.state, back.calm, back.calm_since) == ("on", 0, None)
    twice = seen(once, reports.well(), NOW)
    assert twice.state == "recovered"
    assert twice.calm == CALM_LOOKS


def test_it_ends_after_its_time_and_after_looks_that_bring_nothing() -> None:
    late = NOW + LONGEST
    assert seen(a_watch(), reports.report(), late).state == "too-long"
    watch = a_watch()
    for _ in range(MAX_BLIND):
        watch = seen(watch, None, NOW)
    assert watch.state == "blind"
    assert seen(a_watch(blind=MAX_BLIND - 1), reports.report(), NOW).blind == 0


def test_looks_are_bounded_in_number() -> None:
    looks = SOON_LOOKS + (LONGEST - SOON_LOOKS * SOON) / LATER
    assert looks < 100
    assert a_watch().pause == SOON
    assert a_watch(step=SOON_LOOKS + 1).pause == LATER


@pytest.mark.parametrize(
    ("watch", "report", "says"),
    [
        (a_watch(), reports.report(), "Watched for <@U0ALICE> until"),
        (a_watch(), reports.well(), "I look once more"),
        (a_watch(calm=1), reports.well(), "*Recovered*"),
    ],
    ids=["broken", "calm for once", "recovered"],
)
def test_the_answer_says_above_itself_that_it_is_watched(watch, report, says) -> None:  # type: ignore[no-untyped-def]
    from handlers import views

    answer = views.summary(report, now=NOW, age_s=None, plain=False)
    message = with_watch(answer, watch, report, NOW)
    slack_limits.check(message.text, message.blocks)
    assert says in message.blocks[0]["elements"][0]["text"]
    assert message.blocks[1] == answer.blocks[0]


@pytest.mark.parametrize(
    ("state", "says"), [("recovered", "has recovered"), ("too-long", "has not recovered"), ("blind", "no report")]
)
def test_the_end_is_told_to_whoever_asked(state: str, says: str) -> None:
    message = ended(a_watch(state=state, label="<!channel>" * 50), NOW + timedelta(minutes=12))
    slack_limits.check(message.text, message.blocks)
    assert "<@U0ALICE>" in message.text
    assert says in message.text
