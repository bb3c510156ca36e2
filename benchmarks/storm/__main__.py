"""`./run bench storm`: 1,000 alarms of 10 load balancers within 10 s, and a worker that is killed in the middle."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis import Redis
from rich.console import Console
from rich.table import Table

from benchmarks.ack.load import Latencies, run
from benchmarks.ack.real import Bot, serve
from benchmarks.harness import targets
from benchmarks.harness.child import Child, child
from benchmarks.harness.targets import Target
from benchmarks.storm.alarms import BALANCERS, event, posts
from bot.cli.demo import pointed_at
from bot.store.keys import key
from bot.store.private import private_store
from handlers.incidents import Incident
from tests.slack_fake import ALICE, CHANNEL

SECONDS = 10.0
KILL_AFTER_S = 5.0
MAX_P99_MS = 1_000.0
MAX_TIMES_EMPTY = 3.0
WARM_UP_S = 3.0
AWS_LATENCY_MS = 20.0
POINTERS = 3
PATIENCE_S = 420.0
LOOK_AGAIN_S = 2.0
ELSEWHERE = 10
"""The niceness of what would run on machines of its own: the worker, and what stands in for AWS and Slack."""
WINDOW_S = 10.0
"""Over so long the rate of a channel is judged: the clocks of a busy machine move single posts by tenths."""
TALK = {"type": "message", "user": ALICE, "text": "good morning", "channel": CHANNEL, "ts": "1.000001"}


@dataclass(frozen=True)
class Outcome:
    """What was seen when it was over."""

    empty: Latencies
    web: Latencies
    diagnosed: Sequence[str]
    answers: int
    pointers: int
    counted: int
    shown: int
    edits: int
    posted_at: Sequence[float]
    took_s: float


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run bench storm", description=__doc__)
    parser.add_argument("--alarms", type=int, default=1_000, help="of 10 load balancers, within 10 s (default 1,000)")
    options = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 110)
    with console.status("building a world of 10 load balancers …") as status:
        outcome = _storm(options.alarms, status.update)
    _show(console, outcome, options.alarms)
    return 0 if targets.show(console, judged(outcome, options.alarms)) else 1


def _storm(count: int, tell: Any) -> Outcome:
    with ExitStack() as stack:
        state = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="alb502-")))
        stack.enter_context(pointed_at({}))
        aws = stack.enter_context(child("benchmarks.storm.endpoint", str(AWS_LATENCY_MS), niceness=ELSEWHERE))
        began = time.time() - 1
        slack = stack.enter_context(child("benchmarks.storm.slack", str(count), str(began), niceness=ELSEWHERE))
        store = stack.enter_context(private_store(state / "store", threading.Event().wait))
        web = stack.enter_context(serve("web", slack.ready, store, state / "web.log"))
        empty = stack.enter_context(child("benchmarks.ack.empty", slack.ready))

        def worker(log: str) -> Bot:
            return stack.enter_context(serve("worker", slack.ready, store, state / log, aws.ready, ELSEWHERE))

        workers = [worker("worker-1.log")]
        events = [event(post, number) for number, post in enumerate(posts(count, began))]
        asyncio.run(_warm_up(web, empty))
        tell(f"{count} alarms within {SECONDS:g} s …")

        def replace() -> None:
            workers[0].kill()
            workers.append(worker("worker-2.log"))

        killing = threading.Timer(KILL_AFTER_S, replace)
        killing.start()
        web_ms, empty_ms = asyncio.run(_both(web, empty, events))
        began_s = time.monotonic()
        killing.join()
        tell("waiting until all of it is told …")
        _wait(Redis.from_url(store), slack, count)
        took_s, record = time.monotonic() - began_s, slack.ask()
        asked = [str(entry["ask_id"]) for one in workers for entry in one.entries("diagnosed")]
        pointers = [one for one in record["said"] if _is_pointer(one)]
        answers = [one for one in record["said"] if not _is_pointer(one)]
        return Outcome(
            empty=empty_ms,
            web=web_ms,
            diagnosed=asked,
            answers=len(answers),
            pointers=len(pointers),
            counted=_counted(Redis.from_url(store)),
            shown=sum(f"of {count // BALANCERS} alarms" in one["words"] for one in answers),
            edits=record["edits"],
            posted_at=record["posted_at"],
            took_s=took_s,
        )


async def _warm_up(web: Bot, empty: Child) -> None:
    for port in (web.port, empty.ready):
        await run(port, lambda number: event(TALK, -number), per_second=20, seconds=WARM_UP_S)


async def _both(web: Bot, empty: Child, events: Sequence[bytes]) -> tuple[Latencies, Latencies]:
    """The empty listener gets the same events at the same time: what the machine does else slows both."""
    per_second = round(len(events) / SECONDS)
    loads = [
        run(port, lambda number: events[number], per_second=per_second, seconds=SECONDS)
        for port in (web.port, empty.ready)
    ]
    real, least = await asyncio.gather(*loads)
    return real, least


def _wait(redis: Redis, slack: Child, count: int) -> None:
    """Until every alarm is counted and shown, or nobody would wait any longer."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        said = slack.ask()["said"]
        shown = sum(f"of {count // BALANCERS} alarms" in one["words"] for one in said)
        pointers = sum(map(_is_pointer, said))
        if _counted(redis) >= count and shown >= BALANCERS and pointers >= BALANCERS * POINTERS:
            return
        time.sleep(LOOK_AGAIN_S)


def _counted(redis: Redis) -> int:
    """The alarms that the incidents hold."""
    names = list(redis.scan_iter(match=key("incident", "*"), count=1_000))
    kept = [raw for raw in redis.mget(names) if raw is not None] if names else []
    return sum(Incident.model_validate_json(raw).count for raw in kept)


def _is_pointer(message: dict[str, Any]) -> bool:
    return "the diagnosis is in" in message["words"]


def _busiest(posted_at: Sequence[float], window_s: float) -> int:
    """The most posts within any so many seconds."""
    return max((sum(at <= other < at + window_s for other in posted_at) for at in posted_at), default=0)


def _show(console: Console, outcome: Outcome, count: int) -> None:
    what = f"{count} signed alarm events within {SECONDS:g} s, a worker killed after {KILL_AFTER_S:g} s"
    table = Table(title=f"\n{what}\n{targets.machine()}")
    table.add_column("process")
    for heading in ("sent", "failed", "p50 ms", "p99 ms", "maximum ms"):
        table.add_column(heading, justify="right")
    for name, measured in (
        ("empty listener, at the same time", outcome.empty),
        ("alb502 serve --role web", outcome.web),
    ):
        table.add_row(
            name,
            str(measured.sent),
            str(measured.failed),
            f"{measured.p50:.1f}",
            f"{measured.p99:.1f}",
            f"{measured.maximum:.1f}",
        )
    console.print(table)
    console.print(
        f"{outcome.answers} answers and {outcome.pointers} pointers posted, {outcome.edits} edits; all told "
        f"{outcome.took_s:.0f} s after the last alarm",
        highlight=False,
    )


def judged(outcome: Outcome, count: int) -> list[Target]:
    """What was promised against what was measured."""
    web, times = outcome.web.p99, outcome.web.p99 / outcome.empty.p99
    asked, busiest = len(set(outcome.diagnosed)), _busiest(outcome.posted_at, WINDOW_S)
    return [
        Target(f"{BALANCERS} diagnoses", f"{asked}, {len(outcome.diagnosed)} runs", asked == BALANCERS),
        Target(
            f"{BALANCERS} answers, each with all of its alarms",
            f"{outcome.answers} answers, {outcome.shown} of them whole",
            outcome.answers == outcome.shown == BALANCERS,
        ),
        Target(f"p99 of the acknowledgement under {MAX_P99_MS:g} ms", f"{web:.1f} ms", web < MAX_P99_MS),
        Target(f"p99 within {MAX_TIMES_EMPTY:g} times of the empty listener", f"{times:.2f}", times <= MAX_TIMES_EMPTY),
        Target("no event failed", f"{outcome.web.failed} failed", outcome.web.failed == 0),
        Target(
            "no post lost by kill -9 of the worker", f"{outcome.counted} of {count} counted", outcome.counted == count
        ),
        Target(
            f"{BALANCERS * POINTERS} pointers, none twice",
            str(outcome.pointers),
            outcome.pointers == BALANCERS * POINTERS,
        ),
        Target(
            f"at most one message a second and channel, over any {WINDOW_S:g} s",
            f"{busiest} in the busiest {WINDOW_S:g} s",
            busiest <= WINDOW_S + 1,
        ),
    ]


if __name__ == "__main__":
    sys.exit(main())
