"""From Trino's SQL, in which the questions are written, to DuckDB's. One way only."""

from __future__ import annotations

from functools import lru_cache

import sqlglot

MAX_KEPT = 32


@lru_cache(MAX_KEPT)
def to_duckdb(sql: str) -> str:
    """The same statement for DuckDB.

    Raises:
        sqlglot.errors.SqlglotError: it has something that has no counterpart.
    """
    (translated,) = sqlglot.transpile(sql, read="trino", write="duckdb", unsupported_level=sqlglot.ErrorLevel.RAISE)
    return translated
