"""A copy of a signed request does nothing, as long as its signature is good."""

from __future__ import annotations

from redis import Redis

from bot.store.connection import open_client
from bot.store.replays import AT_ONCE, KEEP_S, Replays
from tests import slack_fake
from tests.bot.conftest import Diagnosis, Start, eventually
from tests.slack_fake import SlackFake


def test_a_command_that_comes_word_for_word_again_is_answered_once(start: Start, slack: SlackFake) -> None:
    diagnosis = Diagnosis()
    bot = start(diagnosis)
    body = slack.command("checkout")
    headers = slack_fake.sign(body)
    assert bot.post(body, headers)[0] == 200
    eventually(lambda: diagnosis.asked)
    for disguise in ({}, {"Content-Type": "application/json"}, {"X-Slack-Retry-Num": "1"}):
        assert bot.post(body, {**headers, **disguise}) == (200, "")
    assert bot.ask("payments")[0] == 200
    eventually(lambda: len(diagnosis.asked) > 1)
    assert [question.words for question in diagnosis.asked] == ["checkout", "payments"]


def test_it_is_known_to_every_replica_for_as_long_as_the_signature_is_good(redis: Redis) -> None:
    one, other = Replays(redis), Replays(redis)
    assert one.is_new("v0=1")
    assert not other.is_new("v0=1")
    (name,) = redis.scan_iter("alb502:request:*")
    assert 600 < int(redis.ttl(name)) <= KEEP_S
    assert b"v0=1" not in name


def test_a_request_that_was_not_taken_may_come_again(redis: Redis) -> None:
    replays = Replays(redis)
    assert replays.is_new("v0=1")
    replays.forget("v0=1")
    assert replays.is_new("v0=1")


def test_without_the_store_people_are_answered_all_the_same() -> None:
    replays = Replays(open_client("redis://127.0.0.1:1", AT_ONCE))
    replays.forget("v0=1")
    assert replays.is_new("v0=1")
