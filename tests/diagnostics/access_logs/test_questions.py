"""The SQL that Athena gets stays what it is, and is SQL for DuckDB too.

To accept a change: ``python -m tests.diagnostics.access_logs.test_questions`` writes the texts anew.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import sqlglot

from diagnostics.access_logs import questions
from diagnostics.access_logs.dialect import to_duckdb
from diagnostics.access_logs.scope import Condition
from tests.diagnostics.access_logs.lines import SCOPE

GOLDEN = Path(__file__).parent / "golden"
TABLE = '"ops"."access_logs"'
DAYS = "day IN ('2026/03/14')"
TEXTS = {"counts": questions.counts(SCOPE, TABLE, DAYS), "sample": questions.sample(SCOPE, TABLE, DAYS)}


@pytest.mark.parametrize("name", TEXTS)
def test_the_texts_are_pinned(name: str) -> None:
    assert TEXTS[name] + "\n" == (GOLDEN / f"{name}.sql").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", TEXTS)
def test_the_texts_are_one_statement_in_both_dialects(name: str) -> None:
    assert len(sqlglot.parse(TEXTS[name], read="trino")) == 1
    assert "REGEXP_MATCHES" in to_duckdb(TEXTS[name])


def test_a_condition_stays_a_text() -> None:
    hostile = replace(SCOPE, where=(Condition("user_agent", "~", "') OR 1=1; DROP TABLE x --"),))
    text = questions.counts(hostile, TABLE)
    literal = "'" + "'')" + " OR 1=1; DROP TABLE x --'"
    assert f"strpos(coalesce(user_agent, ''), {literal}) > 0" in text
    assert len(sqlglot.parse(text, read="trino")) == 1


def write() -> None:
    """Writes what the statements are now."""
    GOLDEN.mkdir(exist_ok=True)
    for name, text in TEXTS.items():
        (GOLDEN / f"{name}.sql").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    write()
