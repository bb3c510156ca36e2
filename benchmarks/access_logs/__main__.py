"""`./run bench access_logs`: all questions about 5 million lines, beside the ways that people have without a bot."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks.access_logs.traffic import write_files
from benchmarks.access_logs.ways import Outcome, measure
from benchmarks.harness import targets
from benchmarks.harness.targets import Target

LINES = 5_000_000
MIN_TIMES_AWK = 1.5
MAX_TIMES_GZIP = 1.5
MAX_BYTES = 400 * 2**20
ENGINE, AWK, PYTHON, GZIP, ISAL = "engine", "zcat-awk", "plain-python", "inflate-gzip", "inflate-isal"
NAMES = {
    ENGINE: "alb502, all questions",
    AWK: "zcat | awk, statuses only",
    PYTHON: "plain Python, statuses only",
    GZIP: "inflating only, gzip",
    ISAL: "inflating only, isal",
}
ONCE = frozenset({PYTHON})

Rounds = Mapping[str, Sequence[Outcome]]


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run bench access_logs", description=__doc__)
    parser.add_argument("--lines", type=int, default=LINES, help=f"of generated log (default {LINES:,})")
    parser.add_argument("--rounds", type=int, default=3, help="of which medians are shown (default 3)")
    options = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 110)
    with tempfile.TemporaryDirectory(prefix="alb502-bench-") as name, console.status("") as status:
        directory = Path(name)
        status.update(f"generating {options.lines:,} lines …")
        files = write_files(directory, options.lines)
        plain_bytes = measure(GZIP, directory).lines
        rounds: dict[str, list[Outcome]] = {way: [] for way in NAMES}
        for number in range(options.rounds):
            for way, words in NAMES.items():
                if number and way in ONCE:
                    continue
                status.update(f"round {number + 1} of {options.rounds}: {words} …")
                rounds[way].append(measure(way, directory))
        stored_bytes = sum(file.stat().st_size for file in files)
    _show(console, rounds, options.lines, plain_bytes, f"{len(files)} files, {stored_bytes / 1e6:,.0f} MB")
    return 0 if targets.show(console, judged(rounds, options.lines)) else 1


def seconds(rounds: Rounds, way: str, lines: int) -> float:
    """The median, for all lines: the slowest way reads a part only."""
    share = rounds[way][0].lines / lines if way in ONCE else 1.0
    return median(one.seconds for one in rounds[way]) / share


def judged(rounds: Rounds, lines: int) -> list[Target]:
    """What was promised against what was measured."""
    awk = seconds(rounds, AWK, lines) / seconds(rounds, ENGINE, lines)
    inflating = seconds(rounds, ENGINE, lines) / seconds(rounds, GZIP, lines)
    peak = max(one.peak_bytes for one in rounds[ENGINE])
    failed = {status: count for status, count in rounds[AWK][0].statuses.items() if status >= "460"}
    return [
        Target(f"at least {MIN_TIMES_AWK:g} times faster than zcat | awk", f"{awk:.2f} times", awk >= MIN_TIMES_AWK),
        Target(
            f"within {MAX_TIMES_GZIP:g} times of inflating with gzip", f"{inflating:.2f}", inflating <= MAX_TIMES_GZIP
        ),
        Target(f"at most {MAX_BYTES >> 20} MB", f"{peak >> 20} MB", peak <= MAX_BYTES),
        Target("every line was read", f"{rounds[ENGINE][0].lines:,}", rounds[ENGINE][0].lines == lines),
        Target(
            "the same numbers of errors as awk counts",
            ", ".join(f"{status} {count:,}" for status, count in sorted(failed.items())),
            all(rounds[ENGINE][0].statuses.get(status) == count for status, count in failed.items()),
        ),
    ]


def _show(console: Console, rounds: Rounds, lines: int, plain_bytes: int, files: str) -> None:
    title = f"\n{lines:,} lines, {plain_bytes / 1e6:,.0f} MB plain, in {files}; medians\n{targets.machine()}"
    table = Table(title=title)
    table.add_column("way")
    for heading in ("s", "processor s", "lines/s", "plain MB/s", "peak MB", "times alb502"):
        table.add_column(heading, justify="right")
    for way, words in NAMES.items():
        took = seconds(rounds, way, lines)
        table.add_row(
            words,
            f"{took:.2f}",
            f"{median(one.cpu_seconds for one in rounds[way]) * took / median(one.seconds for one in rounds[way]):.1f}",
            f"{lines / took:,.0f}",
            f"{plain_bytes / took / 1e6:,.0f}",
            f"{max(one.peak_bytes for one in rounds[way]) >> 20}",
            f"{took / seconds(rounds, ENGINE, lines):.2f}",
        )
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
