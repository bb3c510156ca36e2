"""The names of everything in Redis. All of them begin with ``alb502:``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

PREFIX: Final = "alb502:"
JOBS: Final = f"{PREFIX}jobs"

SECOND_MS: Final = 1_000
MINUTE_S: Final = 60
HOUR_S: Final = 3_600
DAY_S: Final = 24 * HOUR_S


def key(*parts: str) -> str:
    """``alb502:part:part``."""
    return PREFIX + ":".join(parts)


def digest(*parts: str) -> str:
    """A short fixed-length name for words of any length and content."""
    joined = "\0".join(parts)
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def text_of(raw: bytes | str) -> str:
    """A value of Redis as text; clients answer with bytes."""
    return raw.decode() if isinstance(raw, bytes) else raw


def text_or_none(raw: bytes | str | None) -> str | None:
    """The same of a value that may not be there."""
    return None if raw is None else text_of(raw)


def texts_of(raws: Iterable[object]) -> list[str]:
    """The same of many; what redis-py types as anything else, such as scores, is left out."""
    return [text_of(raw) for raw in raws if isinstance(raw, bytes | str)]
