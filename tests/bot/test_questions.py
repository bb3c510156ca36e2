"""People ask in Slack and are answered in a thread."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis

from diagnostics.question import Refused
from tests import reports, slack_fake
from tests.bot.conftest import Diagnosis, Start, eventually
from tests.slack_fake import ALICE, CHANNEL, GUEST, STRANGER, Channel, Failure, SlackFake


def answered(slack: SlackFake, count: int = 1, text: str = "nothing called") -> list[dict[str, object]]:
    """Waits until so many replies say so."""

    def done() -> list[dict[str, object]] | None:
        found = [reply for reply in slack.replies() if text in str(reply["text"])]
        return found if len(found) >= count else None

    found: list[dict[str, object]] = slack.wait_for(done)
    return found


def test_a_command_is_answered_in_a_thread_under_a_line_that_everybody_sees(start: Start, slack: SlackFake) -> None:
    diagnosis = Diagnosis()
    bot = start(diagnosis)
    assert bot.ask("checkout") == (200, "")
    slack.wait_for(lambda: len(slack.of("chat.update")) >= 2)
    (parent,) = slack.parents()
    (reply,) = slack.replies()
    assert "nothing called" in reply["text"]
    assert "nothing called" in parent["text"]
    assert reply["thread_ts"] == parent["ts"]
    assert [question.words for question in diagnosis.asked] == ["checkout"]


def test_the_command_is_acknowledged_before_any_work_is_done(start: Start, slack: SlackFake) -> None:
    diagnosis = Diagnosis()
    diagnosis.go.clear()
    bot = start(diagnosis)
    status, _, took_s = bot.timed(slack.command("checkout"))
    assert status == 200
    assert took_s < 1.0
    (parent,) = slack.wait_for(slack.parents)
    assert "looking" in parent["text"]
    assert diagnosis.started.wait(10)
    diagnosis.go.set()
    answered(slack)


def test_five_people_ask_the_same_and_it_is_diagnosed_once(start: Start, slack: SlackFake, redis: Redis) -> None:
    diagnosis = Diagnosis()
    diagnosis.go.clear()
    bot = start(diagnosis)
    people = [f"U0{number}" for number in range(5)]
    for person in people:
        slack.add_user(person)
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda person: bot.ask("checkout  since 1h", user=person), people))
    eventually(lambda: sum(redis.scard(aboard) for aboard in redis.keys("alb502:passengers:*")) == 4)
    diagnosis.go.set()
    answered(slack, 5)
    assert len(diagnosis.asked) == 1
    assert len({reply["thread_ts"] for reply in slack.replies()}) == 5
    slack.wait_for(lambda: all("nothing called" in parent["text"] for parent in slack.parents()))
    asked_by = " ".join(json.dumps(parent) for parent in slack.parents())
    assert all(person in asked_by for person in people)


def test_another_window_is_another_question(start: Start, slack: SlackFake) -> None:
    diagnosis = Diagnosis()
    bot = start(diagnosis)
    bot.ask("checkout")
    bot.ask("checkout since 2h")
    answered(slack, 2)
    assert len(diagnosis.asked) == 2


def test_a_mention_is_answered_in_its_thread(start: Start, slack: SlackFake) -> None:
    bot = start(Diagnosis())
    body = slack.mention("<@U0BOT> checkout", event_id="Ev1", ts="1800.2", thread_ts="1800.1")
    assert bot.post(body)[0] == 200
    (reply,) = answered(slack)
    assert reply["thread_ts"] == "1800.1"
    assert slack.parents() == []


def test_an_event_that_is_delivered_twice_counts_once(start: Start, slack: SlackFake) -> None:
    diagnosis = Diagnosis()
    bot = start(diagnosis)
    body = slack.mention("<@U0BOT> checkout", event_id="Ev2")
    with ThreadPoolExecutor(3) as pool:
        statuses = list(pool.map(lambda _: bot.post(body, {"X-Slack-Retry-Num": "1"})[0], range(3)))
    assert statuses == [200, 200, 200]
    answered(slack)
    bot.post(body)
    bot.post(slack.mention("<@U0BOT> other", event_id="Ev3", ts="1900.1"))
    answered(slack, 2)
    assert len(slack.replies()) == 2


@pytest.mark.parametrize("author", [{"user": "U0BOT"}, {"bot_id": "B0BOT"}, {"user": "U0APP", "bot_id": "B0OTHER"}])
def test_messages_of_bots_our_own_included_are_ignored(start: Start, slack: SlackFake, author: dict[str, str]) -> None:
    diagnosis = Diagnosis()
    bot = start(diagnosis)
    assert bot.post(slack.mention("<@U0BOT> checkout", event_id="Ev4", **{"user": ALICE, **author}))[0] == 200
    bot.ask("marker")
    answered(slack)
    assert [question.words for question in diagnosis.asked] == ["marker"]


def test_help_and_mistakes_are_told_with_the_acknowledgement(start: Start, slack: SlackFake) -> None:
    bot = start(Diagnosis())
    for text, says in (("help", "I say why"), ("checkout since never", "no duration")):
        status, body = bot.ask(text)
        answer = json.loads(body)
        assert status == 200
        assert says in answer["text"]
        assert answer["response_type"] == "ephemeral"
    assert slack.said() == []


def test_a_mistake_in_a_mention_is_told_to_its_author_alone(start: Start, slack: SlackFake) -> None:
    bot = start(Diagnosis())
    bot.post(slack.mention("<@U0BOT> checkout since never", event_id="Ev5", ts="1800.9"))
    (whisper,) = slack.wait_for(lambda: slack.whispers)
    assert "no duration" in whisper["text"]
    assert (whisper["user"], whisper["thread_ts"]) == (ALICE, "1800.9")
    assert slack.said() == []


@pytest.mark.parametrize(("person", "says"), [(GUEST, "Guests"), (STRANGER, "another organisation"), ("U0NONE", "who")])
def test_guests_and_strangers_are_refused_in_one_line(start: Start, slack: SlackFake, person: str, says: str) -> None:
    diagnosis = Diagnosis()
    bot = start(diagnosis)
    assert bot.ask("checkout", user=person)[0] == 200
    (whisper,) = slack.wait_for(lambda: slack.whispers)
    assert says in whisper["text"]
    assert "\n" not in whisper["text"]
    assert slack.said() == []
    assert diagnosis.asked == []


def test_where_the_bot_is_no_member_the_asker_is_answered_alone_and_told_to_invite_it(
    start: Start, slack: SlackFake
) -> None:
    slack.channels["C0AWAY"] = Channel("C0AWAY", bot_is_member=False)
    bot = start(Diagnosis())
    bot.ask("checkout", channel="C0AWAY")
    slack.wait_for(lambda: len(slack.whispers) == 2)
    assert "/invite @alb502" in slack.whispers[0]["text"]
    assert "nothing called" in slack.whispers[1]["text"]
    assert slack.said("C0AWAY") == []


def test_in_a_private_channel_that_the_bot_cannot_see_it_is_the_same(start: Start, slack: SlackFake) -> None:
    bot = start(Diagnosis())
    bot.ask("checkout", channel="C0HIDDEN")
    slack.wait_for(lambda: len(slack.whispers) == 2)
    assert "/invite @alb502" in slack.whispers[0]["text"]


def test_in_a_channel_shared_with_another_organisation_only_the_asker_sees_the_answer(
    start: Start, slack: SlackFake
) -> None:
    slack.channels[CHANNEL].shared = True
    bot = start(Diagnosis())
    bot.ask("checkout")
    slack.wait_for(lambda: len(slack.whispers) == 2)
    assert "Another organisation" in slack.whispers[0]["text"]
    assert slack.said() == []


def test_a_question_outside_the_channels_scope_is_refused(start: Start, slack: SlackFake) -> None:
    diagnosis = Diagnosis()
    bot = start(diagnosis, scopes={CHANNEL: {"services": ["shop"]}})
    bot.ask("checkout")
    (whisper,) = slack.wait_for(lambda: slack.whispers)
    assert "`shop`" in whisper["text"]
    assert diagnosis.asked == []


def test_a_refusal_of_the_engine_is_told_in_the_thread(start: Start, slack: SlackFake) -> None:
    bot = start(Diagnosis(outcome=Refused(message="No credentials: set AWS_PROFILE.")))
    bot.ask("checkout")
    (reply,) = answered(slack, text="AWS_PROFILE")
    assert reply["channel"] == CHANNEL


def test_an_answer_that_slack_does_not_take_reaches_the_asker_alone(start: Start, slack: SlackFake) -> None:
    slack.fail("chat.update", Failure(200, "missing_scope"))
    bot = start(Diagnosis())
    bot.ask("checkout")
    (whisper,) = slack.wait_for(lambda: slack.whispers)
    assert "nothing called" in whisper["text"]


def test_every_post_carries_its_effect_key(start: Start, slack: SlackFake) -> None:
    bot = start(Diagnosis())
    bot.ask("checkout")
    answered(slack)
    keys = [call.body["metadata"]["event_payload"]["key"] for call in slack.of("chat.postMessage")]
    assert [key.rpartition(":")[2] for key in keys] == ["parent", "reply"]
    assert all(call.body["metadata"]["event_type"] == "alb502_effect" for call in slack.of("chat.postMessage"))


def test_a_post_whose_answer_was_lost_is_found_and_not_repeated(start: Start, slack: SlackFake) -> None:
    slack.fail("chat.postMessage", Failure(500, after_effect=True))
    bot = start(Diagnosis())
    bot.ask("checkout")
    slack.wait_for(slack.replies, timeout_s=20)
    answered(slack)
    assert len(slack.parents()) == 1
    assert len(slack.replies()) == 1
    assert len(slack.of("conversations.history")) == 1


def test_slack_asks_for_patience_and_is_obeyed(start: Start, slack: SlackFake) -> None:
    slack.fail("chat.postMessage", slack_fake.RATE_LIMITED)
    bot = start(Diagnosis())
    bot.ask("checkout")
    answered(slack)
    first, second, *_ = slack.of("chat.postMessage")
    assert second.at - first.at >= 0.9
    assert len(slack.parents()) == 1


def test_slack_has_trouble_and_the_answer_still_arrives(start: Start, slack: SlackFake) -> None:
    slack.fail("users.info", slack_fake.BROKEN)
    slack.fail("chat.update", slack_fake.BROKEN, slack_fake.BROKEN)
    bot = start(Diagnosis())
    bot.ask("checkout")
    answered(slack)


def test_a_workspace_that_refuses_the_layout_gets_the_plain_one_and_is_remembered(
    start: Start, slack: SlackFake, redis: Redis
) -> None:
    slack.fail("chat.postMessage", slack_fake.INVALID_BLOCKS)
    bot = start(Diagnosis())
    bot.ask("checkout")
    answered(slack)
    assert redis.ttl("alb502:plain-layout:T0TEAM") > 80_000


def test_a_diagnosis_that_keeps_failing_leaves_no_message_in_progress(
    start: Start, slack: SlackFake, redis: Redis
) -> None:
    bot = start(Diagnosis(error=RuntimeError("boom")))
    bot.ask("checkout")

    def told() -> bool:
        return any("Something went wrong" in reply["text"] for reply in slack.replies())

    slack.wait_for(told, timeout_s=30)
    (parent,) = slack.parents()
    slack.wait_for(lambda: "failed" in parent["text"])
    assert not redis.keys("alb502:flight:*"), "whoever asks the same now would wait for it in vain"


def test_whoever_waited_for_a_diagnosis_that_failed_is_told_too(start: Start, slack: SlackFake, redis: Redis) -> None:
    diagnosis = Diagnosis(error=RuntimeError("boom"))
    diagnosis.go.clear()
    bot = start(diagnosis)
    bot.ask("checkout")
    assert diagnosis.started.wait(10)
    slack.add_user("U0BOB")
    bot.ask("checkout", user="U0BOB")
    eventually(lambda: redis.keys("alb502:passengers:*"))
    diagnosis.go.set()

    def told() -> bool:
        texts = [reply["text"] for reply in slack.replies()]
        return any("Something went wrong" in text for text in texts) and any("has failed" in text for text in texts)

    slack.wait_for(told, timeout_s=40)


def test_progress_is_shown_while_it_works_and_never_after_the_answer(
    start: Start, slack: SlackFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.progress.Ticker.__init__.__defaults__", (0.05,))
    diagnosis = Diagnosis()
    diagnosis.go.clear()
    bot = start(diagnosis)
    bot.ask("checkout")
    slack.wait_for(lambda: any("1 of 4" in json.dumps(call.body) for call in slack.of("chat.update")))
    diagnosis.go.set()
    answered(slack)
    assert "1 of 4" not in json.dumps(slack.replies())


def test_a_first_answer_is_shown_while_the_rest_is_read(
    start: Start, slack: SlackFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.progress.Ticker.__init__.__defaults__", (0.05,))
    diagnosis = Diagnosis(so_far=reports.report())
    diagnosis.go.clear()
    bot = start(diagnosis)
    bot.ask("checkout")
    slack.wait_for(lambda: "First answer, still reading target health" in json.dumps(slack.replies()))
    assert "504 from the load balancer" in json.dumps(slack.replies())
    diagnosis.go.set()
    slack.wait_for(lambda: "First answer" not in json.dumps(slack.replies()))
    assert len(slack.replies()) == 1


def test_the_bot_finishes_what_it_began_when_it_is_told_to_end(start: Start, slack: SlackFake) -> None:
    diagnosis = Diagnosis()
    diagnosis.go.clear()
    bot = start(diagnosis)
    bot.ask("checkout")
    assert diagnosis.started.wait(10)
    ending = threading.Thread(target=start.stack.close)
    ending.start()
    diagnosis.go.set()
    ending.join(30)
    assert not ending.is_alive()
    # The answer itself was given, or its delivery waits safely in the queue for the next process.
    start(Diagnosis())
    answered(slack)
