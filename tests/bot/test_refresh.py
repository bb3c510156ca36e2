"""The Refresh button asks again and overwrites the message that holds it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from redis import Redis

from bot.jobs import Lane
from bot.store.effects import Effects
from bot.store.keys import text_of
from diagnostics.question import Diagnosed
from diagnostics.snapshot import ReadStats, Snapshot, Subject, Window
from handlers import views
from handlers.effects import SupersededError
from tests.bot.conftest import BotUnderTest, Diagnosis, Start, eventually
from tests.reports import END, START, report
from tests.slack_fake import SlackFake


def diagnosed(headline: str, cache_age_s: float | None = None) -> Diagnosed:
    subject = Subject(query="checkout", kind="ecs-service", account="111122223333", region="us-east-1")
    snapshot = Snapshot.of(
        subject=subject,
        window=Window(start=START, end=END),
        taken_at=datetime.now(UTC),
        stats=ReadStats(cache_age_s=cache_age_s),
    )
    return Diagnosed(report=report(headline=headline), snapshot=snapshot)


def button_of(message: dict[str, Any]) -> str:
    buttons = [one for block in message["blocks"] if block["type"] == "actions" for one in block["elements"]]
    return str(next(button["value"] for button in buttons if button["action_id"] == views.REFRESH))


def reply_saying(slack: SlackFake, text: str) -> dict[str, Any]:
    found: dict[str, Any] = slack.wait_for(lambda: next((r for r in slack.replies() if text in r["text"]), None))
    return found


def press(bot: BotUnderTest, message: dict[str, Any], value: str) -> int:
    return bot.post(bot.slack.press(message, value, action_id=views.REFRESH))[0]


def test_the_answer_is_read_anew_and_stands_in_the_same_message(start: Start, slack: SlackFake) -> None:
    diagnosis = Diagnosis(outcome=diagnosed("502 since 03:12"))
    bot = start(diagnosis)
    bot.ask("checkout since 2h")
    reply = reply_saying(slack, "502 since 03:12")
    slack.wait_for(lambda: "502 since 03:12" in slack.parents()[0]["text"])

    diagnosis.outcome = diagnosed("all well")
    assert press(bot, reply, button_of(reply)) == 200
    reply_saying(slack, "all well")
    slack.wait_for(lambda: "all well" in slack.parents()[0]["text"])

    assert (len(slack.replies()), len(slack.parents())) == (1, 1)
    first, second = diagnosis.asked
    assert second == first.model_copy(update={"refresh": True})


def test_an_expired_button_says_what_to_type(start: Start, slack: SlackFake, redis: Redis) -> None:
    bot = start(Diagnosis(outcome=diagnosed("502 since 03:12")))
    bot.ask("checkout")
    reply = reply_saying(slack, "502 since 03:12")
    redis.delete(*redis.keys("alb502:button:*"))
    assert press(bot, reply, button_of(reply)) == 200
    (whisper,) = slack.wait_for(lambda: slack.whispers)
    assert "/alb502 TARGET" in whisper["text"]


def test_a_guest_cannot_refresh(start: Start, slack: SlackFake) -> None:
    diagnosis = Diagnosis(outcome=diagnosed("502 since 03:12"))
    bot = start(diagnosis)
    bot.ask("checkout")
    reply = reply_saying(slack, "502 since 03:12")
    bot.post(slack.press(reply, button_of(reply), action_id=views.REFRESH, user="U0GUEST"))
    (whisper,) = slack.wait_for(lambda: slack.whispers)
    assert "Guests" in whisper["text"]
    assert "(reference `c-" in whisper["text"]
    assert len(diagnosis.asked) == 1
    assert "502 since 03:12" in slack.replies()[0]["text"]


def test_the_age_of_cached_facts_is_shown(start: Start, slack: SlackFake) -> None:
    bot = start(Diagnosis(outcome=diagnosed("502 since 03:12", cache_age_s=20)))
    bot.ask("checkout")
    reply = reply_saying(slack, "502 since 03:12")
    assert "s old" in str(reply["blocks"])


def overtaken(_: Effects, ask_id: str, fence: int) -> None:
    raise SupersededError(ask_id)


def test_the_report_is_kept_compressed_for_its_days(start: Start, slack: SlackFake, redis: Redis) -> None:
    outcome = diagnosed("502 since 03:12")
    bot = start(Diagnosis(outcome=outcome), limits={"reports_days": 3})
    bot.ask("checkout")
    reply_saying(slack, "502 since 03:12")
    name = f"alb502:report:{outcome.report.id}"
    assert 2 * 86_400 < redis.ttl(name) <= 3 * 86_400
    assert redis.strlen(name) < len(outcome.report.to_json(indent=None)) / 2


@pytest.mark.parametrize("is_drawn_by_others", [False, True], ids=["alone", "drawn by others, too"])
def test_an_older_answer_that_comes_late_gives_way_to_the_newer_one(
    start: Start, slack: SlackFake, redis: Redis, monkeypatch: pytest.MonkeyPatch, is_drawn_by_others: bool
) -> None:
    """Slack was slow to take its edit, and meanwhile somebody has pressed Refresh."""
    monkeypatch.setattr("bot.store.budget.Budget.__init__.__defaults__", ({}, {}))
    diagnosis = Diagnosis(outcome=diagnosed("502 since 03:12"))
    bot = start(diagnosis)
    bot.ask("checkout")
    reply = reply_saying(slack, "502 since 03:12")
    (first,) = redis.scan_iter("alb502:ask:*")
    eventually(lambda: redis.hexists(first, "finished"))
    well = diagnosed("all well")
    diagnosis.outcome = well.model_copy(update={"report": report(id="r-later", headline="all well")})
    press(bot, reply, button_of(reply))
    reply_saying(slack, "all well")
    eventually(lambda: all(redis.hexists(name, "finished") for name in redis.scan_iter("alb502:ask:*")))
    reply["text"] = "502 since 03:12, which Slack was slow to take"
    before = len(slack.of("chat.update"))

    answer = redis.hget(first, "answer")
    assert answer is not None
    redis.hdel(first, "finished")
    if is_drawn_by_others:
        monkeypatch.setattr(Effects, "check", overtaken)
    Lane(redis, "deliveries", 60).deliver(text_of(first).rpartition(":")[2], text_of(answer))
    eventually(lambda: redis.hexists(first, "finished"))

    if is_drawn_by_others:
        return
    edits = [call.body["text"] for call in slack.of("chat.update")[before:] if call.body["ts"] == reply["ts"]]
    assert edits
    assert all("all well" in text for text in edits)
    assert "all well" in slack.replies()[0]["text"]
