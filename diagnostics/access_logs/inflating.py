"""From the bytes of a log file, compressed or not, to blocks of whole lines of bounded size."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from isal import isal_zlib

BLOCK_BYTES = 24 * 2**20
PIECE_BYTES = 2**20
STORED_PIECE_BYTES = 2**17
"""Small enough that it seldom inflates to more than a piece."""
MAX_FILE_BYTES = 16 * 2**30
"""Inflated; what comes after is not read: a small file can inflate to anything."""
GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WBITS = 31
_FAILURES: tuple[type[Exception], ...] = (zlib.error, cast("type[Exception]", isal_zlib.error))


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines: the first `size` bytes of `buffer`, which is used again for the next block."""

    buffer: bytearray
    size: int

    @property
    def content(self) -> memoryview:
        return memoryview(self.buffer)[: self.size]

    def has(self, byte: bytes) -> bool:
        return self.buffer.find(byte, 0, self.size) >= 0

    def line_ends(self) -> list[int]:
        """Where each line ends, its line break included."""
        find, size = self.buffer.find, self.size
        ends: list[int] = []
        end = find(b"\n", 0, size) + 1
        while end:
            ends.append(end)
            end = find(b"\n", end, size) + 1
        if size and (not ends or ends[-1] < size):
            ends.append(size)
        return ends

    def part(self, start: int, end: int) -> bytes:
        return bytes(self.buffer[start:end])


def block_of(content: bytes) -> Block:
    return Block(bytearray(content), len(content))


class Inflated:
    """The lines of one file. After the iteration `broken` says why it ended early, None when it did not."""

    def __init__(self, file: bytes | Path) -> None:
        self._file = file
        self.broken: str | None = None

    def blocks(self) -> Iterator[Block]:
        """Blocks of about BLOCK_BYTES, of whole lines. A line longer than that is cut: it is damaged either way."""
        buffer = bytearray(BLOCK_BYTES + PIECE_BYTES)
        size = 0
        for piece in self._pieces():
            buffer[size : size + len(piece)] = piece
            size += len(piece)
            if size >= BLOCK_BYTES:
                end = buffer.rfind(b"\n", 0, size) + 1 or size
                rest = buffer[end:size]
                yield Block(buffer, end)
                buffer[: len(rest)] = rest
                size = len(rest)
        if size:
            yield Block(buffer, size)

    def _pieces(self) -> Iterator[bytes]:
        total = 0
        with self._opened() as raw:
            compressed = raw.read(len(GZIP_MAGIC)) == GZIP_MAGIC
            raw.seek(0)
            for piece in self._inflated(raw) if compressed else _read(raw):
                yield piece
                total += len(piece)
                if total >= MAX_FILE_BYTES:
                    self.broken = "too large"
                    return

    def _inflated(self, raw: IO[bytes]) -> Iterator[bytes]:
        """One member after the other; what is inflated before an error is given."""
        member = isal_zlib.decompressobj(wbits=_GZIP_WBITS)
        waiting = b""
        try:
            while waiting := waiting or raw.read(STORED_PIECE_BYTES):
                if inflated := member.decompress(waiting, PIECE_BYTES):
                    yield inflated
                waiting = member.unconsumed_tail
                if member.eof:
                    waiting = member.unused_data.lstrip(b"\0") or raw.read(STORED_PIECE_BYTES).lstrip(b"\0")
                    if not waiting:
                        return
                    member = isal_zlib.decompressobj(wbits=_GZIP_WBITS)
        except _FAILURES as error:
            self.broken = str(error)
            return
        self.broken = "ends early"

    def _opened(self) -> IO[bytes]:
        return io.BytesIO(self._file) if isinstance(self._file, bytes) else self._file.open("rb")


def _read(raw: IO[bytes]) -> Iterator[bytes]:
    while piece := raw.read(PIECE_BYTES):
        yield piece
