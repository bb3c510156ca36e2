"""People point at an alarm: a mention without words in its thread, or the message shortcut."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from bot import alarming
from handlers.shortcuts import DIAGNOSE
from tests.bot.conftest import BotUnderTest, Diagnosis, Start, eventually
from tests.bot.test_alarms import Aws, diagnosed, ours, post, settled, ts, words_of
from tests.handlers.alarm_formats.posters import Alarm, amazon_q
from tests.slack_fake import ALICE, BOT_ID, BOT_USER, CHANNEL, GUEST, TEAM, SlackFake


@pytest.fixture
def aws() -> Aws:
    return Aws()


@pytest.fixture
def diagnosis() -> Diagnosis:
    return Diagnosis(outcome=diagnosed())


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarming, "RETELL_AFTER_S", 0.0)


def standing(slack: SlackFake, message: dict[str, Any], at: str) -> dict[str, Any]:
    """A message that was posted before the bot came."""
    slack.messages[CHANNEL][at] = {**message, "ts": at, "channel": CHANNEL}
    return slack.messages[CHANNEL][at]


def mention(bot: BotUnderTest, thread_ts: str, words: str = "", **more: Any) -> None:
    body = bot.slack.mention(f"<@{BOT_USER}>{words}", event_id=f"Ev{thread_ts}{words}", ts="1.9", thread_ts=thread_ts,
                             **more)  # fmt: skip
    assert bot.post(body)[0] == 200


def shortcut(bot: BotUnderTest, message: dict[str, Any], user: str = ALICE) -> None:
    payload = {
        "type": "message_action",
        "callback_id": DIAGNOSE,
        "trigger_id": "1.2.3",
        "response_url": bot.slack.response_url(),
        "team": {"id": TEAM},
        "user": {"id": user, "team_id": TEAM},
        "channel": {"id": CHANNEL},
        "message_ts": message["ts"],
        "message": message,
    }
    assert bot.post(urlencode({"payload": json.dumps(payload)}).encode())[0] == 200


def test_a_mention_alone_diagnoses_the_alarm_at_the_head_of_its_thread(
    start: Start, slack: SlackFake, aws: Aws, diagnosis: Diagnosis
) -> None:
    standing(slack, amazon_q(Alarm(name="checkout-502")), ts(1))
    bot = start(diagnosis, alarm=aws)
    mention(bot, ts(1))
    answer = slack.wait_for(lambda: next((one for one in ours(slack) if "Security group" in words_of(one)), None))
    assert answer["thread_ts"] == ts(1)
    (asked,) = diagnosis.asked
    assert asked.words.endswith(":alarm:checkout-502")
    assert asked.start == aws.began - alarming.BEFORE


def test_with_words_it_asks_about_those(start: Start, slack: SlackFake, aws: Aws, diagnosis: Diagnosis) -> None:
    standing(slack, amazon_q(Alarm(name="checkout-502")), ts(1))
    bot = start(diagnosis, alarm=aws)
    mention(bot, ts(1), " search")
    eventually(lambda: [question.words for question in diagnosis.asked] == ["search"])


def test_where_an_incident_has_its_answer_that_one_is_refreshed(
    start: Start, slack: SlackFake, aws: Aws, diagnosis: Diagnosis
) -> None:
    bot = start(diagnosis, alarm=aws)
    post(bot, "checkout-502", ts(1))
    settled(bot)
    mention(bot, ts(1))
    slack.wait_for(lambda: slack.whispers)
    eventually(lambda: len(diagnosis.asked) == 2)
    settled(bot)
    assert diagnosis.asked[1].refresh
    assert len(ours(slack)) == 1
    assert "I read everything anew" in slack.whispers[0]["text"]


def test_in_the_thread_of_a_later_alarm_the_first_one_s_answer_is_refreshed(
    start: Start, slack: SlackFake, aws: Aws, diagnosis: Diagnosis
) -> None:
    bot = start(diagnosis, alarm=aws, alarms={"threshold_notes": 0})
    for number in (1, 2):
        post(bot, f"checkout-50{number}", ts(number))
        settled(bot)
    mention(bot, ts(2))
    slack.wait_for(lambda: slack.whispers)
    settled(bot)
    assert f"p{ts(1).replace('.', '')}" in slack.whispers[0]["text"]
    assert [one["thread_ts"] for one in ours(slack)] == [ts(1)]


def test_a_thread_that_is_about_no_alarm_gets_help(
    start: Start, slack: SlackFake, aws: Aws, diagnosis: Diagnosis
) -> None:
    standing(slack, {"text": "who has the cake?", "user": ALICE}, ts(1))
    bot = start(diagnosis, alarm=aws)
    mention(bot, ts(1))
    slack.wait_for(lambda: slack.whispers)
    assert "@alb502 checkout" in str(slack.whispers[0]["blocks"])
    assert not diagnosis.asked


def test_an_alarm_that_aws_does_not_have_is_said_to_the_person_alone(
    start: Start, slack: SlackFake, aws: Aws, diagnosis: Diagnosis
) -> None:
    aws.unknown = {"made-up"}
    standing(slack, amazon_q(Alarm(name="made-up")), ts(1))
    bot = start(diagnosis, alarm=aws)
    mention(bot, ts(1))
    slack.wait_for(lambda: slack.whispers)
    assert "no account that may be read has this alarm" in slack.whispers[0]["text"]
    assert not ours(slack)


def test_a_guest_learns_nothing(start: Start, slack: SlackFake, aws: Aws, diagnosis: Diagnosis) -> None:
    message = standing(slack, amazon_q(Alarm(name="checkout-502")), ts(1))
    bot = start(diagnosis, alarm=aws)
    mention(bot, ts(1), user=GUEST)
    shortcut(bot, message, user=GUEST)
    slack.wait_for(lambda: len(slack.whispers) == 2)
    assert all("Guests cannot ask" in one["text"] for one in slack.whispers)
    assert not diagnosis.asked


def test_a_mention_survives_that_no_worker_runs(start: Start, slack: SlackFake, aws: Aws, diagnosis: Diagnosis) -> None:
    standing(slack, amazon_q(Alarm(name="checkout-502")), ts(1))
    web = start(diagnosis, role="web")
    mention(web, ts(1))
    mention(web, ts(1))  # delivered again
    worker = start(diagnosis, role="worker", alarm=aws)
    slack.wait_for(lambda: any("Security group" in words_of(one) for one in ours(slack)))
    settled(worker)
    assert len(ours(slack)) == len(diagnosis.asked) == 1


def test_the_shortcut_diagnoses_the_alarm_of_a_message(
    start: Start, slack: SlackFake, aws: Aws, diagnosis: Diagnosis
) -> None:
    message = standing(slack, amazon_q(Alarm(name="checkout-502")), ts(1))
    bot = start(diagnosis, alarm=aws)
    shortcut(bot, message)
    answer = slack.wait_for(lambda: next((one for one in ours(slack) if "Security group" in words_of(one)), None))
    assert answer["thread_ts"] == ts(1)


def test_a_person_s_message_with_a_link_to_an_alarm_will_do(
    start: Start, slack: SlackFake, aws: Aws, diagnosis: Diagnosis
) -> None:
    link = Alarm(name="checkout-502").link
    message = standing(slack, {"text": f"what is <{link}>?", "user": ALICE}, ts(1))
    bot = start(diagnosis, alarm=aws)
    shortcut(bot, message)
    eventually(lambda: [question.words[-12:] for question in diagnosis.asked] == ["checkout-502"])


def test_a_message_that_names_no_alarm_gets_one_line(
    start: Start, slack: SlackFake, aws: Aws, diagnosis: Diagnosis
) -> None:
    bot = start(diagnosis, alarm=aws)
    shortcut(bot, {"text": "lunch?", "user": ALICE, "ts": ts(1)})
    slack.wait_for(lambda: slack.whispers)
    assert "names no alarm" in slack.whispers[0]["text"]
    assert len(slack.whispers) == 1
    assert not any(one.get("bot_id") == BOT_ID for one in slack.said())
