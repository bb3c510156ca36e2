"""`./run bench ack`: how soon a command is acknowledged under load, beside a listener that does nothing else."""

from __future__ import annotations

import argparse
import asyncio
import itertools
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks.ack.load import Latencies, run
from benchmarks.ack.real import serve
from benchmarks.ack.slack import command
from benchmarks.harness import targets
from benchmarks.harness.child import child
from benchmarks.harness.targets import Target
from bot.cli.demo import pointed_at
from bot.store.private import private_store
from demo.world.benchmark import SERVICES

MAX_TIMES_EMPTY = {100: 2.0}
MAX_TIMES_FASTER = 4.0
"""At other rates: on two cores the load itself and everything else then leave little of the machine."""
MAX_P99_MS = 300.0
WARM_UP_S = 5.0
AWS_LATENCY_MS = 50.0
PER_SECOND = (100, 300)
EMPTY, WEB, ALL = "empty listener", "alb502 serve --role web", "alb502 serve, diagnosing too"

Rounds = Mapping[str, Sequence[Latencies]]
"""By process, at one rate of commands."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run bench ack", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="of which medians are shown (default 3)")
    parser.add_argument("--seconds", type=float, default=20.0, help="of load in each round (default 20)")
    parser.add_argument("--per-second", type=int, nargs="+", default=PER_SECOND, help="commands (default 100 and 300)")
    options = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 110)
    rates: list[int] = list(options.per_second)
    rounds: dict[int, dict[str, list[Latencies]]] = {rate: {EMPTY: [], WEB: []} for rate in rates}
    rounds[rates[0]][ALL] = []
    with (
        tempfile.TemporaryDirectory(prefix="alb502-") as directory,
        console.status("starting …") as status,
        pointed_at({}),
        child("benchmarks.ack.slack") as slack,
    ):

        def load(
            name: str, port: int, ask: Callable[[int], str], rate: int, seconds: float = options.seconds
        ) -> Latencies:
            status.update(f"{name}: {rate} commands a second for {seconds:g} s …")
            return asyncio.run(run(port, _commands(slack.ready, ask), per_second=rate, seconds=seconds))

        def measure(name: str, port: int, ask: Callable[[int], str], rate: int) -> None:
            found = load(name, port, ask, rate)
            rounds[rate][name].append(found)
            console.print(f"{name}, {rate}/s: p50 {found.p50:.1f} ms, p99 {found.p99:.1f} ms", highlight=False)

        state = Path(directory)
        with (
            private_store(state / "web", threading.Event().wait) as store,
            serve("web", slack.ready, store, state / "web.log") as web,
            child("benchmarks.ack.empty", slack.ready) as empty,
        ):
            doors = {EMPTY: empty.ready, WEB: web.port}
            for name, port in doors.items():
                load(name, port, _another_service, max(rates), WARM_UP_S)
            for _ in range(options.rounds):
                for rate in rates:
                    for name, port in doors.items():
                        measure(name, port, _another_service, rate)
        status.update("ending them, and building a world to diagnose …")
        with (
            child("benchmarks.diagnose.endpoint", str(AWS_LATENCY_MS)) as aws,
            private_store(state / "all", threading.Event().wait) as store,
            serve("all", slack.ready, store, state / "all.log", aws.ready) as everything,
        ):
            load(ALL, everything.port, _existing_service, rates[0], WARM_UP_S)
            measure(ALL, everything.port, _existing_service, rates[0])
            console.print(f"{ALL}: {everything.count('diagnosed')} diagnoses meanwhile", highlight=False)
    for rate, measured in rounds.items():
        _show(console, measured, rate, options.seconds)
    return 0 if targets.show(console, [target for rate in rates for target in judged(rounds[rate], rate)]) else 1


def _commands(slack_url: str, ask: Callable[[int], str]) -> Callable[[int], bytes]:
    """Slash commands as Slack sends them, each with a response URL of its own."""
    numbers = itertools.count()
    return lambda number: command(number, ask(number), f"{slack_url}/response/{next(numbers)}")


def _another_service(number: int) -> str:
    """Nobody waits for somebody else's answer: each command is work of its own."""
    return f"service-{number}"


def _existing_service(number: int) -> str:
    return f"service-{1 + number % (SERVICES - 1):02d}"


def _show(console: Console, rounds: Rounds, per_second: int, seconds: float) -> None:
    table = Table(
        title=f"\n{per_second} signed commands a second for {seconds:g} s, medians of the rounds\n{targets.machine()}"
    )
    table.add_column("process")
    for heading in ("rounds", "sent", "failed", "p50 ms", "p99 ms", "p99 min-max ms", "maximum ms"):
        table.add_column(heading, justify="right")
    for name, measured in rounds.items():
        p99 = [one.p99 for one in measured]
        table.add_row(
            name,
            str(len(measured)),
            str(sum(one.sent for one in measured)),
            str(sum(one.failed for one in measured)),
            f"{median(one.p50 for one in measured):.1f}",
            f"{median(p99):.1f}",
            f"{min(p99):.1f}-{max(p99):.1f}",
            f"{max(one.maximum for one in measured):.1f}",
        )
    console.print(table)


def judged(rounds: Rounds, rate: int) -> list[Target]:
    """What was promised against what was measured."""
    web = median(one.p99 for one in rounds[WEB])
    times, most = web / median(one.p99 for one in rounds[EMPTY]), MAX_TIMES_EMPTY.get(rate, MAX_TIMES_FASTER)
    failed = sum(one.failed for one in rounds[WEB])
    return [
        Target(
            f"{rate}/s: p99 within {most:g} times of the empty listener",
            f"{times:.2f}",
            times <= most,
        ),
        Target(f"{rate}/s: p99 under {MAX_P99_MS:g} ms", f"{web:.1f} ms", web < MAX_P99_MS),
        Target(f"{rate}/s: no command failed", f"{failed} failed", failed == 0),
    ]


if __name__ == "__main__":
    sys.exit(main())
