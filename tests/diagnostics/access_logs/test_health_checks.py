"""Files of health check logs are read in bounded memory, as far as they can be read."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta

import pytest

from diagnostics.access_logs import health_checks
from diagnostics.access_logs.health_checks import MAX_LINE, HealthCheckTally
from diagnostics.access_logs.inflating import PIECE_BYTES

AT = datetime(2026, 11, 21, 8, 59, tzinfo=UTC)
LINE = b"http 2026-11-21T08:59:00.1Z 0.004 10.0.1.11:8080 checkout FAIL 503 TargetError app/shop/1 203.0.113.7\n"


def tally() -> HealthCheckTally:
    return HealthCheckTally(AT - timedelta(hours=1), AT + timedelta(hours=1), {})


def test_a_line_that_never_ends_takes_no_memory() -> None:
    endless = tally()
    assert endless.add(b"x" * 3_000_000 + b"\n" + LINE).bytes <= PIECE_BYTES + 2 * MAX_LINE
    assert endless.logs(AT, AT).failed_total == 1


def test_of_what_inflates_without_end_the_beginning_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health_checks, "MAX_PLAIN_BYTES", 1)
    assert 0 < tally().add(gzip.compress(LINE * 20_000)).lines < 20_000


def test_a_file_that_was_cut_short_counts_as_far_as_it_goes() -> None:
    cut = tally()
    cut.add(gzip.compress(LINE * 3)[:-8])
    assert cut.logs(AT, AT).failed_total == 3
