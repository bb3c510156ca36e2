"""The ways that are measured, each in a process of its own: ``python -m benchmarks.access_logs.ways WAY DIRECTORY``."""

from __future__ import annotations

import gzip
import json
import os
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from isal import igzip

from benchmarks.access_logs.traffic import OWN_GROUP, START, ZONES
from diagnostics.access_logs.local import LocalEngine
from diagnostics.access_logs.scope import Scope
from tests.diagnostics.access_logs.reference import parsed

PIECE_BYTES = 2**20
PLAIN_PARSER_FILES = 1
"""Plain Python reads a part of the files only; its time is scaled."""
AWK_PROGRAM = "{ count[$9]++ } END { for (status in count) print status, count[status] }"
SCOPE = Scope(START - timedelta(hours=1), START + timedelta(days=2), (OWN_GROUP,), zones=ZONES)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a way found, how long it took on the clock and on processors, and the memory of it and its children."""

    seconds: float
    cpu_seconds: float
    lines: int
    statuses: dict[str, int]
    peak_bytes: int


Way = Callable[[list[Path]], tuple[int, dict[str, int]]]


def engine(files: list[Path]) -> tuple[int, dict[str, int]]:
    """All questions, by the engine of the bot, a file in each thread."""
    with LocalEngine(SCOPE) as local, ThreadPoolExecutor(os.cpu_count()) as pool:
        read = list(pool.map(local.add, files))
        found = local.answer()
    errors: Counter[str] = Counter()
    for error in found.errors:
        errors[str(error.elb_status)] += error.count
    return sum(one.lines for one in read), dict(errors)


def zcat_awk(files: list[Path]) -> tuple[int, dict[str, int]]:
    """One question, how many rows of each status, as guides say it."""
    with subprocess.Popen(["zcat", *files], stdout=subprocess.PIPE) as zcat:  # noqa: S607 - as a person types it
        counted = subprocess.run(["awk", AWK_PROGRAM], stdin=zcat.stdout, capture_output=True, text=True, check=True)  # noqa: S607
    statuses = {status: int(count) for status, count in (line.split() for line in counted.stdout.splitlines())}
    return sum(statuses.values()), statuses


def plain_python(files: list[Path]) -> tuple[int, dict[str, int]]:
    """The same question with the slow parser, a line at a time."""
    statuses: Counter[str] = Counter()
    for file in files:
        with gzip.open(file, "rt", encoding="utf-8", errors="replace", newline="\n") as lines:
            for line in lines:
                row = parsed(line.removesuffix("\n"))
                statuses[str(row.elb_status) if row else "damaged"] += 1
    return sum(statuses.values()), dict(statuses)


def inflate_gzip(files: list[Path]) -> tuple[int, dict[str, int]]:
    """Nothing but inflating, with the standard library."""
    return _inflated(gzip.open, files), {}


def inflate_isal(files: list[Path]) -> tuple[int, dict[str, int]]:
    """Nothing but inflating, with isal."""
    return _inflated(igzip.open, files), {}


WAYS: dict[str, Way] = {
    "engine": engine,
    "zcat-awk": zcat_awk,
    "plain-python": plain_python,
    "inflate-gzip": inflate_gzip,
    "inflate-isal": inflate_isal,
}


def measure(way: str, directory: Path) -> Outcome:
    """Runs one way in a new process."""
    command = [sys.executable, "-m", "benchmarks.access_logs.ways", way, str(directory)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    return Outcome(**json.loads(answer.stdout))


def main() -> None:
    way, directory = sys.argv[1:]
    files = sorted(Path(directory).glob("*.log.gz"))
    if way == "plain-python":
        files = files[:PLAIN_PARSER_FILES]
    begin = time.perf_counter()
    lines, statuses = WAYS[way](files)
    seconds = time.perf_counter() - begin
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu_seconds = sum(one.ru_utime + one.ru_stime for one in used)
    peak = sum(one.ru_maxrss for one in used) * (1 if sys.platform == "darwin" else 1024)
    print(json.dumps(asdict(Outcome(seconds, cpu_seconds, lines, statuses, peak))))


def _inflated(opened: Callable[[Path], Any], files: list[Path]) -> int:
    """How many bytes they hold."""
    size = 0
    for file in files:
        with opened(file) as stream:
            while piece := stream.read(PIECE_BYTES):
                size += len(piece)
    return size


if __name__ == "__main__":
    main()
