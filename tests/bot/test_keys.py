"""What the bot leaves in Redis: all of it under one prefix, and all of it forgotten in time but for what is listed."""

from __future__ import annotations

from redis import Redis

from bot.jobs import QUEUES
from bot.store.keys import PREFIX, text_of
from tests.bot.conftest import Diagnosis, Start, eventually
from tests.reports import report
from tests.slack_fake import GUEST, SlackFake

# Emptied as they are worked off: the queues, and the questions that show progress.
WORKED_OFF = (*(f"{PREFIX}jobs:{name}" for name in ("__", *QUEUES)), f"{PREFIX}in-progress")
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
