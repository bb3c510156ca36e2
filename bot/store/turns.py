"""One rate for all replicas: turns at an operation with a tiny quota are booked in Redis."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Final

import structlog
from redis import Redis
from redis.exceptions import RedisError

from bot.store.keys import SECOND_MS, digest, key
from diagnostics.aws_access import LocalRateGate, RateGate

TOO_LATE: Final = -1

# Redis's clock is used, so the clocks of the replicas need not agree. A turn that would come too late is not booked.
_BOOK: Final = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local turn = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
if turn - now > tonumber(ARGV[2]) then return -1 end
local following = turn + tonumber(ARGV[1])
redis.call('SET', KEYS[1], string.format('%.0f', following), 'PX', following - now + 1000)
return turn - now
"""

_log: Final = structlog.get_logger(__name__)


class SharedRateGate:
    """Implements `diagnostics.aws_access.RateGate` over all processes that share a Redis.

    While Redis is away each process keeps the spacing by itself; AWS then throttles what is too much together.
    """

    def __init__(
        self, redis: Redis, sleep: Callable[[float], None] = time.sleep, without_redis: RateGate | None = None
    ) -> None:
        self._book = redis.register_script(_BOOK)
        self._sleep = sleep
        self._without_redis = without_redis or LocalRateGate()

    def wait(self, key: str, spacing_s: float, timeout_s: float) -> bool:
        try:
            wait_ms = int(self._book(keys=[_turn(key)], args=[math.ceil(spacing_s * SECOND_MS), _ms(timeout_s)]))
        except RedisError as error:
            _log.warning("rate kept by this process alone", error=type(error).__name__, seldom=True)
            return self._without_redis.wait(key, spacing_s, timeout_s)
        if wait_ms == TOO_LATE:
            return False
        if wait_ms > 0:
            self._sleep(wait_ms / SECOND_MS)
        return True


def _ms(seconds: float) -> int:
    return int(seconds * SECOND_MS)


def _turn(name: str) -> str:
    return key("turn", digest(name))
