"""Small things to remember: events that were seen, layouts that were refused, buttons, what Slack said of people."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from redis import Redis
from redis.exceptions import RedisError

from bot.store.keys import DAY_S, HOUR_S, MINUTE_S, digest, key, text_or_none
from bot.store.reading import read
from handlers.ask import Refresh
from handlers.effects import Dress

EVENT_KEEP_S: Final = HOUR_S  # Slack delivers an event again for about six minutes
LAYOUT_KEEP_S: Final = DAY_S
BUTTON_KEEP_S: Final = 7 * DAY_S
LOOKUP_KEEP_S: Final = 5 * MINUTE_S
MAX_LOOKUP_BYTES: Final = 20_000


class SeenEvents:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def has(self, event_id: str) -> bool:
        return bool(self._redis.exists(_seen(event_id)))

    def add(self, event_id: str) -> None:
        """To be called once the event's job is safely queued, not before."""
        self._redis.set(_seen(event_id), "1", ex=EVENT_KEEP_S)


class Layouts:
    """Without the store the layout is the plain one, which every workspace takes."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def is_plain(self, team: str, dress: Dress = "answer") -> bool:
        try:
            return bool(self._redis.exists(_plain(team, dress)))
        except RedisError:
            return True

    def mark_plain(self, team: str, dress: Dress = "answer") -> None:
        """The workspace refused the rich layout; the plain one is sent for a day."""
        with suppress(RedisError):
            self._redis.set(_plain(team, dress), "1", ex=LAYOUT_KEEP_S)


class Buttons:
    """What a button does; the button itself carries an id only."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def put(self, button_id: str, refresh: Refresh) -> None:
        self._redis.set(key("button", digest(button_id)), refresh.model_dump_json(), ex=BUTTON_KEEP_S)

    def get(self, button_id: str) -> Refresh | None:
        """None for a button that has expired or that we never made."""
        return read(Refresh, self._redis.get(key("button", digest(button_id))))


class Lookups:
    """What Slack said of people, channels and groups, for a few minutes."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def get(self, kind: str, name: str) -> str | None:
        return text_or_none(self._redis.get(key("lookup", kind, name)))

    def put(self, kind: str, name: str, text: str) -> None:
        if len(text) <= MAX_LOOKUP_BYTES:
            self._redis.set(key("lookup", kind, name), text, ex=LOOKUP_KEEP_S)


def _plain(team: str, dress: Dress) -> str:
    return key("plain-layout", team) if dress == "answer" else key("plain-layout", dress, team)


def _seen(event_id: str) -> str:
    return key("seen", digest(event_id))
