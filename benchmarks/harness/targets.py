"""Targets: what was promised, what was measured, met or missed."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

ROWS = "BENCH_ROWS"
"""The variable with the file that all benchmarks of one run add their targets to, a line of JSON each."""


@dataclass(frozen=True)
class Target:
    promise: str
    measured: str
    met: bool


def show(console: Console, targets: Sequence[Target]) -> bool:
    """Prints each, and notes it for the table of all benchmarks; True if all are met."""
    _note(targets)
    console.print()
    for target in targets:
        word = "[green]PASS[/]" if target.met else "[red]MISS[/]"
        console.print(f"{word}  {target.promise}: {target.measured}", highlight=False)
    return all(target.met for target in targets)


def _note(targets: Sequence[Target]) -> None:
    file, name = os.environ.get(ROWS), Path(sys.argv[0]).parent.name
    if not file:
        return
    with Path(file).open("a") as rows:
        rows.writelines(json.dumps({"benchmark": name, **asdict(target)}) + "\n" for target in targets)


def machine() -> str:
    """Where and when this was measured."""
    load = " ".join(f"{part:.1f}" for part in os.getloadavg())
    now = datetime.now(UTC)
    return (
        f"{now:%Y-%m-%d %H:%M} UTC, {platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, load {load}"
    )
