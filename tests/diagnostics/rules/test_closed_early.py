"""Resets at once are a keep-alive race while they are few."""

from __future__ import annotations

import pytest

from diagnostics.engine import diagnose
from tests.incidents.connection.keepalive_race import RESETS, running
from tests.incidents.rows import closed, logged


@pytest.mark.parametrize(("a_minute", "is_race"), [(600, True), (20, False)])
def test_a_race_loses_few_of_many_requests(a_minute: float, is_race: bool) -> None:
    server = running("api:7", "uvicorn", "main:app", "--timeout-keep-alive", "5")
    first = diagnose(logged(server, closed(120, RESETS, since=59), per_minute=a_minute).snapshot()).causes[0]
    assert (first.code == "keepalive-race") is is_race
