"""A process is told to end while it works: it ends in time, and what it did not finish is done elsewhere at once."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack

from redis import Redis

from bot.queue import HEARTBEAT_MS
from tests.bot.conftest import Diagnosis, Start, eventually, stays
from tests.slack_fake import SlackFake


def test_what_is_not_finished_in_time_is_taken_up_at_once_and_said_once(
    start: Start, slack: SlackFake, redis: Redis
) -> None:
    slow, quick = Diagnosis(), Diagnosis()
    slow.go.clear()
    with ExitStack() as stack:
        first = Start(slack, start.store_url, stack)(slow, limits={"stop_s": 1})
        first.ask("checkout")
        assert slow.started.wait(5)
        told_s = time.monotonic()
    assert time.monotonic() - told_s < 4
    start(quick, role="worker")
    slack.wait_for(lambda: "nothing called" in str(slack.replies()), timeout_s=HEARTBEAT_MS / 2_000)
    slow.go.set()  # the one that was overtaken goes on, and says nothing any more
    eventually(lambda: redis.hlen("alb502:jobs:people.msgs") == 0)
    assert (len(slack.parents()), len(slack.replies())) == (1, 1)
    assert [len(diagnosis.asked) for diagnosis in (slow, quick)] == [1, 1]


def test_a_process_that_is_ending_leaves_new_questions_to_others(start: Start, slack: SlackFake, redis: Redis) -> None:
    slow, quick = Diagnosis(), Diagnosis()
    slow.go.clear()
    stack = ExitStack()
    with ExitStack() as others:
        web = Start(slack, start.store_url, others)(Diagnosis(), role="web")
        ending = Start(slack, start.store_url, stack)(slow, role="worker", limits={"stop_s": 3})
        web.ask("checkout")
        assert slow.started.wait(5)
        closing = threading.Thread(target=stack.close)
        closing.start()
        eventually(lambda: ending.ops("/readyz")[0] == 503)
        web.ask("payments")
        stays(lambda: redis.llen("alb502:jobs:people") == 1)
        Start(slack, start.store_url, others)(quick, role="worker")
        slack.wait_for(lambda: "nothing called" in str(slack.replies()), timeout_s=2)
        assert [question.words for question in quick.asked] == ["payments"]
        slow.go.set()
        closing.join(10)
