"""Slack asks for patience, fails and is away: what is for one person alone arrives once too, and no answer is lost."""

from __future__ import annotations

import http.client
from typing import cast

import pytest
from redis import Redis
from structlog.testing import capture_logs

from bot import answering, app
from bot.answering import MAX_PUT_OFFS
from bot.patience import again_after_s
from bot.slack_app import SlackError, identify, make_client
from bot.telemetry import metrics
from demo.slack.rates import Rates
from handlers import slack_calls
from tests.bot.conftest import Diagnosis, Start, eventually
from tests.slack_fake import BROKEN, GUEST, RATE_LIMITED, TOKEN, Failure, SlackFake


def test_what_one_person_is_told_by_response_url_waits_for_slack(start: Start, slack: SlackFake) -> None:
    slack.fail("response_url", RATE_LIMITED)
    start(Diagnosis()).ask("checkout", user=GUEST)
    (whisper,) = slack.wait_for(lambda: slack.whispers)
    assert "Guests" in whisper["text"]


def test_what_one_person_is_told_in_the_channel_waits_for_slack(start: Start, slack: SlackFake, redis: Redis) -> None:
    slack.fail("chat.postEphemeral", RATE_LIMITED)
    start(Diagnosis()).post(slack.mention("<@U0BOT> checkout", event_id="Ev1", user=GUEST))
    (whisper,) = slack.wait_for(lambda: slack.whispers)
    assert "Guests" in whisper["text"]
    eventually(lambda: not redis.hlen("alb502:jobs:people.msgs"))
    assert len(slack.whispers) == 1


def test_a_direct_answer_waits_for_slack(start: Start, slack: SlackFake, redis: Redis) -> None:
    bot = start(Diagnosis())
    slack.fail("response_url", RATE_LIMITED)
    redis.client_pause(30_000, all=False)
    try:
        bot.ask("checkout")
        (whisper,) = slack.wait_for(lambda: slack.whispers)
        assert "nothing called" in whisper["text"]
    finally:
        redis.client_unpause()


def test_tries_last_for_ten_minutes_of_trouble_and_are_quick_for_others_calls() -> None:
    trouble_s = slack_calls.TROUBLE_RETRY_AFTER_S
    waits = [again_after_s(trouble_s, tries) for tries in range(1, MAX_PUT_OFFS + 1)]
    assert waits[0] == trouble_s
    assert sum(waits) >= 10 * 60
    assert again_after_s(0.2, 30) == 1.0
    assert again_after_s(90.0, 2) == 90.0


def test_an_answer_that_slack_did_not_take_for_long_is_given_when_it_does(
    start: Start, slack: SlackFake, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "MAX_PUT_OFFS", 0)
    monkeypatch.setattr(slack_calls, "SAFE_RETRY_PAUSES_S", (0.01,))
    monkeypatch.setattr(app, "SILENT_EVERY_S", 0.2)
    slack.fail("chat.update", BROKEN, BROKEN)
    start(Diagnosis()).ask("checkout")
    eventually(lambda: not slack.failures["chat.update"])
    (ask_id,) = cast("list[bytes]", redis.zrange("alb502:in-progress", 0, -1))
    redis.zadd("alb502:in-progress", {ask_id: 0})  # a long silence
    slack.wait_for(lambda: any("nothing called" in reply["text"] for reply in slack.replies()))
    assert "Something went wrong" not in str(slack.of("chat.update"))
    assert len(slack.replies()) == 1


QUESTIONS = 10


def test_a_storm_of_questions_stays_within_what_slack_allows(start: Start, slack: SlackFake) -> None:
    slack.rates = Rates()
    bot = start(Diagnosis())
    for number in range(QUESTIONS):
        asked = slack.mention(f"<@U0BOT> service-{number}", event_id=f"Ev{number}", ts=f"1700.{number}")
        assert bot.post(asked)[0] == 200
    slack.wait_for(lambda: sum("nothing called" in one["text"] for one in slack.replies()) == QUESTIONS, timeout_s=60)
    assert len(slack.replies()) == QUESTIONS
    assert [call.method for call in slack.calls if not call.ok] == []


@pytest.mark.parametrize("word", ["token_revoked", "is_archived", "a_word_of_next_year"])
def test_what_slack_refuses_for_good_is_told_elsewhere_and_ends(
    start: Start, slack: SlackFake, redis: Redis, word: str
) -> None:
    slack.fail("chat.postMessage", *[Failure(200, word)] * 50)
    start(Diagnosis()).ask("checkout")
    slack.wait_for(
        lambda: any("nothing called" in one["text"] or "went wrong" in one["text"] for one in slack.whispers)
    )
    eventually(lambda: not redis.hlen("alb502:jobs:people.msgs") and not redis.hlen("alb502:jobs:deliveries.msgs"))
    assert slack.said() == []
    assert len(slack.failures["chat.postMessage"]) > 40
    assert not redis.zcard("alb502:in-progress")


def test_an_answer_that_reaches_nobody_is_counted_and_ends(start: Start, slack: SlackFake, redis: Redis) -> None:
    slack.fail("chat.postMessage", *[Failure(200, "channel_not_found")] * 9)
    slack.fail("response_url", *[Failure(404, "expired_url")] * 9)
    slack.fail("chat.postEphemeral", *[Failure(200, "channel_not_found")] * 9)
    bot = start(Diagnosis())
    counted = metrics.QUESTIONS.labels(kind="command", result="undelivered")._value
    before = counted.get()
    with capture_logs() as said:
        bot.ask("checkout")
        eventually(lambda: counted.get() == before + 1)
        eventually(lambda: not redis.hlen("alb502:jobs:deliveries.msgs"))
    assert slack.whispers == []
    told = [line["event"] for line in said if "deliver" in line["event"]]
    assert told == ["answer not delivered"]


def test_a_mistake_is_told_although_slack_asks_for_patience(start: Start, slack: SlackFake) -> None:
    slack.fail("chat.postEphemeral", RATE_LIMITED)
    start(Diagnosis()).post(slack.mention("<@U0BOT> checkout since yesterday", event_id="Ev1"))
    (told,) = slack.wait_for(lambda: slack.whispers)
    assert "is no duration" in told["text"]


def test_at_the_start_whatever_stands_before_slack_is_not_taken_for_its_refusal(
    slack: SlackFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_client(TOKEN, f"{slack.url}/api/")
    slack.fail("auth.test", Failure(200, "<html>log in to the proxy</html>"), BROKEN)
    assert identify(client, lambda _: None).team
    slack.fail("auth.test", Failure(200, "invalid_auth"))
    with pytest.raises(SlackError, match="refuses SLACK_BOT_TOKEN"):
        identify(client, lambda _: None)

    def nonsense(**_: object) -> object:
        raise http.client.BadStatusLine("nonsense")

    monkeypatch.setattr(client, "auth_test", nonsense)
    with pytest.raises(SlackError, match="cannot be reached"):
        identify(client, lambda _: None)
