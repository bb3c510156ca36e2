"""Alarms that people mute: counted, silent, and said when it ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import Redis

from bot import alarming
from bot.jobs import Lane
from bot.store.mutes import Mutes
from handlers.mutes import Mute
from tests.bot.conftest import BotUnderTest, Diagnosis, Start, eventually
from tests.bot.test_alarms import BALANCER, Aws, diagnosed, ours, post, ts, words_of
from tests.slack_fake import ALICE, CHANNEL, GUEST, TEAM, SlackFake


@pytest.fixture
def aws() -> Aws:
    return Aws()


@pytest.fixture
def diagnosis() -> Diagnosis:
    return Diagnosis(outcome=diagnosed())


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarming, "RETELL_AFTER_S", 0.0)


def told(slack: SlackFake, words: str) -> dict[str, Any]:
    found: dict[str, Any] = slack.wait_for(lambda: next((one for one in ours(slack) if words in one["text"]), None))
    return found


def settled_but_for_the_end(bot: BotUnderTest) -> None:
    """Every alarm is worked on; the end of the mute waits."""
    eventually(lambda: 'alb502_jobs_waiting{queue="alarms"} 0.0' in bot.ops("/metrics")[1])


def test_muted_alarms_are_counted_and_silent_until_somebody_unmutes(
    start: Start, slack: SlackFake, aws: Aws, diagnosis: Diagnosis
) -> None:
    bot = start(diagnosis, alarm=aws)
    assert bot.ask("mute checkout 2h") == (200, "")
    said = words_of(told(slack, "has muted"))
    assert f"<@{ALICE}>" in said
    assert "app/checkout/50dc6c495c0c9188" in said
    assert "2 h" in said
    for number, name in enumerate(["checkout-502", "checkout-504", "checkout-503"]):
        post(bot, name, ts(number))
    settled_but_for_the_end(bot)
    bot.ask("mute")
    slack.wait_for(lambda: any("Muted in this channel" in one["text"] for one in slack.whispers))
    bot.ask("unmute checkout")
    assert "3 alarms came" in told(slack, "has unmuted")["text"]
    assert not diagnosis.asked
    post(bot, "checkout-503", ts(7))
    eventually(lambda: diagnosis.asked)


def test_its_end_is_said_with_what_came(
    start: Start, slack: SlackFake, aws: Aws, diagnosis: Diagnosis, redis: Redis
) -> None:
    now = datetime.now(UTC)
    mute = Mute(id="mute-1", what=BALANCER, label="load balancer app/checkout", words="checkout", channel=CHANNEL,
                team=TEAM, by=ALICE, until=now + timedelta(seconds=0.5))  # fmt: skip
    Mutes(redis).mute(mute, now)
    Mutes(redis).count(BALANCER, CHANNEL, now, "one")
    Lane(redis, "people", 60).job("mute-end", lambda _: None)("mute-1")
    start(diagnosis, alarm=aws)
    assert "one alarm came" in told(slack, "are told again")["text"]
    eventually(lambda: Mutes(redis).by_id("mute-1") is None)


def test_an_alarm_that_ends_while_it_is_muted_is_over(
    start: Start, slack: SlackFake, aws: Aws, diagnosis: Diagnosis
) -> None:
    """The message is only edited, which disturbs nobody; it must not say for ever that the alarm is on."""
    bot = start(diagnosis, alarm=aws)
    post(bot, "checkout-502", ts(1))
    eventually(lambda: any("Security group" in words_of(one) for one in ours(slack)))
    bot.ask("mute checkout 2h")
    told(slack, "has muted")
    aws.state, aws.began = "OK", aws.began + timedelta(minutes=2)
    post(bot, "checkout-502", ts(2), state="OK")
    slack.wait_for(lambda: any("Recovered at" in words_of(one) for one in ours(slack)))


@pytest.mark.parametrize(
    ("words", "settings", "said"),
    [
        ("mute nothing 2h", {}, "nothing called"),
        ("unmute checkout", {}, "are not muted"),
        ("mute", {}, "Nothing is muted"),
        ("mute checkout 2h", {"scopes": {CHANNEL: {"services": ["search"]}}}, "is not for this channel"),
        ("mute https://shop.example.com 2h", {"scopes": {CHANNEL: {"services": ["search"]}}}, "leads outside"),
    ],
)
def test_what_cannot_be_muted_is_said_to_the_person(
    start: Start,
    slack: SlackFake,
    aws: Aws,
    diagnosis: Diagnosis,
    redis: Redis,
    words: str,
    settings: dict[str, Any],
    said: str,
) -> None:
    bot = start(diagnosis, alarm=aws, **settings)
    bot.ask(words)
    slack.wait_for(lambda: slack.whispers)
    assert said in slack.whispers[0]["text"]
    assert not ours(slack)
    assert not Mutes(redis).all_of(CHANNEL, datetime.now(UTC))


def test_a_guest_mutes_nothing(start: Start, slack: SlackFake, aws: Aws, diagnosis: Diagnosis, redis: Redis) -> None:
    bot = start(diagnosis, alarm=aws)
    bot.ask("mute checkout 2h", user=GUEST)
    slack.wait_for(lambda: slack.whispers)
    assert "Guests cannot ask" in slack.whispers[0]["text"]
    assert not Mutes(redis).all_of(CHANNEL, datetime.now(UTC))


def test_without_a_duration_the_acknowledgement_says_what_is_missing(
    start: Start, slack: SlackFake, diagnosis: Diagnosis
) -> None:
    assert "Say for how long" in start(diagnosis).ask("mute checkout")[1]
