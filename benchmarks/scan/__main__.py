"""`./run bench scan`: what a scan of 40 services asks of AWS, beside one diagnosis and beside 40 of them."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks.harness import targets
from benchmarks.harness.child import Child, child
from benchmarks.harness.targets import Target
from bot.cli.demo import pointed_at
from bot.diagnosing import Diagnoser, access_of
from bot.scanning import scanner
from bot.settings import load
from demo.world import benchmark
from diagnostics.question import Diagnosed, Question
from diagnostics.scan.answer import Scan

MAX_TIMES_CALLS = 4.0
MAX_SECONDS = 60.0
OF_LOGS = ("s3:", "logs:")
FIRST = (f"{benchmark.TARGET_CLUSTER}/{benchmark.TARGET}", "broken", "full", "sg-ingress-missing")


@dataclass(frozen=True)
class Measured:
    """`calls`: everything but reads of logs."""

    seconds: float
    calls: int
    log_calls: int


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run bench scan", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="of which medians are shown (default 3)")
    parser.add_argument("--latency-ms", type=float, default=50.0, help="added to every AWS call (default 50)")
    parser.add_argument("--diagnoses", type=int, default=benchmark.SERVICES, help="one after another (default all 40)")
    options = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 110)
    with (
        console.status("building the world …") as status,
        child("benchmarks.diagnose.endpoint", str(options.latency_ms)) as endpoint,
        pointed_at(endpoint.ready),
    ):
        settings = load(os.environ)
        scan_all, access = scanner(settings), access_of(settings)
        diagnose = Diagnoser(access, nicknames={}, budget_s=settings.limits.diagnosis_s, cache_s=0)

        def scan() -> Scan:
            found = scan_all(None, None, lambda _: None)
            if not isinstance(found, Scan):
                raise TypeError(f"no scan: {found!r}")
            return _checked(found)

        found = scan()  # clients and connections are made with the first question of a process
        _asked(diagnose, benchmark.TARGET)
        scans: list[Measured] = []
        singles: list[Measured] = []
        for number in range(1, options.rounds + 1):
            status.update(f"round {number} of {options.rounds} …")
            scans.append(_measured(endpoint, scan))
            singles.append(_measured(endpoint, lambda: _asked(diagnose, benchmark.TARGET)))
        names = [row.words for row in found.services][: options.diagnoses]
        status.update(f"{len(names)} diagnoses, one after another …")
        all_of_them = _measured(endpoint, lambda: [_asked(diagnose, name) for name in names])
    _show(console, options.latency_ms, scans, singles, all_of_them, len(names))
    return 0 if targets.show(console, judged(scans, singles)) else 1


def _asked(diagnose: Diagnoser, words: str) -> Diagnosed:
    outcome = diagnose(Question(words=words), lambda _: None)
    if not isinstance(outcome, Diagnosed):
        raise TypeError(f"no diagnosis: {outcome!r}")
    return outcome


def _checked(found: Scan) -> Scan:
    """A cheap answer counts only if it is the right one, about everything there is."""
    first = found.services[0]
    seen = (first.name, first.state, first.looked, first.causes[0].code if first.causes else None)
    others = Counter(row.state for row in found.services[1:])
    if seen != FIRST or set(others) != {"well"} or len(found.services) != benchmark.SERVICES:
        raise ValueError(f"wrong or incomplete answer: {seen}, then {others}")
    return found


def _measured(endpoint: Child, way: Callable[[], object]) -> Measured:
    endpoint.ask()
    began = time.perf_counter()
    way()
    seconds = time.perf_counter() - began
    by_action = Counter(endpoint.ask())
    logs = sum(count for action, count in by_action.items() if action.startswith(OF_LOGS))
    return Measured(seconds, sum(by_action.values()) - logs, logs)


def _show(
    console: Console, latency_ms: float, scans: list[Measured], singles: list[Measured], every: Measured, count: int
) -> None:
    table = Table(title=f"\n{benchmark.SERVICES} services, {latency_ms:g} ms added to every call\n{targets.machine()}")
    table.add_column("way")
    for heading in ("calls without log reads", "log reads", "median s", "min s", "max s"):
        table.add_column(heading, justify="right")
    for name, measured in (("scan", scans), ("one diagnosis", singles), (f"{count} diagnoses in turn", [every])):
        seconds = [one.seconds for one in measured]
        times = (f"{value:.2f}" for value in (median(seconds), min(seconds), max(seconds)))
        table.add_row(name, str(measured[-1].calls), str(measured[-1].log_calls), *times)
    console.print(table)


def judged(scans: list[Measured], singles: list[Measured]) -> list[Target]:
    """What was promised against what was measured; the dearest scan beside the cheapest diagnosis."""
    calls, one = max(scan.calls for scan in scans), min(single.calls for single in singles)
    slowest = max(scan.seconds for scan in scans)
    return [
        Target(
            f"a scan needs at most {MAX_TIMES_CALLS:g} times the calls of one diagnosis",
            f"{calls / one:.2f} ({calls} and {one})",
            calls <= MAX_TIMES_CALLS * one,
        ),
        Target(f"a scan takes at most {MAX_SECONDS:g} s", f"{slowest:.2f} s", slowest <= MAX_SECONDS),
    ]


if __name__ == "__main__":
    sys.exit(main())
