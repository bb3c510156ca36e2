"""Compressed text, bounded when it is read."""

from __future__ import annotations

import zlib


def packed(text: str) -> bytes:
    return zlib.compress(text.encode())


def unpacked(raw: bytes | str | None, max_bytes: int) -> bytes | None:
    """At most `max_bytes` of it, whatever the store holds; None where it holds nothing.

    What nobody packed is empty: whoever reads a record of it says that it cannot be read.
    """
    if raw is None:
        return None
    try:
        return zlib.decompressobj().decompress(raw if isinstance(raw, bytes) else raw.encode(), max_bytes)
    except zlib.error:
        return b""
