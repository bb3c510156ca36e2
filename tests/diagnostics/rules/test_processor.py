"""When a processor that was busy counts as full."""

from __future__ import annotations

from typing import Any

import pytest

from diagnostics.rules.processor import Processor


@pytest.mark.parametrize(
    ("told", "is_full"),
    [
        ({}, True),
        ({"average": None}, True),
        ({"full_minutes": 2}, False),
        ({"average": 40.0}, False),
        ({"average": 40.0, "serving": 0.5}, True),
        ({"boots_only": True}, False),
    ],
    ids=["all are busy", "only the busiest was read", "too short", "one of several", "half get requests", "starts"],
)
def test_starts_and_single_tasks_do_not_fill_it(told: dict[str, Any], is_full: bool) -> None:
    assert Processor(**{"peak": 100.0, "average": 98.0, "full_minutes": 9, **told}).is_full is is_full
