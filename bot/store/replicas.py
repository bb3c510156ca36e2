"""What was just written is held by a replica, too, before it is acknowledged: a fail-over then does not lose it.

Redis answers before it copies. Where replicas are connected, they are waited for, for a moment only.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

import structlog
from redis import Redis
from redis.exceptions import ResponseError

from bot.store.keys import MINUTE_S, key

AT_MOST_MS: Final = 100
"""A replica that is further behind is not waited for: Slack and people wait for the acknowledgement."""
LOOK_EVERY_S: Final = 5.0

_log: Final = structlog.get_logger(__name__)


class Replicas:
    def __init__(self, redis: Redis, clock: Callable[[], float] = time.monotonic) -> None:
        self._redis = redis
        self._clock = clock
        self._connected = False
        self._look_at_s = -LOOK_EVERY_S

    def have_it(self) -> bool:
        """Returns once a replica has all that was written before; False if none has it in time. True where there are
        none: then there is nothing to fail over to. Raises `RedisError`."""
        if not self._are_connected():
            return True
        pipe = self._redis.pipeline(transaction=False)
        # WAIT looks at what its own connection has written last; what others wrote before that is copied before it.
        pipe.set(key("copied"), "1", ex=MINUTE_S)
        pipe.execute_command("WAIT", 1, AT_MOST_MS)  # type: ignore[no-untyped-call]
        have_it = pipe.execute(raise_on_error=False)[-1]
        if isinstance(have_it, ResponseError):  # such as no right to it
            return False
        if isinstance(have_it, Exception):
            raise have_it
        if not have_it:
            _log.warning("no replica of Redis has a copy yet: a fail-over now would lose what was just taken in")
        return bool(have_it)

    def _are_connected(self) -> bool:
        now_s = self._clock()
        if now_s - self._look_at_s >= LOOK_EVERY_S:
            try:
                self._connected = _online(self._redis.info("replication")) > 0
            except ResponseError:
                self._connected = False
            self._look_at_s = now_s
        return self._connected


def _online(replication: dict[str, Any]) -> int:
    """https://redis.io/docs/latest/commands/info/"""
    if replication.get("role") != "master":
        return 0
    replicas = (replication.get(f"slave{number}") for number in range(int(replication.get("connected_slaves", 0))))
    return sum(isinstance(one, dict) and one.get("state") == "online" for one in replicas)
