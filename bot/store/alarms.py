"""Alarms that were taken in, by the id of what brought them: kept before they are acknowledged, for a day."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from redis import Redis

from bot.store.keys import DAY_S, digest, key
from bot.store.once import is_first, times
from bot.store.reading import read
from handlers.alarms import AlarmNews

KEEP_S: Final = DAY_S
HELD_S: Final = 45
"""Longer than asking AWS may take."""
MAX_NEWS_BYTES: Final = 8_192

_HOLD: Final = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return 1
"""


class AlarmShelf:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._hold = redis.register_script(_HOLD)

    def put(self, news: AlarmNews) -> bool:
        """Keeps it; False when it was kept before: a second delivery of the same."""
        return bool(self.putting(news)(self._redis))

    def putting(self, news: AlarmNews) -> Callable[[Redis], object]:
        """What keeps it, by whatever connection or pipeline."""
        text = news.model_dump_json()
        if len(text) > MAX_NEWS_BYTES:
            raise ValueError("news of an alarm are bounded by their formats")
        return lambda redis: redis.set(_name(news.id), text, nx=True, ex=KEEP_S)

    def get(self, news_id: str) -> AlarmNews | None:
        return read(AlarmNews, self._redis.get(_name(news_id)))

    def tries(self, news_id: str, why: str) -> int:
        """How often it was tried again for this reason, this time included."""
        return times(self._redis, f"{_name(news_id)}:tries:{why}", KEEP_S)

    def hold(self, news_id: str, by: str) -> bool:
        """Whether the job `by` may work on it now: what was queued twice is worked on by one at a time. Whoever takes
        up the job of a worker that died holds what that one held."""
        return bool(self._hold(keys=[f"{_name(news_id)}:held"], args=[by, HELD_S]))

    def release(self, news_id: str) -> None:
        self._redis.delete(f"{_name(news_id)}:held")

    def stands_for_later(self, news: AlarmNews) -> bool:
        """Whether this is the one that stands for all later ones of the same alarm, state and channel, until it is
        worked on."""
        return is_first(self._redis, _standing(news), news.id, KEEP_S)

    def begun(self, news: AlarmNews) -> None:
        """It is being worked on: whatever comes from now on is asked about anew. To be called before AWS is asked."""
        self._redis.delete(_standing(news))

    def claim(self, what: str, news_id: str, for_s: int) -> bool:
        """Whether this news is the one to say something that is said once in a while, whoever brings it up."""
        return is_first(self._redis, key("alarm-said", digest(what)), news_id, for_s)

    def asked(self, news_id: str) -> None:
        """Its diagnosis is queued."""
        self._redis.set(_name(news_id) + ":asked", "1", ex=KEEP_S)

    def is_asked(self, news_id: str) -> bool:
        return bool(self._redis.exists(_name(news_id) + ":asked"))

    def done(self, news_id: str) -> None:
        self._redis.set(_name(news_id) + ":done", "1", ex=KEEP_S)

    def is_done(self, news_id: str) -> bool:
        return bool(self._redis.exists(_name(news_id) + ":done"))


def _standing(news: AlarmNews) -> str:
    named = (news.alarm, news.account, news.region, news.load_balancer, news.target_group, news.title, *news.words)
    return key("alarm-waits", digest(news.channel, news.state, *(one or "" for one in named)))


def _name(news_id: str) -> str:
    return key("alarm-news", news_id)
