"""Times in answers, in whatever form AWS gives them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from diagnostics.aws_access.sessions import _time

EIGHT = datetime(2027, 1, 15, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "given",
    [
        1_800_000_000,
        1_800_000_000.0,
        "1800000000",
        "2027-01-15T08:00:00Z",
        "2027-01-15T08:00:00.000Z",
        "2027-01-15T09:00:00+01:00",
        "2027-01-15T08:00:00",
        "20270115T080000Z",
        "Fri, 15 Jan 2027 08:00:00 GMT",
    ],
)
def test_a_time_is_in_utc(given: str | float) -> None:
    found = _time(given)
    assert (found, found.tzinfo) == (EIGHT, UTC)


def test_what_is_no_time_is_refused() -> None:
    with pytest.raises(ValueError, match="soon"):
        _time("soon")
