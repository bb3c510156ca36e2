"""What people say of answers: one word of one person for each report, for as long as reports are kept, bounded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from redis import Redis

from bot.store.keys import DAY_S, digest, key, texts_of
from bot.store.packing import packed, unpacked
from bot.store.reading import read
from handlers.feedback import Feedback

MAX_FEEDBACK: Final = 10_000
MAX_BYTES: Final = 8_000
PAGE: Final = 500


class StoredFeedback:
    def __init__(self, redis: Redis, keep_days: int) -> None:
        self._redis = redis
        self._keep_s = keep_days * DAY_S

    def keep(self, feedback: Feedback) -> bool:
        """Beyond `MAX_FEEDBACK` the oldest is dropped. False if the same person had said something of it before."""
        name = key("feedback", digest(feedback.report, feedback.team, feedback.user))
        at_s = feedback.at.timestamp()
        pipe = self._redis.pipeline(transaction=True)
        pipe.exists(name)
        pipe.set(name, packed(feedback.model_dump_json()), ex=self._keep_s)
        pipe.zadd(_index(), {name: at_s})
        pipe.zremrangebyscore(_index(), 0, at_s - self._keep_s)
        pipe.expire(_index(), self._keep_s)
        was_there: list[Any] = pipe.execute()
        if surplus := texts_of(self._redis.zrange(_index(), 0, -(MAX_FEEDBACK + 1))):
            self._redis.delete(*surplus)
            self._redis.zrem(_index(), *surplus)
        return not was_there[0]

    def read(self, since: datetime) -> Iterator[Feedback]:
        """The oldest first."""
        names = texts_of(self._redis.zrangebyscore(_index(), since.timestamp(), "+inf"))
        for begin in range(0, len(names), PAGE):
            raws: Any = self._redis.mget(names[begin : begin + PAGE])
            yield from (found for raw in raws if (found := read(Feedback, unpacked(raw, MAX_BYTES))) is not None)


def _index() -> str:
    return key("feedback-index")
