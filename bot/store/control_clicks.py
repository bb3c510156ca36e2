"""Clicks on controls: kept until they are worked on, and afterwards as long as a modal that they opened may stand."""

from __future__ import annotations

from typing import Final

from redis import Redis

from bot.store.keys import DAY_S, MINUTE_S, digest, key
from bot.store.once import is_first, times
from bot.store.reading import read
from handlers.controls.control import Click

KEEP_S: Final = DAY_S
CLAIM_S: Final = 2 * MINUTE_S


class ControlClicks:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def put(self, click: Click) -> None:
        self._redis.set(_click(click.id), click.model_dump_json(), ex=KEEP_S)

    def get(self, click_id: str) -> Click | None:
        """None for one that is forgotten, or that we never took."""
        return read(Click, self._redis.get(_click(click_id)))

    def done(self, click_id: str) -> None:
        """It is not worked on again, whatever is delivered twice."""
        self._redis.set(_done(click_id), "1", ex=KEEP_S)

    def is_done(self, click_id: str) -> bool:
        return bool(self._redis.exists(_done(click_id)))

    def claim(self, what: str, click_id: str) -> bool:
        """Whether this click does it; False while another one does. A claim ends by itself, should its holder die."""
        return is_first(self._redis, key("control-claim", digest(what)), click_id, CLAIM_S)

    def tries(self, click_id: str) -> int:
        """How often it was put off, this time included."""
        return times(self._redis, key("control-click-tries", click_id), KEEP_S)


def _click(click_id: str) -> str:
    return key("control-click", digest(click_id))


def _done(click_id: str) -> str:
    return key("control-click-done", digest(click_id))
