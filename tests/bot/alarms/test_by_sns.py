"""Alarms that come by SNS, which nobody has posted: announced, and answered below."""

from __future__ import annotations

from tests.bot.alarms.posting import Scene, words_of
from tests.slack_fake import CHANNEL, RATE_LIMITED


def test_an_alarm_by_sns_is_announced_once_and_answered_below(scene: Scene) -> None:
    scene.begin()
    for name in ("checkout-502", "checkout-504"):
        scene.by_sns(name)
        scene.settled()
    (head,) = scene.slack.parents()
    assert "checkout-502" in head["text"]
    assert [one["thread_ts"] for one in scene.slack.replies()] == [head["ts"]]
    assert "checkout-504" in words_of(scene.slack.replies()[0])


def test_what_a_channel_may_not_see_is_not_announced_there(scene: Scene) -> None:
    scene.slack.channels[CHANNEL].shared = True
    scene.begin()
    scene.by_sns("checkout-502")
    scene.settled()
    assert not scene.ours


def test_a_storm_by_sns_is_announced_once(scene: Scene) -> None:
    scene.by_sns(*(f"alarm-{number}" for number in range(6)))
    scene.begin()
    scene.settled()
    assert len(scene.slack.parents()) == 1
    assert len(scene.slack.replies()) == 1
    assert all(f"alarm-{number}" in words_of(scene.slack.replies()[0]) for number in range(6))


def test_slack_asking_for_patience_loses_no_alarm(scene: Scene) -> None:
    scene.slack.fail("chat.postMessage", RATE_LIMITED, RATE_LIMITED)
    scene.begin()
    scene.by_sns("checkout-502")
    scene.slack.wait_for(scene.slack.replies, 20)
    scene.settled()
    assert len(scene.slack.parents()) == 1
