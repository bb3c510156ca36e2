"""What an image does with idle connections, and with too little processor."""

from __future__ import annotations

import pytest

from demo.world.apps import Answer, App

RACES = App(keep_alive_s=5, closes_share=0.1)
FLAG = "--timeout-keep-alive"


@pytest.mark.parametrize(
    ("environment", "command", "closes"),
    [
        ({}, (), True),
        ({"KEEP_ALIVE_TIMEOUT": "65"}, (), False),
        ({"KEEP_ALIVE_TIMEOUT": "5000"}, (), True),
        ({"KEEP_ALIVE_TIMEOUT": "65000"}, (), False),
        ({}, ("uvicorn", "main:app", FLAG, "60"), True),
        ({}, ("uvicorn", "main:app", FLAG, "65"), False),
        ({}, ("sh", "-c", f"uvicorn main:app {FLAG}=65"), False),
        ({"KEEP_ALIVE_TIMEOUT": "65"}, ("uvicorn", FLAG, "5"), True),
    ],
)
def test_who_closes_first(environment: dict[str, str], command: tuple[str, ...], closes: bool) -> None:
    assert RACES.closes_within(60, environment, command) is closes


def test_without_a_time_of_its_own_it_closes_anyway() -> None:
    assert App(closes_share=0.1).closes_within(60, {"KEEP_ALIVE_TIMEOUT": "65"}, ())


def test_a_task_that_is_too_small_is_at_its_limit() -> None:
    app = App(needs_cpu=400, starved={"*": Answer(200, 75.0)})
    assert app.answer("/", host_is_ip=False, cpu_units=256).latency_s == 75.0
    assert app.answer("/", host_is_ip=False, cpu_units=512).latency_s < 1
    assert app.cpu_used(256) > 100 > app.cpu_used(512)
