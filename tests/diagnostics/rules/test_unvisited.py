"""A moment without a client's request, as far as the counters reach."""

from __future__ import annotations

import pytest

from diagnostics.facts import Gap, Metrics
from diagnostics.rules.unvisited import was_unvisited
from tests.incidents.building import Incident, ago

ASKED = Incident().of_group("RequestCount", 60, 40, 10)
LONG_AGO = 4 * 24 * 60


@pytest.mark.parametrize(
    ("minutes_ago", "unvisited"), [(20, False), (41, False), (9.5, False), (6, True), (LONG_AGO, False)]
)
def test_requests_at_the_time_or_beside_it(minutes_ago: float, unvisited: bool) -> None:
    snapshot = ASKED.snapshot()
    assert was_unvisited(snapshot.get(Metrics), snapshot.subject, ago(minutes_ago)) is unvisited


def test_what_was_not_counted_tells_nothing() -> None:
    subject = ASKED.snapshot().subject
    unread = Gap(action="cloudwatch:GetMetricData", resource="*", error="AccessDenied", kind="denied")
    assert not was_unvisited(unread, subject, ago(6))
