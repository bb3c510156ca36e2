"""`./run bench start`: how long alb502 takes to start, beside the imports that any such bot has."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks.ack.real import serve
from benchmarks.diagnose.bytecode import compile_as_installed
from benchmarks.harness import targets
from benchmarks.harness.child import child
from benchmarks.harness.targets import Target
from bot.cli.demo import pointed_at
from bot.store.private import private_store
from demo.aws import server

LEAST, VERSION, HELP, READY = (
    "python -c 'import boto3, slack_bolt'",
    "alb502 --version",
    "alb502 diagnose --help",
    "alb502 serve, until it is ready",
)
MAX_TIMES = {VERSION: 0.5, HELP: 0.75, READY: 3.0}

Rounds = Mapping[str, Sequence[float]]


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run bench start", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="of which medians are shown (default 9)")
    options = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 110)
    with (
        tempfile.TemporaryDirectory(prefix="alb502-") as state,
        console.status("compiling bytecode …") as status,
        pointed_at(server.environment("http://127.0.0.1:9")),
        child("benchmarks.ack.slack") as slack,
        private_store(Path(state) / "store", threading.Event().wait) as store,
    ):
        compile_as_installed()

        def until_ready() -> None:
            with serve("all", slack.ready, store, Path(state) / "log"):
                ready_at.append(time.perf_counter())

        ready_at: list[float] = []
        ways: dict[str, Callable[[], None]] = {
            LEAST: lambda: _run("-c", "import boto3, slack_bolt"),
            VERSION: lambda: _run("-m", "bot", "--version"),
            HELP: lambda: _run("-m", "bot", "diagnose", "--help"),
            READY: until_ready,
        }
        rounds: dict[str, list[float]] = {name: [] for name in ways}
        for number in range(options.rounds + 1):
            for name, way in ways.items():
                status.update(f"round {number} of {options.rounds}: {name} …")
                began = time.perf_counter()
                way()
                ended = ready_at.pop() if ready_at else time.perf_counter()
                if number:  # the first round fills the machine's caches
                    rounds[name].append(ended - began)
    _show(console, rounds)
    return 0 if targets.show(console, judged(rounds)) else 1


def _run(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)


def times(rounds: Rounds, name: str) -> list[float]:
    """Of the least, round by round."""
    return [one / least for one, least in zip(rounds[name], rounds[LEAST], strict=True)]


def _show(console: Console, rounds: Rounds) -> None:
    table = Table(title=f"\nstart-up, medians of {len(rounds[LEAST])} rounds in turn\n{targets.machine()}")
    table.add_column("process")
    for heading in ("median s", "min s", "max s", "times the imports"):
        table.add_column(heading, justify="right")
    for name, seconds in rounds.items():
        shown = (f"{value:.2f}" for value in (median(seconds), min(seconds), max(seconds)))
        table.add_row(name, *shown, f"{median(times(rounds, name)):.2f}")
    console.print(table)


def judged(rounds: Rounds) -> list[Target]:
    """What was promised against what was measured."""
    found = {name: median(times(rounds, name)) for name in MAX_TIMES}
    return [
        Target(f"{name}: at most {most:g} times {LEAST}", f"{found[name]:.2f}", found[name] <= most)
        for name, most in MAX_TIMES.items()
    ]


if __name__ == "__main__":
    sys.exit(main())
