"""From the bytes of a log file, compressed or not, to blocks of whole lines of bounded size."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, cast

from isal import igzip, igzip_lib

BLOCK_BYTES = 16 * 2**20
PIECE_BYTES = 2**20
MAX_FILE_BYTES = 16 * 2**30
"""Inflated; what comes after is not read: a small file can inflate to anything."""
GZIP_MAGIC = b"\x1f\x8b"
_FAILURES: tuple[type[Exception], ...] = (EOFError, OSError, zlib.error, cast("type[Exception]", igzip_lib.IsalError))
_OPEN_GZIP: Callable[[IO[bytes]], IO[bytes]] = igzip.open


class Inflated:
    """The lines of one file. After the iteration `broken` says why it ended early, None when it did not."""

    def __init__(self, file: bytes | Path) -> None:
        self._file = file
        self.broken: str | None = None

    def blocks(self) -> Iterator[bytes]:
        """Blocks of about BLOCK_BYTES, of whole lines. A line longer than that is cut: it is damaged either way."""
        pieces: list[bytes] = []
        size = 0
        for piece in self._pieces():
            size += len(piece)
            end = piece.rfind(b"\n") + 1 if size >= BLOCK_BYTES else 0
            if size >= 2 * BLOCK_BYTES and not end:
                end = len(piece)
            if not end:
                pieces.append(piece)
                continue
            yield b"".join((*pieces, piece[:end]))
            pieces, size = [piece[end:]], len(piece) - end
        if size:
            yield b"".join(pieces)

    def _pieces(self) -> Iterator[bytes]:
        total = 0
        with self._opened() as raw:
            compressed = raw.read(len(GZIP_MAGIC)) == GZIP_MAGIC
            raw.seek(0)
            stream = _OPEN_GZIP(raw) if compressed else raw
            try:
                while piece := stream.read(PIECE_BYTES):
                    yield piece
                    total += len(piece)
                    if total >= MAX_FILE_BYTES:
                        self.broken = "too large"
                        return
            except _FAILURES as error:
                self.broken = str(error) or type(error).__name__

    def _opened(self) -> IO[bytes]:
        return io.BytesIO(self._file) if isinstance(self._file, bytes) else self._file.open("rb")
