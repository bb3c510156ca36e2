"""What was found lately, for the Home of the app: the newest answers that told of something wrong."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from redis import Redis

from bot.store.keys import DAY_S, key, texts_of
from bot.store.reading import read
from diagnostics.digest import Mood
from diagnostics.facts.fact import Frozen

MAX_RECENT: Final = 50
KEEP_S: Final = 7 * DAY_S


class Recent(Frozen):
    """One answer: its headline, the message that people find it in, and who asked; nobody did after an alarm."""

    report: str
    label: str
    headline: str
    mood: Mood
    at: datetime
    channel: str
    ts: str | None
    user: str = ""


class RecentAnswers:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def add(self, recent: Recent) -> None:
        """It stands in place of an earlier answer in the same message."""
        member = f"{recent.channel}:{recent.ts or recent.report}"
        pipe = self._redis.pipeline(transaction=True)
        pipe.hset(_texts(), member, recent.model_dump_json())
        pipe.zadd(_index(), {member: recent.at.timestamp()})
        pipe.expire(_texts(), KEEP_S)
        pipe.expire(_index(), KEEP_S)
        pipe.execute()
        if surplus := texts_of(self._redis.zrange(_index(), 0, -(MAX_RECENT + 1))):
            self._redis.hdel(_texts(), *surplus)
            self._redis.zrem(_index(), *surplus)

    def newest(self, limit: int) -> list[Recent]:
        """The newest first."""
        members = texts_of(self._redis.zrevrange(_index(), 0, limit - 1))
        raws = self._redis.hmget(_texts(), members) if members else []
        return [found for raw in raws if (found := read(Recent, raw)) is not None]


def _texts() -> str:
    return key("recent-answers")


def _index() -> str:
    return key("recent-answers-index")
