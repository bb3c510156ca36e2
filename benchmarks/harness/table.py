"""What all benchmarks of one run promised and measured, as one table for the documentation."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.harness.targets import machine

UNFINISHED = "ends"


def lines(rows: Sequence[Mapping[str, Any]], benchmarks: Sequence[str]) -> Iterator[str]:
    """The table. A benchmark that noted nothing has failed."""
    yield "| benchmark | target | measured | |"
    yield "| --- | --- | --- | --- |"
    for name in benchmarks:
        own = [row for row in rows if row["benchmark"] == name]
        for row in own or [{"promise": UNFINISHED, "measured": "it failed", "met": False}]:
            word = "PASS" if row["met"] else "MISS"
            yield f"| {name} | {_cell(row['promise'])} | {_cell(row['measured'])} | {word} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main(file: str, *benchmarks: str) -> None:
    rows = [json.loads(line) for line in Path(file).read_text().splitlines()]
    print(f"\n{machine()}\n")
    print("\n".join(lines(rows, benchmarks)))


if __name__ == "__main__":
    main(*sys.argv[1:])
