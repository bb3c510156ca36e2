"""Cached facts and the service index. Whatever goes wrong here looks like an empty store: AWS is asked instead."""

from __future__ import annotations

import secrets
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog
from redis import Redis
from redis.exceptions import RedisError

from bot.store.keys import HOUR_S, SECOND_MS, digest, key
from diagnostics.locate.index import MAX_AGE_S, MAX_BYTES, Stored

MAX_FACT_BYTES: Final = 2_000_000
INDEX_KEEP_S: Final = 2 * MAX_AGE_S
REFRESH_CLAIM_S: Final = 120
STAMP_DIGITS: Final = 13

_RELEASE: Final = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"

_log: Final = structlog.get_logger(__name__)


class StoredFacts:
    """Implements `diagnostics.collect.cache.FactCache`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def get(self, key: str) -> tuple[str, float] | None:
        found = _read(self._redis, _fact(key), MAX_FACT_BYTES)
        return None if found is None else (found.text, found.age_s)

    def put(self, key: str, value: str, ttl_s: int) -> None:
        if len(value) <= MAX_FACT_BYTES and 0 < ttl_s <= HOUR_S:
            _write(self._redis, _fact(key), value, ttl_s)


class StoredIndex:
    """Implements `diagnostics.locate.index.ServiceIndex`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._release = redis.register_script(_RELEASE)

    def get(self, key: str) -> Stored | None:
        return _read(self._redis, _index(key), MAX_BYTES)

    def put(self, key: str, text: str) -> None:
        if len(text) <= MAX_BYTES:
            _write(self._redis, _index(key), text, INDEX_KEEP_S)

    @contextmanager
    def refreshing(self, key: str) -> Iterator[bool]:
        """Holds the claim to refresh `key`; a claim whose holder has died ends by itself."""
        claim, token = _claim(key), secrets.token_hex(8)
        try:
            held = bool(self._redis.set(claim, token, nx=True, ex=REFRESH_CLAIM_S))
        except RedisError:
            held = False
        try:
            yield held
        finally:
            if held:
                self._let_go(claim, token)

    def _let_go(self, claim: str, token: str) -> None:
        try:
            self._release(keys=[claim], args=[token])
        except RedisError as error:
            _log.warning("claim not released; it ends by itself", error=type(error).__name__, seldom=True)


def _read(redis: Redis, name: str, max_bytes: int) -> Stored | None:
    try:
        raw = redis.get(name)
        if raw is None:
            return None
        packed = raw if isinstance(raw, bytes) else raw.encode()
        written_ms = int(packed[:STAMP_DIGITS])
        text = zlib.decompressobj().decompress(packed[STAMP_DIGITS:], max_bytes * 4).decode()
    except (RedisError, ValueError, zlib.error) as error:
        _log.warning("not read from the store", error=type(error).__name__, seldom=True)
        return None
    return Stored(text, max(0.0, time.time() - written_ms / SECOND_MS))


def _write(redis: Redis, name: str, text: str, ttl_s: int) -> None:
    stamp = f"{int(time.time() * SECOND_MS):0{STAMP_DIGITS}d}".encode()
    try:
        redis.set(name, stamp + zlib.compress(text.encode(), 1), ex=ttl_s)
    except RedisError as error:
        _log.warning("not written to the store", error=type(error).__name__, seldom=True)


def _fact(name: str) -> str:
    return key("fact", digest(name))


def _index(name: str) -> str:
    return key("index", digest(name))


def _claim(name: str) -> str:
    return key("index-claim", digest(name))
