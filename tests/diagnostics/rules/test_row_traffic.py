"""Errors of a route are weighed by the subject's own traffic, however much others have at the same load balancer."""

from __future__ import annotations

import pytest

from diagnostics.engine import diagnose
from diagnostics.facts import AccessLogs, KeyCount
from diagnostics.rules.row_traffic import RowTraffic
from tests.incidents.building import Incident
from tests.incidents.connection.keepalive_race import RESETS, running
from tests.incidents.rows import closed, logged

ONLY = "POST shop.example.com/cart"


def behind_one_load_balancer(others: int) -> Incident:
    """A service with one route, whose server races, and so many times its rows of other services."""
    races = running("api:7", "uvicorn", "main:app", "--timeout-keep-alive", "5").shared_with_search()
    incident = logged(races, closed(120, RESETS, since=59, routes=(ONLY,)), route_share={ONLY: 1.0})
    return incident.edit(AccessLogs, lambda fact: fact.model_copy(update={"rows": fact.rows * (1 + others)}))


def test_the_share_of_a_route_is_that_of_own_requests() -> None:
    traffic = RowTraffic.of(behind_one_load_balancer(others=9).known(AccessLogs))
    assert traffic.share_of_route(ONLY) == pytest.approx(1.0)
    first, *_, last = sorted(traffic.by_minute)
    assert traffic.requests_of_route(ONLY, first, last) == pytest.approx(traffic.requests_between(first, last))


def test_rows_without_minutes_count_as_they_are() -> None:
    logs = behind_one_load_balancer(others=0).known(AccessLogs)
    unknown = logs.model_copy(update={"by_minute": (KeyCount(key="?", errors=1),)})
    assert RowTraffic.of(unknown).rows == logs.rows


@pytest.mark.parametrize("others", [0, 9])
def test_the_only_route_does_not_stand_out(others: int) -> None:
    causes = diagnose(behind_one_load_balancer(others).snapshot()).causes
    assert causes[0].code == "keepalive-race"
