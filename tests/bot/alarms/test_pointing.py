"""People point at an alarm: a mention without words in its thread, or the message shortcut."""

from __future__ import annotations

import pytest

from bot import alarming
from tests.bot.alarms.posting import Scene, ts
from tests.bot.conftest import eventually
from tests.handlers.alarm_formats.posters import Alarm, amazon_q, notify_module
from tests.slack_fake import ALICE, GUEST


def test_a_mention_alone_diagnoses_the_alarm_at_the_head_of_its_thread(scene: Scene) -> None:
    scene.standing(amazon_q(Alarm(name="checkout-502")), ts(1))
    scene.begin()
    scene.mention(ts(1))
    answer = scene.told("Security group")
    assert answer["thread_ts"] == ts(1)
    (asked,) = scene.diagnosis.asked
    assert asked.words.endswith(":alarm:checkout-502")
    assert asked.start == scene.aws.began - alarming.BEFORE


def test_with_words_it_asks_about_those(scene: Scene) -> None:
    scene.standing(amazon_q(Alarm(name="checkout-502")), ts(1))
    scene.begin()
    scene.mention(ts(1), " search")
    eventually(lambda: [question.words for question in scene.diagnosis.asked] == ["search"])


def test_where_an_incident_has_its_answer_that_one_is_refreshed(scene: Scene) -> None:
    scene.begin()
    scene.post("checkout-502", ts(1))
    scene.settled()
    scene.mention(ts(1))
    scene.slack.wait_for(lambda: scene.slack.whispers)
    eventually(lambda: len(scene.diagnosis.asked) == 2)
    scene.settled()
    assert scene.diagnosis.asked[1].refresh
    assert len(scene.ours) == 1
    assert "I read everything anew" in scene.slack.whispers[0]["text"]


def test_in_the_thread_of_a_later_alarm_the_first_one_s_answer_is_refreshed(scene: Scene) -> None:
    scene.begin(alarms={"threshold_notes": 0})
    for number in (1, 2):
        scene.post(f"checkout-50{number}", ts(number))
        scene.settled()
    scene.mention(ts(2))
    scene.settled()
    assert f"p{ts(1).replace('.', '')}" in scene.whispered()
    assert [one["thread_ts"] for one in scene.ours] == [ts(1)]


def test_a_thread_that_is_about_no_alarm_gets_help(scene: Scene) -> None:
    scene.standing({"text": "who has the cake?", "user": ALICE}, ts(1))
    scene.begin()
    scene.mention(ts(1))
    scene.slack.wait_for(lambda: scene.slack.whispers)
    assert "@alb502 checkout" in str(scene.slack.whispers[0]["blocks"])
    assert not scene.diagnosis.asked


def test_an_alarm_that_aws_does_not_have_is_said_to_the_person_alone(scene: Scene) -> None:
    scene.aws.unknown = {"made-up"}
    scene.standing(amazon_q(Alarm(name="made-up")), ts(1))
    scene.begin()
    scene.mention(ts(1))
    assert "no account that may be read has this alarm" in scene.whispered()
    assert not scene.ours


def test_a_person_is_asked_which_of_several_alarms_is_meant(scene: Scene) -> None:
    scene.aws.several = {"checkout-502"}
    scene.standing(notify_module(Alarm(name="checkout-502")), ts(1))
    scene.begin()
    scene.mention(ts(1))
    assert "`@alb502 checkout-502 in dev region us-east-1`" in scene.whispered()
    assert not scene.ours


def test_a_guest_learns_nothing(scene: Scene) -> None:
    message = scene.standing(amazon_q(Alarm(name="checkout-502")), ts(1))
    scene.begin()
    scene.mention(ts(1), user=GUEST)
    scene.shortcut(message, user=GUEST)
    scene.slack.wait_for(lambda: len(scene.slack.whispers) == 2)
    assert all("Guests cannot ask" in one["text"] for one in scene.slack.whispers)
    assert not scene.diagnosis.asked


def test_a_mention_survives_that_no_worker_runs(scene: Scene) -> None:
    scene.standing(amazon_q(Alarm(name="checkout-502")), ts(1))
    scene.begin("web")
    scene.mention(ts(1))
    scene.mention(ts(1))  # delivered again
    scene.begin("worker")
    scene.told("Security group")
    scene.settled()
    assert len(scene.ours) == len(scene.diagnosis.asked) == 1


def test_the_shortcut_diagnoses_the_alarm_of_a_message(scene: Scene) -> None:
    message = scene.standing(amazon_q(Alarm(name="checkout-502")), ts(1))
    scene.begin()
    scene.shortcut(message)
    answer = scene.told("Security group")
    assert answer["thread_ts"] == ts(1)


def test_a_person_s_message_with_a_link_to_an_alarm_will_do(scene: Scene) -> None:
    link = Alarm(name="checkout-502").link
    message = scene.standing({"text": f"what is <{link}>?", "user": ALICE}, ts(1))
    scene.begin()
    scene.shortcut(message)
    eventually(lambda: [question.words[-12:] for question in scene.diagnosis.asked] == ["checkout-502"])


def test_a_message_that_names_no_alarm_gets_one_line(scene: Scene) -> None:
    scene.begin()
    scene.shortcut({"text": "lunch?", "user": ALICE, "ts": ts(1)})
    assert "names no alarm" in scene.whispered()
    assert len(scene.slack.whispers) == 1
    assert not scene.ours


@pytest.mark.parametrize("words", [" diagnose this", " why?"])
def test_an_alarm_that_was_posted_in_the_thread_of_people_will_do(scene: Scene, words: str) -> None:
    scene.standing({"text": "deploying checkout", "user": ALICE}, ts(1))
    scene.standing({**amazon_q(Alarm(name="checkout-502")), "thread_ts": ts(1)}, ts(2))
    scene.standing({"text": "oh no", "user": ALICE, "thread_ts": ts(1)}, ts(3))
    scene.begin()
    scene.mention(ts(1), words)
    eventually(lambda: [question.words[-12:] for question in scene.diagnosis.asked] == ["checkout-502"])
