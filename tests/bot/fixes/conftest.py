"""A stage for each test."""

from __future__ import annotations

import pytest
from redis import Redis

from tests.bot.fixes.acting import Stage


@pytest.fixture
def stage(redis: Redis) -> Stage:
    return Stage(redis)
