"""Stopped tasks that earlier diagnoses saw, one bounded entry for each service, kept for a week."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any, Final

import structlog
from redis import Redis
from redis.client import Pipeline
from redis.exceptions import RedisError

from bot.store.keys import digest, key
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
            raw = self._redis.get(_name(service))
            if raw is None:
                return None
            return _unpacked(raw)
        except (RedisError, ValueError, zlib.error) as error:
            _log.warning("stopped tasks not recalled", error=type(error).__name__, seldom=True)
            return None

    def change(self, service: str, change: Callable[[str | None], str]) -> None:
        """Replaces the text by what `change` makes of it, so that of two at once none is lost. Raises `RedisError`."""

        def step(pipe: Pipeline) -> None:
            raw = pipe.get(_name(service))  # watched: executed at once
            text = change(None if raw is None else _unpacked(raw))
            pipe.multi()
            if len(text.encode()) <= MAX_BYTES:
                pipe.set(_name(service), zlib.compress(text.encode(), 1), ex=KEEP_S)

        self._redis.transaction(step, _name(service))

    def keep(self, service: str, text: str) -> None:
        if len(text.encode()) > MAX_BYTES:
            _log.warning("stopped tasks not kept: too many", size=len(text))
            return
        try:
            self._redis.set(_name(service), zlib.compress(text.encode(), 1), ex=KEEP_S)
        except RedisError as error:
            _log.warning("stopped tasks not kept", error=type(error).__name__, seldom=True)


def _unpacked(raw: Any) -> str:
    packed = raw if isinstance(raw, bytes) else str(raw).encode()
    return zlib.decompressobj().decompress(packed, MAX_BYTES).decode()


def _name(service: str) -> str:
    return key("stopped-tasks", digest(service))
