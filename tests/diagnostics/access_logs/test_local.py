"""The engine says what a line-by-line reading in plain Python says, whatever is in the files."""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.access_logs import traffic
from diagnostics.access_logs import inflating, local
from diagnostics.access_logs.local import LocalEngine
from diagnostics.access_logs.row import MAX_LINE_CHARS
from diagnostics.access_logs.scope import Scope, parse_where
from diagnostics.facts.access_logs import AccessLogs
from tests.diagnostics.access_logs.lines import GROUP, SCOPE, hostile_lines, line, logs, rows
from tests.diagnostics.access_logs.reference import reference


def answered(files: list[bytes], scope: Scope = SCOPE) -> AccessLogs:
    with LocalEngine(scope, workers=1) as engine:
        for file in files:
            engine.add(file)
        return engine.answer()


def same(found: AccessLogs, wanted: AccessLogs) -> None:
    """Equal but for how they were read."""
    differing = {
        name: (getattr(found, name), getattr(wanted, name))
        for name in AccessLogs.model_fields
        if name not in {"files", "bytes"} and getattr(found, name) != getattr(wanted, name)
    }
    assert differing == {}


@settings(max_examples=40, deadline=None)
@given(logs(rows()))
def test_rows_of_every_kind(lines: list[bytes]) -> None:
    same(answered([b"\n".join(lines)]), reference(lines, SCOPE))


@settings(max_examples=80, deadline=None)
@given(logs(st.one_of(rows(), hostile_lines())))
def test_hostile_lines_among_good_ones(lines: list[bytes]) -> None:
    same(answered([b"\n".join(lines) + b"\n"]), reference(lines, SCOPE))
