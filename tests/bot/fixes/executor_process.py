"""Executors that die: each line on stdin is a job, done in a process of its own that is killed at a step of it.

Argument: Redis URL. A line is JSON with `job`, `ticket`, `step` and `now`; the answer is `killed`, or `ended` when the
step was never reached.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from redis import Redis

from diagnostics.facts.fact import Gap
from remediations.plan import Call
from remediations.writing import Lost, Rejected, Sending, Written
from tests.bot.fixes.acting import Stage
from tests.remediations.cloud import Cloud

NAME = "test-cloud"


@dataclass
class SharedCloud(Cloud):
    """The AWS in memory, its state in Redis, so that it outlives a process."""

    redis: Redis | None = None

    def read(self, call: Call) -> dict[str, Any] | Gap:
        self._load()
        return super().read(call)

    def write(self, call: Call, sending: Sending) -> Written | Rejected | Lost:
        self._load()
        outcome = super().write(call, sending)
        assert self.redis is not None
        self.redis.set(NAME, json.dumps([self.settings, self.attributes, self.sent, self.deployments]))
        return outcome

    def _load(self) -> None:
        assert self.redis is not None
        raw = self.redis.get(NAME)
        if raw is not None:
            self.settings, self.attributes, self.sent, self.deployments = json.loads(raw)


def main() -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _work(sys.argv[1], **json.loads(line))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print("killed" if os.WIFSIGNALED(status) else "ended", flush=True)


def _work(store_url: str, job: str, ticket: str, step: str, now: str) -> None:
    def die(at: str) -> None:
        if at == step:
            os.kill(os.getpid(), signal.SIGKILL)

    redis = Redis.from_url(store_url)
    stage = Stage(redis, cloud=SharedCloud(redis=redis), now=datetime.fromisoformat(now))
    getattr(stage.executor(boundary=die), job)(ticket)


if __name__ == "__main__":
    main()
