"""`./run bench diagnose`: how long a diagnosis takes, how many calls, and the AWS CLI beside it."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks.diagnose import aws_cli
from benchmarks.diagnose.bytecode import compile_as_installed
from benchmarks.diagnose.ways import Measured, Unspaced, Ways
from benchmarks.harness import targets
from benchmarks.harness.child import child
from benchmarks.harness.targets import Target
from bot.cli.demo import pointed_at
from bot.settings import load
from bot.store.private import private_store
from demo.world import benchmark

MAX_DELAYS = 10
MAX_DESCRIBE_CALLS = 60
MIN_TIMES_IN_PROCESS = 3.0
MIN_TIMES_COMMAND = 2.0
MUST_BE_FRESH = frozenset(
    {
        "cloudtrail:LookupEvents",
        "cloudwatch:GetMetricData",
        "ecs:DescribeServices",
        "ecs:DescribeTasks",
        "ecs:ListTasks",
        "elasticloadbalancing:DescribeTargetHealth",
        "health:DescribeEvents",
    }
)
COLD, COMMAND, WARM, SCRIPT = (
    "cold, in a running process",
    "cold, as a new command",
    "second question",
    "AWS CLI script",
)

Rounds = Mapping[str, Sequence[Measured]]


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run bench diagnose", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="of which medians are shown (default 5)")
    parser.add_argument("--latency-ms", type=float, default=50.0, help="added to every AWS call (default 50)")
    options = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 110)
    with console.status("installing the AWS CLI, compiling bytecode …"):
        cli = aws_cli.directory()
        compile_as_installed()
    rounds, unspaced = _run(console, options.rounds, options.latency_ms, cli)
    _show(console, rounds, options.latency_ms)
    console.print(
        f"\nWithout the spacing of CloudTrail look-ups a cold diagnosis in process takes {unspaced.seconds:.2f} s; "
        f"by the stopwatch it has {unspaced.delays:.1f} delays.",
        highlight=False,
    )
    return 0 if targets.show(console, judged(rounds)) else 1


def _run(console: Console, count: int, latency_ms: float, cli: Path) -> tuple[Rounds, Unspaced]:
    rounds: dict[str, list[Measured]] = {COLD: [], COMMAND: [], WARM: [], SCRIPT: []}
    with (
        tempfile.TemporaryDirectory(prefix="alb502-") as state,
        console.status("building the world …") as status,
        child("benchmarks.diagnose.endpoint", str(latency_ms)) as endpoint,
        pointed_at(endpoint.ready),
        private_store(Path(state), threading.Event().wait) as store_url,
    ):
        ways = Ways(endpoint, latency_ms, load(os.environ), store_url, cli)
        measure = {COLD: ways.in_process, COMMAND: ways.command, WARM: ways.second_question, SCRIPT: ways.script}
        for number in range(1, count + 1):
            for name, way in measure.items():
                status.update(f"round {number} of {count}: {name} …")
                rounds[name].append(way())
            took = ", ".join(f"{name} {of[-1].seconds:.2f} s" for name, of in rounds.items())
            console.print(f"round {number}: {took}", highlight=False)
        status.update("the same with slower calls …")
        return rounds, ways.unspaced()


def _show(console: Console, rounds: Rounds, latency_ms: float) -> None:
    world = f"{len(benchmark.CLUSTERS)} clusters, {benchmark.SERVICES} services, {benchmark.TASKS_OF_TARGET} tasks"
    table = Table(
        title=f"\n{world}, {benchmark.RULES} rules, {latency_ms:g} ms added to every call\n{targets.machine()}"
    )
    table.add_column("way")
    for heading in (
        "describe and metric calls",
        "log reads",
        "all calls",
        "delays",
        "median s",
        "min s",
        "max s",
        "script takes",
    ):
        table.add_column(heading, justify="right")
    for name, measured in rounds.items():
        seconds = [one.seconds for one in measured]
        last = measured[-1]
        table.add_row(
            name,
            str(last.describe_calls),
            str(last.log_calls),
            str(last.calls),
            str(last.delays),
            *(f"{value:.2f}" for value in (median(seconds), min(seconds), max(seconds))),
            f"{median(times_faster(rounds, name)):.1f} x",
        )
    console.print(table)
    for name in (COLD, WARM, SCRIPT):
        calls = rounds[name][-1].by_action.most_common()
        console.print(f"\n{name}: " + ", ".join(f"{action} {count}" for action, count in calls), highlight=False)


def judged(rounds: Rounds) -> list[Target]:
    """What was promised against what was measured."""
    delays = max(one.delays for one in rounds[COLD])
    calls = max(one.describe_calls for one in rounds[COLD])
    stale = {action for one in rounds[WARM] for action in one.by_action} - MUST_BE_FRESH
    return [
        Target(f"cold: at most {MAX_DELAYS} dependent delays", str(delays), delays <= MAX_DELAYS),
        Target(
            f"cold: at most {MAX_DESCRIBE_CALLS} describe and metric calls", str(calls), calls <= MAX_DESCRIBE_CALLS
        ),
        _enough("in process", times_faster(rounds, COLD), MIN_TIMES_IN_PROCESS),
        _enough("as a command", times_faster(rounds, COMMAND), MIN_TIMES_COMMAND),
        Target(
            "second question: only calls whose answer must be fresh",
            f"others: {', '.join(sorted(stale)) or 'none'}",
            not stale,
        ),
    ]


def times_faster(rounds: Rounds, name: str) -> list[float]:
    """How many times as long the script took, round by round: what disturbs a round disturbs both."""
    return [script.seconds / one.seconds for script, one in zip(rounds[SCRIPT], rounds[name], strict=True)]


def _enough(promise: str, times: Sequence[float], least: float) -> Target:
    found = median(times)
    measured = f"{found:.1f} ({min(times):.1f} to {max(times):.1f} in single rounds)"
    return Target(f"{promise} at least {least:g} times faster than the script", measured, found >= least)


if __name__ == "__main__":
    sys.exit(main())
