"""Files that are derived from the code: pages of docs/ and policies of aws/."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bot.cli.output import write

PAGES: Final = "*.md"


def stale(place: Path, wanted: Mapping[str, str], owned: str = "") -> tuple[str, ...]:
    """Names of the files that are missing or differ, and of those that match `owned` and are wanted no more."""
    there = {file.name for file in place.glob(owned)} if owned else set()
    return tuple(sorted(name for name in there | wanted.keys() if _text(place / name) != wanted.get(name)))


def renew(place: Path, wanted: Mapping[str, str], owned: str = "") -> tuple[str, ...]:
    """Writes and removes what is stale, and says so; returns the names."""
    changed = stale(place, wanted, owned)
    for name in changed:
        file = place / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if name in wanted:
            file.write_text(wanted[name], encoding="utf-8")
        else:
            file.unlink()
    write("\n".join(f"written or removed: {place / name}" for name in changed) or f"{place} is up to date")
    return changed


def _text(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.exists() else None
