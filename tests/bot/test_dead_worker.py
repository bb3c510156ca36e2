"""A worker is killed in the middle of a diagnosis: another one gives the answer, and nothing is said twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bot import queue
from tests.bot.conftest import Diagnosis, Start
from tests.slack_fake import SlackFake

ROOT = Path(__file__).parents[2]
HEARTBEAT_MS = 4_000


@pytest.mark.slow
def test_the_job_of_a_killed_worker_is_answered_by_another(
    start: Start, slack: SlackFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert queue.HEARTBEAT_MS < 15_000
    monkeypatch.setattr(queue, "HEARTBEAT_MS", HEARTBEAT_MS)
    web = start(Diagnosis(), role="web")
    command = [sys.executable, "-m", "tests.bot.worker_process", start.store_url, slack.url]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, env=environment) as worker:
        try:
            assert web.ask("checkout") == (200, "")
            assert worker.stdout is not None
            assert b"working on checkout\n" in iter(worker.stdout.readline, b"")
        finally:
            worker.send_signal(signal.SIGKILL)
    killed_s = time.monotonic()
    diagnosis = Diagnosis()
    start(diagnosis, role="worker")

    def told() -> bool:
        return any("nothing called" in reply["text"] for reply in slack.replies())

    slack.wait_for(told, timeout_s=20)
    assert time.monotonic() - killed_s > HEARTBEAT_MS / 1_000 - 2  # not before the worker could be taken for dead
    assert [question.words for question in diagnosis.asked] == ["checkout"]
    assert (len(slack.parents()), len(slack.replies())) == (1, 1)
