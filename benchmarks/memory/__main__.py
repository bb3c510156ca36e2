"""`./run bench memory`: resident memory of a worker, idle, after 200 and after 2,000 diagnoses of a dozen incidents."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks.harness import targets
from benchmarks.harness.fleet import fleet, resident_mb
from benchmarks.harness.targets import Target

MAX_GROWTH = 1.2
OUTSTANDING = 12
LATENCY_MS = 5.0
SETTLE_S = 5.0
SAMPLES = 5


@dataclass(frozen=True)
class Seen:
    """What a worker held after so many diagnoses."""

    diagnoses: int
    mb: float
    seconds: float = 0.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run bench memory", description=__doc__)
    parser.add_argument("--few", type=int, default=200, help="diagnoses before the first look (default 200)")
    parser.add_argument("--many", type=int, default=2_000, help="diagnoses before the last look (default 2,000)")
    parser.add_argument("--looks", type=int, default=6, help="looks between them, which are shown only (default 6)")
    options = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 110)
    with console.status("starting …") as status:
        seen = _measured(options.few, options.many, options.looks, status.update, console)
    _show(console, seen)
    return 0 if targets.show(console, judged(seen)) else 1


def _measured(few: int, many: int, looks: int, tell: Callable[[str], None], console: Console) -> list[Seen]:
    with fleet(1, latency_ms=LATENCY_MS, outstanding=OUTSTANDING, tell=tell) as bots:
        (worker,) = bots.workers
        seen = [Seen(0, _settled(worker.pid))]
        steps = [few, *(few + (many - few) * number // (looks + 1) for number in range(1, looks + 2))]
        for until in steps:
            seconds = bots.answer(until - seen[-1].diagnoses, f"{until:,} diagnoses")
            seen.append(Seen(until, _settled(worker.pid), seconds))
            console.print(f"after {until:,}: {seen[-1].mb:.0f} MB", highlight=False)
        return seen


def _settled(pid: int) -> float:
    """The median of some looks a while after the last answer."""
    time.sleep(SETTLE_S)
    looks = []
    for _ in range(SAMPLES):
        looks.append(resident_mb(pid))
        time.sleep(0.2)
    return median(looks)


def _show(console: Console, seen: list[Seen]) -> None:
    table = Table(title=f"\none `alb502 serve --role worker`, twelve incidents in turn\n{targets.machine()}")
    for heading in ("diagnoses", "resident MB", "diagnoses a minute"):
        table.add_column(heading, justify="right")
    for before, one in zip([seen[0], *seen], seen, strict=False):
        pace = (one.diagnoses - before.diagnoses) / one.seconds * 60 if one.seconds else 0
        table.add_row(f"{one.diagnoses:,}", f"{one.mb:.0f}", f"{pace:.0f}" if pace else "")
    console.print(table)


def judged(seen: list[Seen]) -> list[Target]:
    """What was promised against what was measured: idle first, then after few, the last after many."""
    idle, few, many = seen[0], seen[1], seen[-1]
    times = many.mb / few.mb
    return [
        Target(
            f"memory after {many.diagnoses:,} diagnoses within {MAX_GROWTH - 1:.0%} of that after {few.diagnoses:,}",
            f"{times:.2f} times ({idle.mb:.0f} MB idle, {few.mb:.0f} MB, {many.mb:.0f} MB)",
            times <= MAX_GROWTH,
        )
    ]


if __name__ == "__main__":
    sys.exit(main())
