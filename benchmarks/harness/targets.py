"""Targets: what was promised, what was measured, met or missed."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.console import Console


@dataclass(frozen=True)
class Target:
    promise: str
    measured: str
    met: bool


def show(console: Console, targets: Sequence[Target]) -> bool:
    """Prints each; True if all are met."""
    console.print()
    for target in targets:
        word = "[green]PASS[/]" if target.met else "[red]MISS[/]"
        console.print(f"{word}  {target.promise}: {target.measured}", highlight=False)
    return all(target.met for target in targets)


def machine() -> str:
    """Where and when this was measured."""
    load = " ".join(f"{part:.1f}" for part in os.getloadavg())
    now = datetime.now(UTC)
    return (
        f"{now:%Y-%m-%d %H:%M} UTC, {platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, load {load}"
    )
