"""From Trino's SQL, in which the questions are written, to DuckDB's. One way only.

sqlglot takes longer to import than a small log takes to read. So the local engine's statements are kept in DuckDB's
dialect too, for a scope of blanks; a scope without conditions of its own only fills them in. After a change of the
questions ``python -m diagnostics.access_logs.dialect`` writes them anew, and a test says when that was forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from diagnostics.access_logs import questions
from diagnostics.access_logs.families import Timeouts
from diagnostics.access_logs.scope import Scope

MAX_KEPT = 32
TRANSLATED: Final = "translated"
BLANKS: Final = Scope(
    since=datetime(1111, 1, 1, tzinfo=UTC),
    until=datetime(2222, 2, 2, tzinfo=UTC),
    target_groups=("arn of a target group",),
    timeouts=Timeouts(idle_s=3_333_333.0, connect_s=4_444_444.0),
)


@dataclass(frozen=True, slots=True)
class Statements:
    """What the local engine asks its tables `lines`, `weighed` and `loud`, in DuckDB's dialect."""

    usual_groups: str
    quiet_groups: str
    weighed_counts: str
    counts: str
    sample: str


@lru_cache(MAX_KEPT)
def to_duckdb(sql: str) -> str:
    """The same statement for DuckDB, with a line for each of its parts.

    Raises:
        sqlglot.errors.SqlglotError: it has something that has no counterpart.
    """
    import sqlglot

    unsupported = sqlglot.ErrorLevel.RAISE
    (translated,) = sqlglot.transpile(sql, read="trino", write="duckdb", unsupported_level=unsupported, pretty=True)
    return translated


def statements(scope: Scope) -> Statements:
    """What the local engine asks about this scope."""
    if scope.where or not scope.target_groups:
        return translated(scope)
    blanks, wanted = _literals(BLANKS), _literals(scope)
    return Statements(**{name: _filled(text, blanks, wanted) for name, text in _kept().items()})


def translated(scope: Scope) -> Statements:
    """The same by sqlglot, whatever the scope is."""
    return Statements(
        usual_groups=to_duckdb(questions.usual_groups("lines")),
        quiet_groups=to_duckdb(questions.quiet_groups(scope, "lines")),
        weighed_counts=to_duckdb(questions.weighed_counts(scope, "weighed")),
        counts=to_duckdb(questions.counts(scope, "loud", unknown="unknown", is_whole=False)),
        sample=to_duckdb(questions.sample(scope, "loud", unknown="unknown")),
    )


@lru_cache(1)
def _kept() -> Mapping[str, str]:
    folder = files("diagnostics.access_logs") / TRANSLATED
    names = Statements.__slots__
    return {name: (folder / f"{name}.sql").read_text(encoding="utf-8").rstrip("\n") for name in names}


def _literals(scope: Scope) -> Mapping[str, str]:
    """What a scope without conditions puts into a statement."""
    return {
        "since": questions.text(scope.since_text),
        "until": questions.text(scope.until_text),
        "idle": str(questions.milliseconds(scope.timeouts.idle_s)),
        "connect": str(questions.milliseconds(scope.timeouts.connect_s)),
        "target groups": questions.texts(scope.target_groups),
    }


def _filled(text: str, blanks: Mapping[str, str], wanted: Mapping[str, str]) -> str:
    """In one go, so that nothing is taken for a blank that was filled in."""
    by_blank = {blank: wanted[name] for name, blank in blanks.items()}
    return re.sub("|".join(map(re.escape, by_blank)), lambda found: by_blank[found[0]], text)


def write() -> None:
    """Writes what the questions are now."""
    folder = Path(__file__).parent / TRANSLATED
    for name in Statements.__slots__:
        (folder / f"{name}.sql").write_text(getattr(translated(BLANKS), name) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write()
