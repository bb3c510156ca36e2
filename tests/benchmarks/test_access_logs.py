"""The benchmark's own judgement and traffic."""

from __future__ import annotations

from benchmarks.access_logs.__main__ import AWK, ENGINE, GZIP, judged
from benchmarks.access_logs.traffic import generated_lines
from benchmarks.access_logs.ways import Outcome
from tests.diagnostics.access_logs.reference import parsed

MB = 2**20


def outcome(seconds: float, peak_mb: int = 100, errors: int = 7) -> list[Outcome]:
    return [Outcome(seconds, seconds, 1000, {"502": errors}, peak_mb * MB)]


def test_targets_are_met_or_missed() -> None:
    met = judged({ENGINE: outcome(1.0), AWK: outcome(2.0), GZIP: outcome(0.9)}, 1000)
    missed = judged({ENGINE: outcome(1.5, 500, 8), AWK: outcome(2.0), GZIP: outcome(0.9)}, 1001)
    assert [target.met for target in met] == [True] * 5
    assert [target.met for target in missed] == [False] * 5


def test_generated_lines_are_rows_and_the_same_for_the_same_seed() -> None:
    for number, fields in enumerate((30, 33, 34)):
        lines = list(generated_lines(number, 300))
        assert lines == list(generated_lines(number, 300))
        rows = [row for line in lines if (row := parsed(line))]
        assert len(rows) == len(lines)
        assert {sum(field is not None for field in row.fields) for row in rows} == {fields}
