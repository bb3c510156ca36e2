"""What is watched: one for each message, so many in all; forgotten some time after its end."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from redis import Redis
from redis.client import Pipeline

from bot.store.keys import HOUR_S, digest, key, text_of, texts_of
from bot.store.reading import read
from handlers.ask import Place
from handlers.watches import LONGEST, Watch

MAX_WATCHES: Final = 20
"""Each costs a diagnosis and two edits a minute, of the fifty edits that Slack takes."""
KEEP_S: Final = int(LONGEST.total_seconds()) + HOUR_S


class Watches:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def begin(self, fresh: Watch, now: datetime) -> tuple[Watch, bool] | None:
        """The watch over this message, and whether it is this new one. None when too many are on."""
        if (known := self.of(fresh.place)) is not None:
            return known, False
        if len(self.all_on(now)) >= MAX_WATCHES:
            return None
        name = _of(fresh.place)
        if not self._redis.set(name, fresh.model_dump_json(), nx=True, ex=KEEP_S):
            known = self.of(fresh.place)
            return None if known is None else (known, False)
        pipe = self._redis.pipeline(transaction=True)
        pipe.set(_id(fresh.id), name, ex=KEEP_S)
        pipe.zadd(_index(), {name: fresh.until.timestamp()})
        pipe.expire(_index(), KEEP_S)
        pipe.execute()
        return fresh, True

    def of(self, place: Place) -> Watch | None:
        """The watch over this message."""
        return self._load(_of(place))

    def by_id(self, watch_id: str) -> Watch | None:
        name = self._redis.get(_id(watch_id))
        found = None if name is None else self._load(text_of(name))
        return found if found is not None and found.id == watch_id else None

    def step(self, before: Watch, after: Watch) -> bool:
        """False if another step was quicker, or it has ended."""
        name = _of(before.place)

        def decide(pipe: Pipeline) -> Any:
            known = read(Watch, pipe.get(name))  # watched: executed at once
            same = known is not None and (known.id, known.step) == (before.id, before.step)
            pipe.multi()
            if same:
                pipe.set(name, after.model_dump_json(), ex=KEEP_S)
            return same

        return bool(self._redis.transaction(decide, name, value_from_callable=True))

    def end(self, watch: Watch) -> bool:
        """False if it was ended before."""
        pipe = self._redis.pipeline(transaction=True)
        pipe.delete(_id(watch.id))
        pipe.delete(_of(watch.place))
        pipe.zrem(_index(), _of(watch.place))
        return bool(pipe.execute()[0])

    def all_on(self, now: datetime) -> list[Watch]:
        """Those that are on, the first to end first."""
        self._redis.zremrangebyscore(_index(), 0, now.timestamp() - HOUR_S)
        names = texts_of(self._redis.zrange(_index(), 0, MAX_WATCHES))
        return [found for name in names if (found := self._load(name)) is not None]

    def _load(self, name: str) -> Watch | None:
        return read(Watch, self._redis.get(name))


def _of(place: Place) -> str:
    return key("watch", digest(place.channel, place.reply_ts or ""))


def _id(watch_id: str) -> str:
    return key("watch-id", watch_id)


def _index() -> str:
    return key("watches")
