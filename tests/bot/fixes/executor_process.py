"""An executor in a process of its own that stands still at one step for ever. Arguments:
Redis URL, ticket, step, time."""

from __future__ import annotations

import json
import sys
import threading
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
        self.redis.set(NAME, json.dumps([self.settings, self.attributes, self.sent]))
        return outcome

    def _load(self) -> None:
        assert self.redis is not None
        raw = self.redis.get(NAME)
        if raw is not None:
            self.settings, self.attributes, self.sent = json.loads(raw)


def main() -> None:
    redis = Redis.from_url(sys.argv[1])

    def stand_still(step: str) -> None:
        if step == sys.argv[3]:
            print(f"at {step}", flush=True)
            threading.Event().wait()

    stage = Stage(redis, cloud=SharedCloud(redis=redis), now=datetime.fromisoformat(sys.argv[4]))
    stage.executor(boundary=stand_still).run(sys.argv[2])


if __name__ == "__main__":
    main()
