"""`./run bench workers`: how many more diagnoses two workers make than one, of the same questions to the same AWS."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks.harness import incidents, targets
from benchmarks.harness.fleet import fleet
from benchmarks.harness.targets import Target

MIN_TIMES = 1.7
OUTSTANDING = 24
LATENCY_MS = 600.0
"""So much that a worker waits most of the time: what limits it then are its threads. With quick answers one worker
takes more than a core, and a second one on two cores shares the rest with AWS, Slack, the store and the web process."""
NUMBERS = (1, 2)

Rounds = Mapping[int, Sequence[float]]
"""Diagnoses a minute, by the number of workers."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run bench workers", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="of which medians are shown (default 3)")
    parser.add_argument("--diagnoses", type=int, default=72, help="in each round (default 72)")
    options = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 110)
    rounds: dict[int, list[float]] = {number: [] for number in NUMBERS}
    with console.status("starting …") as status:
        for _ in range(options.rounds):
            for number in NUMBERS:
                words = f"{number} worker{'s' * (number > 1)}"
                with fleet(number, latency_ms=LATENCY_MS, outstanding=OUTSTANDING, tell=status.update) as bots:
                    bots.answer(number * len(incidents.SCENARIOS), f"{words}, warming up")
                    seconds = bots.answer(options.diagnoses, words)
                rounds[number].append(options.diagnoses / seconds * 60)
                console.print(f"{words}: {rounds[number][-1]:.0f} a minute", highlight=False)
    _show(console, rounds)
    return 0 if targets.show(console, judged(rounds)) else 1


def times(rounds: Rounds) -> list[float]:
    """Round by round: what disturbs a round disturbs both."""
    return [two / one for one, two in zip(rounds[1], rounds[2], strict=True)]


def _show(console: Console, rounds: Rounds) -> None:
    table = Table(title=f"\n{LATENCY_MS:g} ms added to every call of AWS; {os.cpu_count()} cores\n{targets.machine()}")
    for heading in ("workers", "diagnoses a minute", "min-max"):
        table.add_column(heading, justify="right")
    for number, found in rounds.items():
        table.add_row(str(number), f"{median(found):.0f}", f"{min(found):.0f}-{max(found):.0f}")
    console.print(table)


def judged(rounds: Rounds) -> list[Target]:
    """What was promised against what was measured."""
    found = times(rounds)
    measured = f"{median(found):.2f} times ({min(found):.2f} to {max(found):.2f} in single rounds)"
    return [
        Target(f"two workers make at least {MIN_TIMES:g} times as many as one", measured, median(found) >= MIN_TIMES)
    ]


if __name__ == "__main__":
    sys.exit(main())
