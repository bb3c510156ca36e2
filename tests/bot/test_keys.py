"""What the bot leaves in Redis: all of it under one prefix, and all of it forgotten in time but for what is listed."""

from __future__ import annotations

import pytest
from redis import Redis

from bot.fix_lane import FIXES
from bot.jobs import QUEUES
from bot.store.keys import PREFIX, text_of
from tests.bot.alarms.posting import Aws
from tests.bot.conftest import Diagnosis, Start, eventually
from tests.bot.controls.test_pressed import answered, diagnosed, option, press, submit, window
from tests.reports import report
from tests.slack_fake import GUEST, SlackFake

# Emptied as they are worked off: the queues, the questions that show progress, the fixes that are not closed.
WORKED_OFF = (
    *(f"{PREFIX}jobs:{name}" for name in ("__", *QUEUES, FIXES)),
    f"{PREFIX}in-progress",
    f"{PREFIX}fixes-unfinished",
)
KEPT = (f"{PREFIX}audit",)


def test_everything_expires_but_the_queues_and_the_audit(start: Start, slack: SlackFake, redis: Redis) -> None:
    bot = start(Diagnosis(so_far=report()))
    for number, words in enumerate(("checkout", "checkout", "payments")):
        bot.post(slack.mention(f"<@U0BOT> {words}", event_id=f"Ev{number}"))
    bot.ask("orders")
    bot.ask("orders", user=GUEST)
    slack.wait_for(lambda: sum("nothing called" in reply["text"] for reply in slack.replies()) == 4)
    eventually(lambda: not any(redis.hlen(f"{PREFIX}jobs:{queue}.msgs") for queue in ("people", "deliveries")))
    lasting = {text_of(name) for name in redis.scan_iter() if redis.ttl(name) == -1}
    assert not [name for name in lasting if not name.startswith((*WORKED_OFF, *KEPT))]
    assert all(text_of(name).startswith(PREFIX) for name in redis.scan_iter())
    assert not redis.exists(f"{PREFIX}in-progress")
    assert not [name for name in lasting if name.endswith(".msgs")]


def test_what_clicks_leave_expires(
    start: Start, slack: SlackFake, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.budget.Budget.__init__.__defaults__", ({}, {}))
    monkeypatch.setattr("bot.control_parts.SUBMITTED_AFTER_S", 0.0)
    bot = start(Diagnosis(outcome=diagnosed(report())), alarm=Aws())
    message = answered(bot)
    press(bot, message, "was-it-right")
    submit(bot, window(slack, "verdict"), {"verdict": option("right")})
    press(bot, message, "mute")
    submit(bot, window(slack, "for"), {"for": option("7200")})
    press(bot, message, "watch")

    def families() -> set[str]:
        return {text_of(name).removeprefix(PREFIX).partition(":")[0] for name in redis.scan_iter()}

    eventually(lambda: {"report", "reports", "feedback", "feedback-index", "mutes", "watches"} <= families())
    names = {text_of(name) for name in redis.scan_iter()}
    lasting = [name for name in names if redis.ttl(name) == -1 and not name.startswith((*WORKED_OFF, *KEPT))]
    assert not lasting
