"""Which answer is the newest of those that stand in one message: a late edit of an older one must not stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from redis import Redis

from bot.store.keys import DAY_S, digest, key, text_of
from handlers.ask import Ask, Place

KEEP_S: Final = DAY_S

_STANDS: Final = """
if tonumber(redis.call('HGET', KEYS[1], 'at') or '0') > tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'at', ARGV[1], 'ask', ARGV[2], 'answer', ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
"""


@dataclass(frozen=True, slots=True)
class Newer:
    ask_id: str
    answer_id: str


class Newest:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._stands = redis.register_script(_STANDS)

    def stands(self, ask: Ask, place: Place, answer_id: str) -> None:
        """This answer is about to be written there. To be called before it is."""
        if place.reply_ts is not None:
            at = f"{ask.asked_at.timestamp():.6f}"
            self._stands(keys=[_name(place)], args=[at, ask.id, answer_id, KEEP_S])

    def than(self, ask: Ask, place: Place) -> Newer | None:
        """The answer to a later question that stands there, or is about to."""
        if place.reply_ts is None:
            return None
        ask_id, answer_id = self._redis.hmget(_name(place), "ask", "answer")
        if ask_id is None or answer_id is None or text_of(ask_id) == ask.id:
            return None
        return Newer(text_of(ask_id), text_of(answer_id))


def _name(place: Place) -> str:
    return key("newest", digest(place.channel, place.reply_ts or ""))
