"""Causes that are decided by how many rows went well: from lines of a log, through the engine, to the diagnosis."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from diagnostics.access_logs.local import LocalEngine
from diagnostics.access_logs.scope import Scope, log_time
from diagnostics.engine import diagnose
from diagnostics.facts import AccessLogs
from tests.diagnostics.access_logs.lines import GOOD, line
from tests.incidents.building import NOW, TG, Incident
from tests.incidents.rows import ALL_TARGETS

MINUTES = 55
A_MINUTE = 40
FAILED = {"elb_status_code": "502", "target_status_code": "-", "response_processing_time": "-1"}
CALLERS = ("198.51.100.7", "198.51.100.9")


def lines(*, route_fails: bool, callers_fail: bool) -> Iterator[str]:
    """An hour of four targets; what fails fails every time, all others are answered."""
    begin = NOW - timedelta(minutes=60)
    for number in range(MINUTES * A_MINUTE):
        at = begin + timedelta(minutes=number / A_MINUTE)
        exported, called = number % 10 == 3, number % 20 == 8
        failed = (exported and route_fails) or (called and callers_fail)
        client = CALLERS[number // 20 % 2] if called else f"203.0.113.{number % 97}"
        path = "export/now" if exported else ("cart", "search", "me")[number % 3]
        target = ALL_TARGETS[number // 10 % len(ALL_TARGETS)]
        took = 0.02 + number % 7 / 200
        result = GOOD | FAILED if failed else GOOD
        yield line(
            time=log_time(at),
            request_creation_time=log_time(at - timedelta(seconds=took)),
            client=f"{client}:{1024 + number}",
            target=target,
            target_processing_time=f"{took:.3f}",
            request=f"GET https://shop.example.com:443/{path} HTTP/1.1",
            target_group_arn=TG,
            trace_id=f"Root=1-69b4cf2f-{number * 7919 % 100_003:024x}",
            changes=result,
        )


def incident(*, route_fails: bool = False, callers_fail: bool = False) -> Incident:
    scope = Scope(NOW - timedelta(hours=1), NOW - timedelta(minutes=5), (TG,))
    with LocalEngine(scope, workers=1) as engine:
        engine.add("\n".join(lines(route_fails=route_fails, callers_fail=callers_fail)).encode())
        logs: AccessLogs = engine.answer()
    return Incident().elb_errors(502, logs.errors[0].count / MINUTES, since=60, until=5).replace(logs)


@pytest.mark.parametrize(
    ("built", "code"),
    [
        pytest.param(lambda: incident(route_fails=True), "malformed-response", id="a route fails every time"),
        pytest.param(
            lambda: incident(callers_fail=True), "response-header-too-large", id="two callers fail every time"
        ),
    ],
)
def test_it_is_decided_by_rows_that_went_well(built: object, code: str) -> None:
    assert callable(built)
    report = diagnose(built().snapshot())
    assert [(cause.code, cause.band) for cause in report.causes][:1] == [(code, "likely")]
