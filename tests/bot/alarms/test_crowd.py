"""No worker takes alarms: what waits is bounded, and no incident is lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from redis import Redis

from bot.account_shares import AccountFullError
from bot.alarm_crowd import AlarmCrowd
from bot.alarming import MAX_ACCOUNT_WAIT_S, Alarming
from bot.jobs import PutOffError
from bot.store.alarms import AlarmShelf
from tests.bot.alarms.posting import Scene, ts
from tests.bot.alarms.test_intake import NEWS
from tests.handlers.alarm_formats.posters import Alarm, amazon_q
from tests.slack_fake import CHANNEL

WAITING = 'alb502_jobs_waiting{queue="alarms"}'


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.store.budget.Budget.__init__.__defaults__", ({}, {}))
    for name, value in (("CROWDED", 2), ("FULL", 4), ("COUNT_EVERY_S", 0.0)):
        monkeypatch.setattr(f"bot.alarm_crowd.{name}", value)


def waiting(scene: Scene) -> float:
    (line,) = (line for line in scene.bot.ops("/metrics")[1].splitlines() if line.startswith(WAITING))
    return float(line.split()[1])


def test_one_of_each_alarm_waits_and_each_incident_is_answered(scene: Scene) -> None:
    scene.begin("web")
    scene.aws.balancers["orders-502"] = "another-balancer"
    for number in range(2):
        scene.post("checkout-502", ts(number))
    for number in range(2, 6):
        scene.post("orders-502", ts(number))
    assert waiting(scene) == 3
    scene.post("orders-502", ts(7), state="OK")
    assert waiting(scene) == 4

    told = amazon_q(Alarm(name="payments-502"))
    posted = {**told, "channel": CHANNEL, "ts": ts(8)}
    body = scene.slack.posted(posted, event_id="Ev-full")
    assert scene.bot.post(body)[0] == 503  # Slack delivers it again
    metrics = scene.bot.ops("/metrics")[1]
    assert 'alb502_alarms_total{result="merged"}' in metrics
    assert 'alb502_alarms_total{result="not taken"}' in metrics

    scene.start(scene.diagnosis, "worker", alarm=scene.aws)
    scene.settled()
    assert scene.bot.post(body)[0] == 200
    scene.settled()
    answers = [one["thread_ts"] for one in scene.ours if '"refresh"' in json.dumps(one["blocks"])]
    assert len(answers) == 2, "checkout and payments share a load balancer"
    assert all(any(ts(number) in answers for number in numbers) for numbers in ((0, 1), range(2, 6)))
    assert "payments-502" in scene.told("checkout-502")["text"] + str(scene.told("checkout-502")["blocks"])


def test_whatever_comes_once_it_is_worked_on_is_taken_again(redis: Redis) -> None:
    shelf = AlarmShelf(redis)
    crowd = AlarmCrowd(shelf, lambda: 3)
    first, later = NEWS, NEWS.model_copy(update={"id": "ask-2"})
    assert [crowd.has_room_for(one) for one in (first, later, first)] == [True, False, True]
    assert crowd.has_room_for(later.model_copy(update={"state": "OK"}))
    assert crowd.has_room_for(later.model_copy(update={"channel": "C0OTHER"}))
    shelf.begun(first)
    assert crowd.has_room_for(later)


def full(_: object) -> object:
    raise AccountFullError("111111111111", "prod")


def test_alarms_of_an_account_that_hangs_wait_ever_longer_and_still_stand_for_later_ones(redis: Redis) -> None:
    shelf = AlarmShelf(redis)
    shelf.put(NEWS)
    unused: dict[str, Any] = dict.fromkeys(("asks", "incidents", "mutes", "slack", "diagnose"))
    ask_aws: Any = full
    alarming = Alarming(shelf=shelf, ask_aws=ask_aws, pointers=3, now=lambda: NEWS.at, **unused)
    waits = []
    for _ in range(40):
        with pytest.raises(PutOffError) as put_off:
            alarming.take(NEWS.id)
        waits.append(put_off.value.after_s)
    assert waits[:3] == [1.0, 2.0, 3.0]
    assert waits[-1] == MAX_ACCOUNT_WAIT_S
    assert not AlarmCrowd(shelf, lambda: 3).has_room_for(NEWS.model_copy(update={"id": "ask-2"}))
