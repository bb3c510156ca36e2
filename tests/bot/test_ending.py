"""A process is told to end while it works: it ends in time, and what it did not finish is done elsewhere at once."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

import pytest
from redis import Redis
from structlog.testing import capture_logs

from bot import ending
from bot.desk import FrontDesk
from bot.ending import Ending, leave_in_time
from bot.queue import HEARTBEAT_MS
from handlers.ask import Origin
from handlers.views import Message
from tests import slack_fake
from tests.bot.conftest import Diagnosis, Start, eventually, stays
from tests.slack_fake import SlackFake

ROOT = Path(__file__).parents[2]
NOBODY = cast("Any", None)


class _Flushed(logging.NullHandler):
    times = 0

    def flush(self) -> None:
        self.times += 1


def test_a_process_ends_in_time_though_aws_never_answers(start: Start, slack: SlackFake) -> None:
    quick = Diagnosis()
    web = start(Diagnosis(), role="web")
    settings = {
        "REDIS_URL": start.store_url,
        "SLACK_BOT_TOKEN": slack_fake.TOKEN,
        "ALB502_SLACK_API_URL": f"{slack.url}/api/",
        "ALB502_HTTP_HOST": "127.0.0.1",
        "ALB502_OPS_PORT": "0",
        "ALB502_LIMITS__STOP_S": "1",
    }
    command = [sys.executable, "-m", "tests.bot.hung_process", "serve", "--role", "worker"]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, **pipes, cwd=ROOT, env={**os.environ, **settings}) as worker:
        try:
            web.ask("checkout")
            assert worker.stdout is not None
            assert b"working on checkout\n" in iter(worker.stdout.readline, b"")
            worker.send_signal(signal.SIGTERM)
            worker.wait(20)
        finally:
            worker.kill()
    start(quick, role="worker")
    slack.wait_for(lambda: "nothing called" in str(slack.replies()), timeout_s=2 * HEARTBEAT_MS / 1_000)
    assert (len(slack.parents()), len(slack.replies())) == (1, 1)


def test_what_still_hangs_when_the_time_is_up_is_named_and_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "MARGIN_S", 0.0)
    log = _Flushed()
    monkeypatch.setattr(logging.getLogger(), "handlers", [log])
    stopped, go = threading.Event(), threading.Event()
    left: list[int] = []
    for number in range(2):
        threading.Thread(target=go.wait, args=(20,), name=f"hanging_{number}", daemon=True).start()
    with capture_logs() as said:
        watching = leave_in_time(stopped, 0, left.append)
        assert watching.is_alive()
        stopped.set()
        watching.join(20)
    go.set()
    assert left == [ending.CUT_SHORT]
    assert [line["threads"]["hanging"] for line in said] == [2]
    assert log.times == 1


def test_whoever_has_to_stop_is_told_at_once_and_no_wait_is_longer_than_the_time() -> None:
    told: list[str] = []
    closing = Ending(0)
    closing.tells(lambda: told.append("upkeep"))
    assert not told
    closing.begin()
    assert told == ["upkeep"]
    assert closing.left_s(5) == 0
    assert Ending(30).left_s(5) == 5


def test_what_is_told_directly_and_hangs_does_not_hold_up_the_end() -> None:
    go, begun, over = threading.Event(), threading.Event(), threading.Event()

    class Hanging:
        def whisper(self, *_: object) -> bool:
            begun.set()
            go.wait(20)
            over.set()
            return True

    desk = FrontDesk(
        intake=NOBODY,
        accepted=NOBODY,
        thread=cast("Any", Hanging()),
        answer_directly=None,
        seal=NOBODY,
        here=NOBODY,
    )
    desk.tell(Origin(team="T1", channel="C1", user="U1"), Message(text="hello", blocks=()))
    assert begun.wait(10)
    desk.close(0.0)
    assert not over.is_set()
    go.set()
    desk.close(10)
    assert over.is_set()


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
