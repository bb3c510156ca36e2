"""Signed requests that were taken before: a signature is good for five minutes, and so would be a copy of the request.

Events are left out: each has an id of its own that counts once, and Slack delivers them again on purpose.
"""

from __future__ import annotations

from typing import Final

import structlog
from redis import Redis
from redis.exceptions import RedisError

from bot.store.connection import Patience
from bot.store.keys import MINUTE_S, digest, key

KEEP_S: Final = 11 * MINUTE_S
"""A signature may be of up to five minutes to come, and is good for five minutes after."""
AT_ONCE: Final = Patience(connect_s=0.2, command_s=0.3, asks_again=False, look_every_s=0)
"""It comes before all else that Slack's three seconds are for."""

_log: Final = structlog.get_logger(__name__)


class Replays:
    """While the store does not answer every request counts as new: what a copy could do waits in the same store."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def is_new(self, signature: str) -> bool:
        """Whether no request with this signature was taken; from now on one was."""
        try:
            return bool(self._redis.set(_name(signature), "1", nx=True, ex=KEEP_S))
        except RedisError as error:
            _log.warning("not known whether a request came before", error=type(error).__name__, seldom=True)
            return True

    def forget(self, signature: str) -> None:
        """The request was not taken after all; it may come again."""
        try:
            self._redis.delete(_name(signature))
        except RedisError as error:
            _log.warning("a request that failed may not come again", error=type(error).__name__, seldom=True)


def _name(signature: str) -> str:
    return key("request", digest(signature))
