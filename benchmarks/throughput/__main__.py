"""`./run bench throughput`: diagnoses a minute of one core, by a worker that reads AWS, and from snapshots."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from benchmarks.harness import incidents, targets
from benchmarks.harness.fleet import cpu_s, fleet
from benchmarks.harness.targets import Target
from bot.cli.demo import pointed_at
from bot.diagnosing import diagnoser
from bot.settings import load
from diagnostics.engine import diagnose
from diagnostics.question import Diagnosed, Question
from diagnostics.report import Report
from diagnostics.snapshot import Snapshot
from handlers.asking import parse

MIN_BY_WORKER = 100.0
MIN_FROM_SNAPSHOTS = 600.0
OUTSTANDING = 12
LATENCY_MS = 50.0
WARM_UP_ROUNDS = 2
SNAPSHOT_ROUNDS = 10


@dataclass(frozen=True)
class Pace:
    """`cpu_s`: of the process that diagnosed, on all cores."""

    diagnoses: int
    seconds: float
    cpu_s: float

    @property
    def per_minute(self) -> float:
        return self.diagnoses / self.seconds * 60

    @property
    def per_minute_and_core(self) -> float:
        return self.diagnoses / self.cpu_s * 60


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run bench throughput", description=__doc__)
    parser.add_argument("--diagnoses", type=int, default=240, help="by the worker (default 240)")
    options = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 110)
    with console.status("starting …") as status:
        worker, snapshots = _by_worker(options.diagnoses, status.update)
        status.update("from snapshots …")
        replayed = _from_snapshots(snapshots)
    _show(console, worker, replayed, snapshots)
    return 0 if targets.show(console, judged(worker, replayed)) else 1


def _by_worker(count: int, tell: Callable[[str], None]) -> tuple[Pace, list[str]]:
    with fleet(1, latency_ms=LATENCY_MS, outstanding=OUTSTANDING, tell=tell) as bots:
        bots.answer(WARM_UP_ROUNDS * len(incidents.SCENARIOS), "warming up")
        (worker,) = bots.workers
        before = cpu_s(worker.pid)
        seconds = bots.answer(count, "a worker")
        pace = Pace(count, seconds, cpu_s(worker.pid) - before)
        tell("recording snapshots …")
        with pointed_at(bots.aws.ready):
            return pace, _recorded()


def _recorded() -> list[str]:
    """What was read of each incident, as `--save` writes it."""
    diagnosed = diagnoser(load(os.environ))
    found = []
    for number in range(len(incidents.SCENARIOS)):
        question = parse(incidents.question(number))
        outcome = diagnosed(question, lambda _: None) if isinstance(question, Question) else question
        if not isinstance(outcome, Diagnosed):
            raise TypeError(f"no diagnosis: {outcome!r}")
        found.append(outcome.snapshot.model_dump_json())
    return found


def _from_snapshots(snapshots: Sequence[str]) -> Pace:
    """Read, judged and written, in one thread."""
    for text in snapshots:
        _replayed(text)
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    for _ in range(SNAPSHOT_ROUNDS):
        for text in snapshots:
            _replayed(text)
    count = SNAPSHOT_ROUNDS * len(snapshots)
    return Pace(count, time.perf_counter() - began_s, time.process_time() - began_cpu_s)


def _replayed(text: str) -> Report:
    report = diagnose(Snapshot.model_validate_json(text))
    report.model_dump_json()
    return report


def _show(console: Console, worker: Pace, replayed: Pace, snapshots: Sequence[str]) -> None:
    table = Table(
        title=f"\n{len(snapshots)} incidents in turn, {LATENCY_MS:g} ms added to every call\n{targets.machine()}"
    )
    table.add_column("way")
    for heading in ("diagnoses", "a minute and core", "processor s each", "a minute"):
        table.add_column(heading, justify="right")
    for name, pace in (("`serve --role worker` over HTTP", worker), ("from snapshots", replayed)):
        table.add_row(
            name,
            str(pace.diagnoses),
            f"{pace.per_minute_and_core:,.0f}",
            f"{pace.cpu_s / pace.diagnoses:.3f}",
            f"{pace.per_minute:,.0f}",
        )
    console.print(table)


def judged(worker: Pace, replayed: Pace) -> list[Target]:
    """What was promised against what was measured."""
    return [
        _enough("a worker", worker, MIN_BY_WORKER),
        _enough("from snapshots", replayed, MIN_FROM_SNAPSHOTS),
    ]


def _enough(who: str, pace: Pace, least: float) -> Target:
    found = pace.per_minute_and_core
    return Target(f"{who}: at least {least:g} diagnoses a minute and core", f"{found:,.0f}", found >= least)


if __name__ == "__main__":
    sys.exit(main())
