"""`alb502 serve` as it is deployed: a process of its own that is told by its environment what to do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.harness.child import end
from tests.slack_fake import SECRET, TOKEN

START_S = 30.0
LOOK_AGAIN_S = 0.02


@dataclass(frozen=True)
class Bot:
    """`port`: that takes Slack's requests; 0 for a role that takes none."""

    port: int
    log: Path
    kill: Callable[[], None]
    """Ends it without a warning, as `kill -9` does."""
    pid: int

    def count(self, event: str) -> int:
        """How often it has logged this."""
        return len(self.entries(event))

    def entries(self, event: str) -> list[dict[str, Any]]:
        """What it has logged of this."""
        return [entry for entry in _entries(self.log) if entry.get("event") == event]


@contextmanager
def serve(
    role: str,
    slack_url: str,
    store_url: str,
    log: Path,
    more: Mapping[str, str] | None = None,
    niceness: int = 0,
    module: str = "bot",
) -> Iterator[Bot]:
    """Runs the bot in this role, logging to a file. Raises RuntimeError if it does not start."""
    environment = {
        **os.environ,
        **(more or {}),
        "ALB502_HTTP_HOST": "127.0.0.1",
        "ALB502_HTTP_PORT": "0",
        "ALB502_OPS_PORT": "0",
        "REDIS_URL": store_url,
        "ALB502_SLACK_API_URL": f"{slack_url}/api/",
        "SLACK_BOT_TOKEN": TOKEN,
        "SLACK_SIGNING_SECRET": SECRET,
    }
    with log.open("w") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", module, "serve", "--role", role],
            env=environment,
            stdin=subprocess.DEVNULL,
            stderr=stream,
            text=True,
        )
        os.setpriority(os.PRIO_PROCESS, process.pid, niceness)
        try:
            yield Bot(_port(process, log), log, process.kill, process.pid)
        finally:
            end(process)


def _port(process: subprocess.Popen[str], log: Path) -> int:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        for entry in _entries(log):
            if entry.get("event") == "ready":
                return int(entry["http_port"] or 0)
        time.sleep(LOOK_AGAIN_S)
    raise RuntimeError(f"`alb502 serve` did not start; its log says:\n{log.read_text()}")


def _entries(log: Path) -> Iterator[dict[str, Any]]:
    """Whole lines only: the last one may still be in the making."""
    for line in log.read_text().splitlines(keepends=True):
        if line.startswith("{") and line.endswith("\n"):
            yield json.loads(line)
