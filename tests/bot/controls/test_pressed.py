"""Controls pressed in Slack: signed clicks, a real store, modals as Slack keeps them."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import Redis

from bot.store.feedback import StoredFeedback
from bot.store.mutes import Mutes
from bot.store.watches import Watches
from diagnostics.question import Diagnosed
from diagnostics.report import Report
from diagnostics.snapshot import Snapshot, Subject, Window
from handlers.controls.control import MORE
from tests import reports
from tests.bot.alarms.posting import Aws
from tests.bot.conftest import BotUnderTest, Diagnosis, Start, eventually
from tests.slack_fake import ALICE, CHANNEL, GUEST, Channel, Failure, SlackFake

OTHER = "C0OTHER"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.store.budget.Budget.__init__.__defaults__", ({}, {}))
    monkeypatch.setattr("bot.control_parts.SUBMITTED_AFTER_S", 0.0)
    monkeypatch.setattr("bot.watching.JUDGE_AFTER", timedelta(milliseconds=30))
    monkeypatch.setattr("bot.watching.JUDGE_AGAIN_S", 0.05)
    monkeypatch.setattr("bot.watching.MIN_PUT_OFF_S", 0.05)
    monkeypatch.setattr("handlers.watches.SOON", timedelta(milliseconds=60))


def diagnosed(report: Report) -> Diagnosed:
    subject = Subject(query="checkout", kind="ecs-service", account="111122223333", region="us-east-1")
    window = Window(start=reports.START, end=reports.END)
    return Diagnosed(report=report, snapshot=Snapshot.of(subject=subject, window=window, taken_at=datetime.now(UTC)))


def answered(bot: BotUnderTest, words: str = "checkout") -> dict[str, Any]:
    """The answer that stands in the thread."""
    bot.ask(words)
    found: dict[str, Any] = bot.slack.wait_for(
        lambda: next((one for one in bot.slack.replies() if about_of(one)), None)
    )
    bot.slack.wait_for(lambda: "checkout · " in bot.slack.parents()[-1]["text"])
    return found


def about_of(message: dict[str, Any]) -> str | None:
    """The opaque id that the controls of a message carry."""
    elements = [one for block in message.get("blocks", ()) if block["type"] == "actions" for one in block["elements"]]
    return next((str(one["value"]) for one in elements if one["action_id"] == "refresh"), None)


def press(bot: BotUnderTest, message: dict[str, Any], name: str, user: str = ALICE) -> None:
    """On a button, or on a line of the menu."""
    about = about_of(message)
    in_menu = f'"{name}:{about}"' in json.dumps(message["blocks"])
    action_id, value, kind = (MORE, f"{name}:{about}", "overflow") if in_menu else (f"control-{name}", about, "button")
    began = time.monotonic()
    status, _ = bot.post(bot.slack.press(message, str(value), action_id=action_id, user=user, kind=kind))
    assert status == 200
    assert time.monotonic() - began < 3


def window(slack: SlackFake, field: str) -> dict[str, Any]:
    """The modal that has this field to fill in."""
    found: dict[str, Any] = slack.wait_for(
        lambda: next(
            (view for view in slack.views.values() if any(one.get("block_id") == field for one in view["blocks"])), None
        )
    )
    return found


def submit(bot: BotUnderTest, view: dict[str, Any], values: dict[str, Any]) -> str:
    """Submits a modal; returns what it shows in the end."""
    slack = bot.slack
    slack.views[view["id"]] = {"waits": True}  # Slack shows what the acknowledgement says, and then what comes
    status, text = bot.post(slack.submit(view, values))
    assert status == 200
    first = json.loads(text)
    assert first["response_action"] == "update"
    assert "One moment" in text
    slack.wait_for(lambda: "waits" not in slack.views[view["id"]])
    return json.dumps(slack.views[view["id"]])


def option(value: str) -> dict[str, Any]:
    return {"type": "static_select", "selected_option": {"value": value}}


def test_a_watch_survives_a_restart_edits_the_one_answer_and_tells_of_the_recovery(
    start: Start, slack: SlackFake, redis: Redis
) -> None:
    diagnosis = Diagnosis(outcome=diagnosed(reports.report()))
    with ExitStack() as stack:
        bot = Start(slack, start.store_url, stack)(diagnosis)
        message = answered(bot)
        press(bot, message, "watch")
        (whisper,) = slack.wait_for(lambda: slack.whispers)
        assert "every minute" in whisper["text"]
        slack.wait_for(lambda: "Watched for <@U0ALICE>" in json.dumps(message["blocks"]))
        press(bot, message, "watch", user=GUEST)
        slack.wait_for(lambda: any("Guests cannot" in one["text"] for one in slack.whispers))
        press(bot, message, "watch")
        slack.wait_for(lambda: any("watched already" in one["text"] for one in slack.whispers))
    asked_before = len(diagnosis.asked)
    assert len(Watches(redis).all_on(datetime.now(UTC))) == 1
    diagnosis.outcome = diagnosed(reports.well(id="r-well", headline="checkout · all well"))
    start(diagnosis)
    told = slack.wait_for(lambda: [one for one in slack.replies() if "has recovered" in one["text"]])
    assert "<@U0ALICE>" in told[0]["text"]
    slack.wait_for(lambda: "*Recovered*" in json.dumps(message["blocks"]))
    eventually(lambda: not Watches(redis).all_on(datetime.now(UTC)))
    assert len(diagnosis.asked) > asked_before + 1
    assert not any(question.refresh for question in diagnosis.asked)
    assert (len(slack.replies()), len(slack.parents())) == (2, 1)


def test_what_was_said_of_an_answer_is_kept_counted_and_exported(start: Start, slack: SlackFake, redis: Redis) -> None:
    bot = start(Diagnosis(outcome=diagnosed(reports.report())))
    message = answered(bot)
    press(bot, message, "was-it-right")
    view = window(slack, "verdict")
    assert view["private_metadata"].startswith("click-")
    words = {"type": "plain_text_input", "value": "it was the ACL"}
    shown = submit(bot, view, {"verdict": option("wrong"), "real": option("nacl-blocked"), "words": words})
    assert "Thank you, kept" in shown
    (kept,) = StoredFeedback(redis, 30).read(datetime.now(UTC) - timedelta(hours=1))
    assert (kept.named, kept.real, kept.words, kept.user) == (
        "sg-ingress-missing", "nacl-blocked", "it was the ACL", ALICE
    )  # fmt: skip
    assert 29 * 86_400 < redis.ttl(next(iter(redis.scan_iter("alb502:feedback:*")))) <= 30 * 86_400
    metrics = bot.ops("/metrics")[1]
    assert 'alb502_feedback_total{verdict="wrong"}' in metrics
    assert 'alb502_clicks_total{control="was-it-right",result="done"}' in metrics


def test_an_answer_is_shared_only_where_it_may_be_read(start: Start, slack: SlackFake) -> None:
    slack.channels[OTHER] = Channel(OTHER)
    slack.channels["C0STRANGE"] = Channel("C0STRANGE", shared=True)
    slack.channels["C0SECRET"] = Channel("C0SECRET", private=True)
    slack.channels["C0SCOPED"] = Channel("C0SCOPED")
    bot = start(Diagnosis(outcome=diagnosed(reports.report())), scopes={"C0SCOPED": {"services": ["payments"]}})
    message = answered(bot)
    press(bot, message, "share")
    view = window(slack, "where")

    def to(channel: str) -> str:
        return submit(bot, view, {"where": {"type": "conversations_select", "selected_conversation": channel}})

    assert "another organisation" in to("C0STRANGE")
    assert "you are not in it" in to("C0SECRET")
    assert "not for this channel" in to("C0SCOPED")
    assert "cannot look at that channel" in to("C0UNKNOWN")
    assert slack.said(OTHER) == []
    assert f"Shared in <#{OTHER}>" in to(OTHER)
    assert "shared by <@U0ALICE>" in json.dumps(slack.said(OTHER)[0]["blocks"])
    assert "nothing was posted again" in to(OTHER)
    assert [len(slack.said(channel)) for channel in (OTHER, "C0STRANGE", "C0SECRET", "C0SCOPED")] == [1, 0, 0, 0]


def test_windows_and_posts_of_the_others(start: Start, slack: SlackFake) -> None:
    bot = start(Diagnosis(outcome=diagnosed(reports.report())))
    message = answered(bot)
    press(bot, message, "not-this")
    slack.wait_for(lambda: "*Next*: The container may not listen" in json.dumps(slack.views))
    press(bot, message, "why-not")
    view = window(slack, "check")
    code = reports.report().checks[0].code
    assert code in submit(bot, view, {"check": option(code)})
    press(bot, message, "mute")
    assert "does not look at alarms" in submit(bot, window(slack, "for"), {"for": option("7200")})
    press(bot, message, "post-mortem")
    slack.wait_for(lambda: any("Post-mortem as Markdown" in one["text"] for one in slack.replies()))
    press(bot, message, "post-mortem")
    slack.wait_for(lambda: any("stands in this thread already" in one["text"] for one in slack.whispers))
    assert len(slack.replies()) == 2


def test_alarms_are_muted_from_below_the_answer(start: Start, slack: SlackFake, redis: Redis) -> None:
    bot = start(Diagnosis(outcome=diagnosed(reports.report())), alarm=Aws())
    message = answered(bot)
    press(bot, message, "mute")
    assert "Muting the alarms" in submit(bot, window(slack, "for"), {"for": option("7200")})
    slack.wait_for(lambda: any("has muted the alarms" in one["text"] for one in slack.said()))
    (muted,) = Mutes(redis).all_of(CHANNEL, datetime.now(UTC))
    assert (muted.by, muted.words) == (ALICE, "checkout")


def test_a_window_that_cannot_be_opened_is_said_with_a_reference(start: Start, slack: SlackFake) -> None:
    bot = start(Diagnosis(outcome=diagnosed(reports.report())))
    message = answered(bot)
    slack.fail("views.open", Failure(200, "expired_trigger_id"))
    press(bot, message, "share")
    (whisper,) = slack.wait_for(lambda: slack.whispers)
    assert "could not be opened in time" in whisper["text"]
    assert "(reference `c-" in whisper["text"]
    bot.post(slack.press(message, "b-1", action_id="control-of-tomorrow"))
    slack.wait_for(lambda: any("do not know this button" in one["text"] for one in slack.whispers))


def test_refresh_out_of_the_menu_is_refresh(start: Start, slack: SlackFake) -> None:
    diagnosis = Diagnosis(outcome=diagnosed(reports.report()))
    bot = start(diagnosis)
    message = answered(bot)
    bot.post(slack.press(message, f"refresh:{about_of(message)}", action_id=MORE, kind="overflow"))
    eventually(lambda: len(diagnosis.asked) == 2)
    assert diagnosis.asked[1].refresh
    assert message["channel"] == CHANNEL
