"""What people of a channel want to hear no alarms of for a while. What comes meanwhile is counted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from redis import Redis
from redis.client import Pipeline

from bot.store.keys import DAY_S, digest, key, text_of, texts_of
from bot.store.reading import read
from handlers.mutes import Mute
from handlers.muting import MAX_MUTE_S

MAX_CHANGES: Final = 200
CHANGE_CHARS: Final = 12
AFTERWARDS_S: Final = 2 * DAY_S
"""So long a mute is remembered after its end, so that its end can be told however late."""


class Mutes:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def mute(self, mute: Mute, now: datetime) -> None:
        """Begins it. One that is on gives way to it, and its count goes on."""
        before = self.of(mute.what, mute.channel, now)
        counted = mute.model_copy(update={"count": before.count, "counted": before.counted} if before else {"count": 0})
        name, keep_s = _name(mute.what, mute.channel), int((mute.until - now).total_seconds()) + AFTERWARDS_S
        pipe = self._redis.pipeline(transaction=True)
        pipe.set(name, counted.model_dump_json(), ex=keep_s)
        pipe.set(key("mute-id", mute.id), name, ex=keep_s)
        pipe.sadd(_names(mute.channel), name)
        pipe.expire(_names(mute.channel), MAX_MUTE_S + AFTERWARDS_S)  # the names of others, which may last longer
        pipe.execute()

    def of(self, what: str, channel: str, now: datetime) -> Mute | None:
        """The mute that is on."""
        found = self._load(_name(what, channel))
        return found if found is not None and found.until > now else None

    def all_of(self, channel: str, now: datetime) -> list[Mute]:
        """Those that are on in this channel, the first to end first."""
        found = map(self._load, texts_of(self._redis.smembers(_names(channel))))
        return sorted((one for one in found if one is not None and one.until > now), key=lambda one: one.until)

    def by_id(self, mute_id: str) -> Mute | None:
        """None for one that was ended, or that gave way to another."""
        name = self._redis.get(key("mute-id", mute_id))
        found = None if name is None else self._load(text_of(name))
        return found if found is not None and found.id == mute_id else None

    def count(self, what: str, channel: str, now: datetime, change: str) -> bool:
        """Counts one alarm that nobody was told of, once for each change; False if nothing is muted."""
        name, this = _name(what, channel), digest(change)[:CHANGE_CHARS]

        def decide(known: Mute | None) -> Mute | None:
            if known is None or known.until <= now:
                return None
            if this in known.counted:
                return known
            return known.model_copy(update={"count": known.count + 1, "counted": (*known.counted, this)[-MAX_CHANGES:]})

        return self._changed(name, decide)

    def end(self, mute: Mute) -> Mute | None:
        """Ends it. Returns it with all that was counted; None if it was ended before."""
        name = _name(mute.what, mute.channel)
        found = self._load(name)
        if found is None or found.id != mute.id:
            return None
        pipe = self._redis.pipeline(transaction=True)
        pipe.delete(name, key("mute-id", mute.id))
        pipe.srem(_names(mute.channel), name)
        return found if int(pipe.execute()[0]) else None

    def _load(self, name: str) -> Mute | None:
        return read(Mute, self._redis.get(name))

    def _changed(self, name: str, decide: Callable[[Mute | None], Mute | None]) -> bool:
        def step(pipe: Pipeline) -> Any:
            decided = decide(read(Mute, pipe.get(name)))  # watched: executed at once
            pipe.multi()
            if decided is not None:
                pipe.set(name, decided.model_dump_json(), keepttl=True)
            return decided is not None

        return bool(self._redis.transaction(step, name, value_from_callable=True))


def _name(what: str, channel: str) -> str:
    return key("mute", digest(what, channel))


def _names(channel: str) -> str:
    return key("mutes", channel)
