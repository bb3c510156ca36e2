"""Stopped tasks that earlier diagnoses saw, one bounded entry for each service, kept for a week."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import structlog
from redis import Redis
from redis.client import Pipeline
from redis.exceptions import RedisError

from bot.store.keys import digest, key
from bot.store.packing import packed, unpacked
from diagnostics.collect.task_memory import KEEP

KEEP_S: Final = int(KEEP.total_seconds())
MAX_BYTES: Final = 2_000_000

_log: Final = structlog.get_logger(__name__)


class StoredTasks:
    """Implements `diagnostics.collect.task_memory.TaskMemory`. What goes wrong here looks like an empty memory."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def recall(self, service: str) -> str | None:
        try:
            return _text(self._redis.get(_name(service)))
        except (RedisError, ValueError) as error:
            _log.warning("stopped tasks not recalled", error=type(error).__name__, seldom=True)
            return None

    def change(self, service: str, change: Callable[[str | None], str]) -> None:
        """Replaces the text by what `change` makes of it, so that of two at once none is lost. Raises `RedisError`."""

        def step(pipe: Pipeline) -> None:
            text = change(_text(pipe.get(_name(service))))  # watched: executed at once
            pipe.multi()
            if len(text.encode()) <= MAX_BYTES:
                pipe.set(_name(service), packed(text), ex=KEEP_S)

        self._redis.transaction(step, _name(service))

    def keep(self, service: str, text: str) -> None:
        if len(text.encode()) > MAX_BYTES:
            _log.warning("stopped tasks not kept: too many", size=len(text))
            return
        try:
            self._redis.set(_name(service), packed(text), ex=KEEP_S)
        except RedisError as error:
            _log.warning("stopped tasks not kept", error=type(error).__name__, seldom=True)


def _text(raw: bytes | str | None) -> str | None:
    text = unpacked(raw, MAX_BYTES)
    return text.decode() if text else None


def _name(service: str) -> str:
    return key("stopped-tasks", digest(service))
