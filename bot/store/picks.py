"""What pickers offer, until they are submitted: the modal itself carries an id and numbers."""

from __future__ import annotations

from typing import Final

from redis import Redis

from bot.store.keys import HOUR_S, digest, key
from bot.store.reading import read
from handlers.errands import Pick

KEEP_S: Final = HOUR_S


class Picks:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def put(self, pick_id: str, pick: Pick) -> None:
        self._redis.set(_pick(pick_id), pick.model_dump_json(exclude_defaults=True), ex=KEEP_S)

    def get(self, pick_id: str) -> Pick | None:
        """None for one that is forgotten, or that we never made."""
        return read(Pick, self._redis.get(_pick(pick_id)))


def _pick(pick_id: str) -> str:
    return key("pick", digest(pick_id))
