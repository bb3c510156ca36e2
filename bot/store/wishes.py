"""What people wish for besides answers (to point at an alarm, to mute one), kept for a day under its id."""

from __future__ import annotations

from typing import Final, Generic, TypeVar

from redis import Redis

from bot.store.keys import DAY_S, key
from bot.store.once import times
from bot.store.reading import read
from diagnostics.facts.fact import Frozen

KEEP_S: Final = DAY_S

Wish = TypeVar("Wish", bound=Frozen)


class Wishes(Generic[Wish]):
    """Of one kind. A second delivery of a wish finds it there, or done."""

    def __init__(self, redis: Redis, kind: type[Wish]) -> None:
        self._redis = redis
        self._kind = kind

    def put(self, wish_id: str, wish: Wish) -> None:
        self._redis.set(self._name(wish_id), wish.model_dump_json(), nx=True, ex=KEEP_S)

    def get(self, wish_id: str) -> Wish | None:
        """None for one that is done or forgotten."""
        return read(self._kind, self._redis.get(self._name(wish_id)) or None)

    def done(self, wish_id: str) -> None:
        """It is not worked on again, though its event should be delivered once more."""
        self._redis.set(self._name(wish_id), "", ex=KEEP_S)

    def tries(self, wish_id: str, why: str = "slack") -> int:
        """How often it was put off for this reason, this time included."""
        return times(self._redis, f"{self._name(wish_id)}:tries:{why}", KEEP_S)

    def _name(self, wish_id: str) -> str:
        return key("wish", self._kind.__name__.lower(), wish_id)
