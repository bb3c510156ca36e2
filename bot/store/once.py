"""What only one may do for a while, and how often something was tried."""

from __future__ import annotations

from redis import Redis

from bot.store.keys import text_or_none


def is_first(redis: Redis, name: str, who: str, for_s: int) -> bool:
    """Whether `who` holds this claim, now or since before. It ends by itself, should its holder die."""
    return bool(redis.set(name, who, nx=True, ex=for_s)) or text_or_none(redis.get(name)) == who


def times(redis: Redis, name: str, keep_s: int) -> int:
    """How often it was counted under this name, this time included; forgotten so long after the last time."""
    pipe = redis.pipeline(transaction=True)
    pipe.incr(name)
    pipe.expire(name, keep_s)
    return int(pipe.execute()[0])
