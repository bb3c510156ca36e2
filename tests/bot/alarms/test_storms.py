"""Storms: one diagnosis and one thread for each load balancer, three pointers, and a table that grows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis

from bot import redrawing
from bot.queue import HEARTBEAT_MS
from bot.store.asks import Asks
from bot.store.incidents import RETELL_S, Incidents
from demo.slack.rates import Rates
from handlers import views
from handlers.incidents import AlarmChange, Incident
from tests.bot.alarms.posting import Scene, ts, words_of
from tests.bot.conftest import eventually


def test_a_storm_is_one_diagnosis_three_pointers_and_a_table(scene: Scene) -> None:
    scene.slack.rates = Rates()
    scene.begin()
    for number in range(8):
        scene.post(f"alarm-{number}", ts(number))
    answer = scene.told("alarm-7")
    scene.settled()
    assert [call.method for call in scene.slack.calls if not call.ok] == []
    pointers = [one for one in scene.ours if "the diagnosis is in" in one["text"]]
    assert len(scene.diagnosis.asked) == 1
    assert len(pointers) == 3
    assert len(scene.ours) == 4
    assert all(f"alarm-{number}" in words_of(answer) for number in range(8))
    assert all(f"p{answer['thread_ts'].replace('.', '')}" in words_of(one) for one in pointers)
    assert answer["thread_ts"] not in {one["thread_ts"] for one in pointers}


def test_a_person_s_question_overtakes_a_storm(scene: Scene) -> None:
    scene.aws.go.clear()  # CloudWatch is slow, and every thread for alarms waits for it
    scene.begin()
    for number in range(6):
        scene.post(f"alarm-{number}", ts(number))
    assert scene.bot.ask("search") == (200, "")
    eventually(lambda: [one.words for one in scene.diagnosis.asked] == ["search"])
    scene.aws.go.set()


def test_an_edit_that_comes_later_is_not_kept_back_by_an_earlier_one(scene: Scene) -> None:
    """Each of three alarms in turn is shown, although an edit was planned for the one before."""
    scene.begin(alarms={"threshold_notes": 0})
    for number in range(4):
        scene.post(f"alarm-{number}", ts(number))
        scene.settled()
    (answer,) = scene.ours
    assert all(f"alarm-{number}" in words_of(answer) for number in range(4))


def test_an_edit_whose_planner_died_is_made_by_whoever_takes_its_alarm_up(redis: Redis) -> None:
    """The process was killed between noting that it would queue an edit and queueing it."""
    incidents = Incidents(redis)
    began = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
    fresh = Incident(id="inc-1", what="lb", team="T", channel="C", thread_ts="1.0", ask_id="ask-1", opened_at=began)
    change = AlarmChange(name="a", account="1", region="r", state="ALARM", changed_at=began)
    incident, _ = incidents.begin(fresh, change, 3, began)
    assert incidents.plan_retelling(incident)
    assert not incidents.plan_retelling(incident)
    redis.delete("alb502:incident-retell:inc-1")  # what its time does
    again, told = incidents.begin(fresh, change, 3, began)
    assert told == "known"
    assert incidents.plan_retelling(again)
    incidents.told(again)
    incidents.retelling(again.id)
    assert not incidents.plan_retelling(again)
    assert RETELL_S * 1_000 < HEARTBEAT_MS


def test_an_incident_that_is_replaced_does_not_answer_for_another_question(redis: Redis) -> None:
    incidents = Incidents(redis)
    began = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
    for number in range(2):
        at = began + timedelta(days=number)
        change = AlarmChange(name="a", account="1", region="r", state="ALARM", changed_at=at)
        fresh = Incident(
            id=f"inc-{number}", what="lb", team="T", channel="C", thread_ts=f"{number}.0", ask_id=f"ask-{number}",
            opened_at=at,
        )  # fmt: skip
        incidents.begin(fresh, change, 3, at)
    assert incidents.of_ask("ask-0") is None
    assert incidents.in_thread("C", "0.0") is None
    assert incidents.of_ask("ask-1") == incidents.in_thread("C", "1.0") is not None


def test_edits_that_wait_for_an_answer_use_up_none_of_its_tries(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redrawing, "REDRAW_AGAIN_S", 0.0)
    scene.diagnosis.go.clear()
    scene.begin()
    for number in range(3):
        scene.post(f"alarm-{number}", ts(number))
    assert scene.diagnosis.started.wait(10)
    ask_id = next(one.decode() for one in scene.redis.scan_iter(match="alb502:incident-ask:*")).rpartition(":")[2]
    eventually(lambda: int(scene.redis.hget(f"alb502:ask:{ask_id}", "awaited") or 0) > 3)
    assert Asks(scene.redis).put_offs(ask_id) == 0
    scene.diagnosis.go.set()
    scene.told("alarm-2")


def test_refreshed_the_answer_keeps_its_alarms(scene: Scene) -> None:
    scene.begin(alarms={"threshold_notes": 0})
    scene.post("checkout-502", ts(1))
    scene.post("checkout-504", ts(2))
    answer = scene.told("checkout-504")
    scene.settled()
    values = [found["value"] for block in answer["blocks"] for found in block.get("elements", [])
              if found.get("action_id") == views.REFRESH]  # fmt: skip
    scene.bot.post(scene.slack.press(answer, values[0], action_id=views.REFRESH))
    eventually(lambda: len(scene.diagnosis.asked) == 2)
    scene.settled()
    assert "checkout-504" in words_of(answer)
    scene.post("checkout-503", ts(3))
    scene.settled()
    assert "checkout-503" in words_of(answer)
    assert len(scene.ours) == 1
