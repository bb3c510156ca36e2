"""Alarms that people mute: counted, silent, and said when it ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.jobs import Lane
from bot.store.mutes import Mutes
from handlers.mutes import Mute
from tests.bot.alarms.posting import BALANCER, Scene, ts, words_of
from tests.bot.conftest import eventually
from tests.slack_fake import ALICE, CHANNEL, GUEST, TEAM


def test_muted_alarms_are_counted_and_silent_until_somebody_unmutes(scene: Scene) -> None:
    scene.begin()
    assert scene.bot.ask("mute checkout 2h") == (200, "")
    said = words_of(scene.told("has muted"))
    assert f"<@{ALICE}>" in said
    assert "app/checkout/50dc6c495c0c9188" in said
    assert "2 h" in said
    for number, name in enumerate(["checkout-502", "checkout-504", "checkout-503"]):
        scene.post(name, ts(number))
    scene.settled("alarms")
    scene.bot.ask("mute")
    scene.slack.wait_for(lambda: any("Muted in this channel" in one["text"] for one in scene.slack.whispers))
    scene.bot.ask("unmute checkout")
    assert "3 alarms came" in scene.told("has unmuted")["text"]
    assert not scene.diagnosis.asked
    scene.post("checkout-503", ts(7))
    eventually(lambda: scene.diagnosis.asked)


def test_its_end_is_said_with_what_came(scene: Scene) -> None:
    now = datetime.now(UTC)
    mute = Mute(id="mute-1", what=BALANCER, label="load balancer app/checkout", words="checkout", channel=CHANNEL,
                team=TEAM, by=ALICE, until=now + timedelta(seconds=0.5))  # fmt: skip
    Mutes(scene.redis).mute(mute, now)
    Mutes(scene.redis).count(BALANCER, CHANNEL, now, "one")
    Lane(scene.redis, "people", 60).job("mute-end", lambda _: None)("mute-1")
    scene.begin()
    assert "one alarm came" in scene.told("are told again")["text"]
    eventually(lambda: Mutes(scene.redis).by_id("mute-1") is None)


def test_an_alarm_that_ends_while_it_is_muted_is_over(scene: Scene) -> None:
    """The message is only edited, which disturbs nobody; it must not say for ever that the alarm is on."""
    scene.begin()
    scene.post("checkout-502", ts(1))
    scene.told("Security group")
    scene.bot.ask("mute checkout 2h")
    scene.told("has muted")
    scene.aws.state, scene.aws.began = "OK", scene.aws.began + timedelta(minutes=2)
    scene.post("checkout-502", ts(2), state="OK")
    scene.told("Recovered at")


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
    scene: Scene, words: str, settings: dict[str, Any], said: str
) -> None:
    scene.begin(**settings)
    scene.bot.ask(words)
    assert said in scene.whispered()
    assert not scene.ours
    assert not Mutes(scene.redis).all_of(CHANNEL, datetime.now(UTC))


def test_a_guest_mutes_nothing(scene: Scene) -> None:
    scene.begin()
    scene.bot.ask("mute checkout 2h", user=GUEST)
    assert "Guests cannot ask" in scene.whispered()
    assert not Mutes(scene.redis).all_of(CHANNEL, datetime.now(UTC))


def test_without_a_duration_the_acknowledgement_says_what_is_missing(scene: Scene) -> None:
    assert "Say for how long" in scene.begin().ask("mute checkout")[1]
