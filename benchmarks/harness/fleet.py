"""The bot as it is deployed, a web process and workers, in front of many incidents, and questions that keep it busy."""

from __future__ import annotations

import asyncio
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.ack.load import HTTP_OK, PATH, Connections
from benchmarks.ack.real import Bot, serve
from benchmarks.ack.slack import command
from benchmarks.harness import incidents
from benchmarks.harness.child import Child, child
from bot.cli.demo import pointed_at
from bot.store.private import private_store
from tests.slack_fake import SECRET, sign

UNPACED = "benchmarks.harness.unpaced"
ELSEWHERE = 5
"""The niceness of what would run on other machines: AWS, Slack and the process that takes requests."""
PATIENCE_S = 120.0
LOOK_AGAIN_S = 0.25
TICKS_A_S = os.sysconf("SC_CLK_TCK")
SETTINGS = {"ALB502_LIMITS__CACHE_S": "1"}
"""Nearly every fact is read anew for every answer."""


@dataclass
class Fleet:
    """`outstanding`: so many questions are kept waiting or in work at a time."""

    aws: Child
    web: Bot
    workers: list[Bot]
    outstanding: int
    tell: Callable[[str], None]
    asked: int = 0

    def answered(self) -> int:
        return sum(worker.count("diagnosed") for worker in self.workers)

    def answer(self, count: int, words: str) -> float:
        """Asks so many questions more and returns the seconds until all of them were answered. Raises TimeoutError."""
        return asyncio.run(self._answer(count, words))

    async def _answer(self, count: int, words: str) -> float:
        began, until = time.perf_counter(), self.asked + count
        before, progress_at = self.answered(), time.monotonic()
        first = before
        connections = Connections("127.0.0.1", self.web.port)
        while (done := self.answered()) < first + count:
            if done != before:
                before, progress_at = done, time.monotonic()
            if time.monotonic() - progress_at > PATIENCE_S:
                raise TimeoutError(f"{done} of {first + count} questions were answered, and no more")
            while self.asked < until and self.asked - done < self.outstanding:
                await _ask(connections, self.asked)
                self.asked += 1
            self.tell(f"{words}: {done - first} of {count} answered …")
            await asyncio.sleep(LOOK_AGAIN_S)
        connections.close()
        return time.perf_counter() - began


async def _ask(connections: Connections, number: int) -> None:
    body = command(number, incidents.question(number))
    status = await connections.post(PATH, sign(body, secret=SECRET), body)
    if status != HTTP_OK:
        raise RuntimeError(f"a question was refused with {status}")


@contextmanager
def fleet(
    workers: int, *, latency_ms: float, outstanding: int, tell: Callable[[str], None], module: str = UNPACED
) -> Iterator[Fleet]:
    with ExitStack() as stack:
        state = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="alb502-")))
        stack.enter_context(pointed_at({}))
        tell(f"building {len(incidents.SCENARIOS)} incidents …")
        aws = stack.enter_context(child("benchmarks.harness.incidents", str(latency_ms), niceness=ELSEWHERE))
        slack = stack.enter_context(child("benchmarks.ack.slack", niceness=ELSEWHERE))
        store = stack.enter_context(private_store(state / "store", threading.Event().wait))
        more = {**aws.ready, **SETTINGS}

        def started(role: str, name: str, niceness: int = 0) -> Bot:
            log = state / f"{name}.log"
            return stack.enter_context(serve(role, slack.ready, store, log, more, niceness, module))

        web = started("web", "web", ELSEWHERE)
        yield Fleet(aws, web, [started("worker", f"worker-{n}") for n in range(workers)], outstanding, tell)


def cpu_s(pid: int) -> float:
    """The processor time that a process has had, in its own code and in the kernel."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_S


def resident_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"process {pid} has ended")
