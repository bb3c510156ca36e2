"""Address ranges: none reaches beyond the subnets on the way."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from remediations.networks import too_wide


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(1, 7), st.randoms(use_true_random=False))
def test_everything_in_parts_is_everything(bits: int, random: Any) -> None:
    parts = [f"{number << (8 - bits)}.0.0.0/{bits}" for number in range(2**bits)]
    random.shuffle(parts)
    assert too_wide(parts, ["0.0.0.0/0"])


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("10.0.1.0/24", False),
        ("10.0.1.16/28", False),
        ("10.0.1.21/32", False),
        ("from 10.0.1.0/25 and 10.0.1.128/25", False),
        ("10.0.0.0/16", True),
        ("10.0.9.0/24", True),
        ("fd00::/64", True),
        ("/health/10.0.0.0/8/page", False),
        ("targetgroup/dead/73e2d6bc24d8a067", False),
        ("200-299", False),
        ("12:30", False),
    ],
)
def test_ranges_stay_within_the_subnets_on_the_way(text: str, refused: bool) -> None:
    assert bool(too_wide([text], ["10.0.1.0/24", "10.0.2.0/24"])) == refused
