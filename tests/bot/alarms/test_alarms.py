"""Alarms that programs post: what is answered, once, and what is left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot import alarming
from tests.bot.alarms.posting import BALANCER, PLACES, Scene, ts, words_of
from tests.handlers.alarm_formats.posters import Alarm, message, notify_module
from tests.slack_fake import BOT_ID, CHANNEL


def test_an_alarm_is_answered_in_its_thread(scene: Scene) -> None:
    scene.begin()
    scene.post("checkout-502", ts(1))
    reply = scene.told("checkout")
    scene.settled()
    assert [one["thread_ts"] for one in scene.ours] == [ts(1)]
    assert "Security group sg-0a1" in words_of(reply)
    (asked,) = scene.diagnosis.asked
    assert asked.words.endswith(":alarm:checkout-502")
    assert asked.start == scene.aws.began - alarming.BEFORE


@pytest.mark.parametrize(
    "more",
    [
        {"user": "U0PERSON", "bot_id": None, "app_id": None},
        {"bot_id": BOT_ID},
        {"channel": "C0OTHER"},
        {"app_id": "A0ELSE", "bot_id": "B0ELSE"},
    ],
    ids=["a person", "the bot itself", "another channel", "another sender"],
)
def test_what_is_not_listened_to_is_left_alone(scene: Scene, more: dict[str, Any]) -> None:
    scene.begin(alarms={"channels": [CHANNEL], "senders": ["A6L22LZNH", BOT_ID]})
    scene.post("checkout-502", ts(1), **more)
    scene.settled()
    assert [message["ts"] for message in scene.ours] in ([], [ts(1)])
    assert not scene.diagnosis.asked


def test_an_alarm_that_aws_does_not_have_causes_silence(scene: Scene) -> None:
    scene.aws.unknown = {"made-up"}
    scene.begin()
    scene.post("made-up", ts(1))
    scene.settled()
    assert not scene.ours
    assert 'alb502_alarms_total{result="not ours"}' in scene.bot.ops("/metrics")[1]


def test_the_same_event_twice_counts_once(scene: Scene) -> None:
    scene.begin()
    for _ in range(3):
        scene.post("checkout-502", ts(1), event_id="Ev1")
    scene.post("checkout-502", ts(2), event_id="Ev2")
    scene.settled()
    assert len(scene.diagnosis.asked) == 1
    assert len(scene.ours) == 1


def test_alarms_of_another_load_balancer_are_another_incident(scene: Scene) -> None:
    scene.aws.balancers = {"search-504": BALANCER.replace("checkout", "search")}
    scene.begin()
    scene.post("checkout-502", ts(1))
    scene.post("search-504", ts(2))
    scene.settled()
    assert sorted(one["thread_ts"] for one in scene.ours) == [ts(1), ts(2)]
    assert len(scene.diagnosis.asked) == 2


def test_an_alarm_that_could_not_be_looked_up_is_tried_again(scene: Scene) -> None:
    scene.aws.unread = 2
    scene.begin()
    scene.post("checkout-502", ts(1))
    scene.told("checkout")


def test_an_alarm_that_comes_while_no_worker_runs_is_not_lost(scene: Scene) -> None:
    scene.begin("web")
    scene.post("checkout-502", ts(1))
    scene.begin("worker")
    scene.told("checkout")
    assert [one["thread_ts"] for one in scene.ours] == [ts(1)]


def test_a_channel_that_others_read_is_not_told(scene: Scene) -> None:
    scene.slack.channels[CHANNEL].shared = True
    scene.begin()
    scene.post("checkout-502", ts(1))
    scene.settled()
    assert not scene.ours
    assert not scene.slack.whispers


def test_a_beginning_that_aws_denies_causes_silence(scene: Scene) -> None:
    scene.aws.state, scene.aws.began = "OK", datetime.now(UTC) - timedelta(hours=3)
    scene.begin()
    scene.post("checkout-502", ts(1))
    scene.settled()
    assert not scene.ours
    assert not scene.diagnosis.asked


def test_of_several_accounts_people_are_asked_which_once(scene: Scene) -> None:
    scene.aws.several = {"checkout-502"}
    scene.begin()
    scene.say(notify_module(Alarm(name="checkout-502")), ts(1))
    scene.settled()
    scene.say(notify_module(Alarm(name="checkout-502")), ts(2))
    scene.settled()
    (asked,) = scene.ours
    assert asked["thread_ts"] == ts(1)
    assert "`@alb502 checkout-502 in prod region us-east-1`" in asked["text"]
    assert "`@alb502 checkout-502 in dev region us-east-1`" in asked["text"]
    assert not scene.diagnosis.asked


def test_of_several_accounts_the_one_that_is_for_the_channel_is_meant(scene: Scene) -> None:
    scene.aws.several = {"checkout-502"}
    accounts = [{"name": one.account_name, "id": one.account, "regions": [one.region]} for one in PLACES]
    scene.begin(accounts=accounts, scopes={CHANNEL: {"accounts": ["prod"]}})
    scene.say(notify_module(Alarm(name="checkout-502")), ts(1))
    scene.told("Security group")
    assert [one.account for one in scene.diagnosis.asked] == ["111122223333"]


def test_a_service_that_a_program_says_alarms_is_answered(scene: Scene) -> None:
    scene.begin()
    scene.say(message(text="ALERT: error rate of checkout is 12 %"), ts(1))
    scene.told("Security group")
    assert [one.words for one in scene.diagnosis.asked] == ["prod/checkout"]


def test_an_alarm_about_what_is_not_for_the_channel_is_left_alone(scene: Scene) -> None:
    scene.aws.subject = scene.aws.service("search")
    scene.begin(scopes={CHANNEL: {"services": ["checkout"]}})
    scene.post("search-502", ts(1))
    scene.settled()
    assert not scene.ours
