"""The SQL that Athena gets stays what it is, and is SQL for DuckDB too.

To accept a change: ``python -m tests.diagnostics.access_logs.test_questions`` writes the texts for Athena anew, and
``python -m diagnostics.access_logs.dialect`` those for DuckDB.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlglot
from hypothesis import example, given
from hypothesis import strategies as st

from diagnostics.access_logs import questions
from diagnostics.access_logs.dialect import BLANKS, Statements, statements, to_duckdb, translated
from diagnostics.access_logs.families import Timeouts
from diagnostics.access_logs.scope import Condition, Scope
from tests.diagnostics.access_logs.lines import SCOPE
from tests.fuzzing import examples

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


@given(
    since=st.datetimes(timezones=st.just(UTC)),
    until=st.datetimes(timezones=st.just(UTC)),
    target_groups=st.lists(st.text(st.characters(codec="ascii", exclude_categories=["C"])), max_size=3),
    idle_s=st.integers(1, 4000),
)
@example(since=BLANKS.until, until=BLANKS.since, target_groups=["3333332500", "it's 4444443500"], idle_s=60)
@examples(10)
def test_the_translation_that_is_kept_is_the_translation(
    since: datetime, until: datetime, target_groups: list[str], idle_s: int
) -> None:
    scope = Scope(since=since, until=until, target_groups=tuple(target_groups), timeouts=Timeouts(idle_s=idle_s))
    asked, expected = statements(scope), translated(scope)
    for name in Statements.__slots__:
        assert getattr(asked, name).split() == getattr(expected, name).split()


def test_a_scope_with_conditions_is_translated_with_them() -> None:
    restricted = replace(SCOPE, where=(Condition("user_agent", "~", "curl"),))
    assert "curl" in statements(restricted).counts


def test_a_running_diagnosis_needs_no_translator() -> None:
    """Its import costs more than the reading of a small log."""
    code = (
        "import sys; from diagnostics.access_logs.local import LocalEngine; "
        "from tests.diagnostics.access_logs.lines import SCOPE; LocalEngine(SCOPE).close(); "
        "sys.exit('sqlglot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


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
