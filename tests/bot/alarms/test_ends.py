"""How alarms end: the one message says when, after how long, and after which change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot import alarming
from diagnostics.report import ReportGap, TimelineEntry
from tests.bot.alarms.posting import POSTED_S, Scene, diagnosed, ts, words_of
from tests.handlers.alarm_formats.posters import Alarm, grafana
from tests.reports import report

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
CLOUDTRAIL = ReportGap(action="cloudtrail:LookupEvents", resource="*", error="AccessDenied")


def test_the_end_is_told_in_the_same_message_with_what_came_before(scene: Scene) -> None:
    scene.begin()
    scene.post("checkout-502", ts(1))
    scene.settled()
    began = scene.aws.began
    restored = TimelineEntry(
        at=began + timedelta(minutes=2),
        event="sg-0a1: inbound rule added",
        source="cloudtrail:LookupEvents",
        actor="role/ops-admin",
    )
    scene.diagnosis.outcome = diagnosed(restored)
    scene.aws.state, scene.aws.began = "OK", began + timedelta(minutes=4)
    scene.post("checkout-502", ts(9), state="OK")
    answer = scene.told("inbound rule added")
    scene.settled()
    assert len(scene.ours) == 1
    assert "Recovered at" in words_of(answer)
    assert "4 min after the first alarm" in words_of(answer)
    assert "last change before it: sg-0a1: inbound rule added, by role/ops-admin, at " in words_of(answer)
    assert "Security group sg-0a1" in words_of(answer)


def test_an_end_that_nobody_was_told_the_beginning_of_is_silent(scene: Scene) -> None:
    scene.aws.state = "OK"
    scene.begin()
    scene.post("checkout-502", ts(1), state="OK")
    scene.settled()
    assert not scene.ours


def test_a_reopened_incident_edits_its_one_message(scene: Scene) -> None:
    scene.begin()
    scene.post("checkout-502", ts(1))
    scene.settled()
    scene.aws.state, scene.aws.began = "OK", scene.aws.began + timedelta(minutes=1)
    scene.post("checkout-502", ts(2), state="OK")
    scene.told("Recovered at")
    scene.settled()
    scene.aws.state, scene.aws.began = "ALARM", scene.aws.began + timedelta(minutes=1)
    scene.post("checkout-502", ts(3))
    scene.settled()
    (answer,) = scene.ours
    assert "Recovered at" not in words_of(answer)
    assert "2 times" in words_of(answer)
    assert len(scene.diagnosis.asked) == 2  # the answer, and the look at what ended it


def test_an_end_that_aws_denies_is_not_told(scene: Scene) -> None:
    """Anybody who can post may say that an alarm has ended."""
    scene.begin()
    scene.post("checkout-502", ts(1))
    scene.settled()
    scene.post("checkout-502", ts(2), state="OK")
    scene.settled()
    assert "Recovered" not in words_of(scene.ours[0])
    assert 'alb502_alarms_total{result="contradicted"}' in scene.bot.ops("/metrics")[1]


def test_an_alarm_that_ended_before_its_post_is_answered_and_over(scene: Scene) -> None:
    scene.aws.state, scene.aws.began = "OK", datetime.fromtimestamp(POSTED_S, UTC) + timedelta(seconds=90)
    scene.begin()
    scene.post("checkout-502", ts(1))
    scene.told("Recovered at")


@pytest.mark.parametrize(
    ("actor", "gaps", "said"),
    [
        ("role/ops-admin", (), "last change before it: rule added, by role/ops-admin, at 12:01:00 UTC"),
        ("alb502 (Add the rule)", (), "last fix before it: rule added, by alb502 (Add the rule), at 12:01:00 UTC"),
        (None, (), "no fix and no change is recorded before it"),
        (None, (CLOUDTRAIL,), "what was changed before it is not known: CloudTrail could not be read"),
    ],
)
def test_after_which_fix_or_change(actor: str | None, gaps: tuple[ReportGap, ...], said: str) -> None:
    """What nobody made, such as errors, is none."""
    entry = TimelineEntry(at=NOON + timedelta(minutes=1), event="rule added", source="x", actor=actor)
    found = report(timeline=(entry,), gaps=gaps)
    assert alarming.ended_after(found, NOON, NOON + timedelta(minutes=2)) == said


def test_an_alarm_that_lacks_data_by_now_has_not_recovered(scene: Scene) -> None:
    scene.aws.state, scene.aws.began = (
        "INSUFFICIENT_DATA",
        datetime.fromtimestamp(POSTED_S, UTC) + timedelta(seconds=90),
    )
    scene.begin()
    scene.post("checkout-502", ts(1))
    scene.settled()
    assert "Recovered" not in words_of(scene.told("Security group"))


def test_a_monitor_s_post_that_is_edited_ends_when_it_was_edited(scene: Scene) -> None:
    """Grafana and others edit their first post; CloudWatch knows nothing of their times."""
    scene.begin()
    scene.say(grafana(Alarm()), ts(1))
    scene.settled()
    ended = {**grafana(Alarm(state="OK")), "ts": ts(1), "edited": {"user": "B0GRAF", "ts": f"{POSTED_S + 180}.000001"}}
    scene.say({"type": "message", "subtype": "message_changed", "message": ended}, ts(2))
    scene.told("Recovered at")
    scene.settled()
    (answer,) = scene.ours
    assert "3 min after the first alarm" in words_of(answer)
