"""A worker is killed in the middle of a diagnosis: another one gives the answer, and nothing is said twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.bot.conftest import Diagnosis, Start
from tests.slack_fake import SlackFake

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_job_of_a_killed_worker_is_answered_by_another(start: Start, slack: SlackFake) -> None:
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

    slack.wait_for(told, timeout_s=25)
    assert time.monotonic() - killed_s < 20
    assert [question.words for question in diagnosis.asked] == ["checkout"]
    assert (len(slack.parents()), len(slack.replies())) == (1, 1)
