"""`./run bench calibration`: how sure the answers are and how right, over incidents composed at random from a seed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator

from rich.console import Console

from benchmarks.harness import targets
from benchmarks.harness.targets import Target
from tests.calibration.composing import Composed, composed
from tests.calibration.scoring import NothingScoredError, Table, tables

MIN_ACCURACY = 0.9
MAX_FALSE_BLAME = 0.002
MAX_BRIER = 0.03
SHOWN = 15


def main() -> int:
    """0: all targets are met; 1: one is not, or an incident was not answered; 3: nothing was answered at all."""
    parser = argparse.ArgumentParser(prog="./run bench calibration", description=__doc__)
    parser.add_argument("--incidents", type=int, default=2500, help="how many are composed (default 2500)")
    parser.add_argument("--seed", type=int, default=1, help="of the composition (default 1)")
    parser.add_argument("--stories", action="store_true", help="name the wrong answers of the half for tuning")
    options = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 110, highlight=False)
    with console.status("composing and diagnosing …") as status:
        tuned, held_out = tables(_told(composed(options.seed, options.incidents), options.incidents, status.update))
    try:
        for table in (tuned, held_out):
            console.print("\n".join(table.lines()), end="\n\n", markup=False)
    except NothingScoredError as nothing:
        console.print(f"no table: {nothing}", markup=False)
        return 3
    _show_worst(console, tuned)
    if options.stories:
        _tell(console, tuned)
    return 0 if targets.show(console, tuple(_judged(tuned, held_out))) else 1


def _told(incidents: Iterable[Composed], count: int, tell: Callable[[str], None]) -> Iterator[Composed]:
    for number, incident in enumerate(incidents, 1):
        if number % 100 == 0:
            tell(f"{number} of {count} incidents")
        yield incident


def _show_worst(console: Console, table: Table) -> None:
    """Who was blamed for whom; the half that is held out stays unseen."""
    for (truth, blamed), count in table.worst().most_common(SHOWN):
        console.print(f"  {count} x {blamed} blamed where it was {truth}", markup=False)
    for answer in table.did_not_run[:SHOWN]:
        console.print(f"  did not run: {answer.incident.story}: {answer.why}", markup=False, soft_wrap=True)


def _tell(console: Console, table: Table) -> None:
    for answer in table.ran:
        if answer.blamed or not answer.first_is_right:
            console.print(
                f"  {answer.incident.story} -> {answer.first}, blamed {answer.blamed}", markup=False, soft_wrap=True
            )


def _judged(tuned: Table, held_out: Table) -> Iterator[Target]:
    for table in (tuned, held_out):
        accuracy, blame, failed = table.accuracy, table.false_blame, len(table.did_not_run)
        promise = f"{table.name}: at least {MIN_ACCURACY:.0%} of the first causes right"
        yield Target(promise, f"{accuracy:.1%}", accuracy >= MIN_ACCURACY)
        promise = f"{table.name}: false blame in at most {MAX_FALSE_BLAME:.1%}"
        yield Target(promise, f"{blame:.2%}", blame <= MAX_FALSE_BLAME)
        promise = f"{table.name}: Brier score at most {MAX_BRIER:.2f}"
        yield Target(promise, f"{table.brier:.4f}", table.brier <= MAX_BRIER)
        yield Target(f"{table.name}: every incident is answered", f"{failed} did not run", not failed)


if __name__ == "__main__":
    sys.exit(main())
