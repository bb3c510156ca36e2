"""Clicks on fixes until they are worked on, and what the fix buttons of a message stand for."""

from __future__ import annotations

from typing import Final

from redis import Redis

from bot.store.keys import DAY_S, digest, key
from bot.store.reading import read
from diagnostics.facts.fact import Frozen
from handlers.fixes import FixClick

CLICK_KEEP_S: Final = DAY_S
BUTTON_KEEP_S: Final = 7 * DAY_S


class FixButton(Frozen):
    """A fix of a report, as the message that holds the button offers it."""

    report: str
    offer: str


class Clicks:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def put(self, click: FixClick) -> None:
        """A click that is there already (a second delivery) stays as it is: what was agreed holds its proof."""
        self._redis.set(key("fix-click", click.id), click.model_dump_json(), ex=CLICK_KEEP_S, nx=True)

    def take(self, click_id: str) -> FixClick | None:
        """The click; None once it was worked on."""
        return read(FixClick, self._redis.get(key("fix-click", click_id)))

    def done(self, click_id: str) -> None:
        self._redis.delete(key("fix-click", click_id))


class FixButtons:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def put(self, button_id: str, behind: FixButton) -> None:
        self._redis.set(key("fix-button", digest(button_id)), behind.model_dump_json(), ex=BUTTON_KEEP_S)

    def get(self, button_id: str) -> FixButton | None:
        """None for a button that has expired or that we never made."""
        return read(FixButton, self._redis.get(key("fix-button", digest(button_id))))
