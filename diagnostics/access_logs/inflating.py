"""From the bytes of a log file, compressed or not, to blocks of whole lines of bounded size."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import IO, cast

from isal import igzip, isal_zlib

from diagnostics.access_logs.scratch import Scratch

BLOCK_BYTES = 32 * 2**20
PIECE_BYTES = 2**18
"""Small enough that the processor still has it at hand when its lines are looked for and it is written."""
STORED_PIECE_BYTES = 2**15
"""Small enough that it seldom inflates to more than a piece."""
MAX_FILE_BYTES = 16 * 2**30
"""Inflated; what comes after is not read: a small file can inflate to anything."""
GZIP_MAGIC = b"\x1f\x8b"
RETURN = b"\r"
_GZIP_WBITS = 31
_FAILURES: tuple[type[Exception], ...] = (
    *(EOFError, gzip.BadGzipFile, zlib.error),
    cast("type[Exception]", isal_zlib.error),
)
_opened_gzip: Callable[[IO[bytes]], io.BufferedReader] = igzip.open


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines that stand in a scratch file, from its beginning to its end. `ends`: where each ends, its line break
    included. `has_returns`: whether a carriage return is anywhere in it."""

    ends: Sequence[int]
    has_returns: bool

    @property
    def size(self) -> int:
        return self.ends[-1] if self.ends else 0


class Inflated:
    """The lines of one file. After the iteration `broken` says why it ended early, None when it did not."""

    def __init__(self, file: bytes | Path) -> None:
        self._file = file
        self.broken: str | None = None

    def blocks(self, scratch: Scratch) -> Iterator[Block]:
        """Blocks of about BLOCK_BYTES, of whole lines, one after the other in the same scratch file. A line longer than
        that is cut: it is damaged either way."""
        ends: list[int] = []
        size, has_returns = 0, False
        for piece in self.pieces():
            scratch.write(piece, size)
            has_returns = has_returns or RETURN in piece
            ends += line_ends(piece, size)
            size += len(piece)
            if size >= BLOCK_BYTES:
                if not ends:
                    ends.append(size)
                rest = scratch.part(ends[-1], size)
                scratch.cut(ends[-1])
                yield Block(ends, has_returns)
                ends = []
                size, has_returns = len(rest), RETURN in rest
                scratch.write(rest)
        if size:
            scratch.cut(size)
            yield Block(ends if ends and ends[-1] == size else [*ends, size], has_returns)

    def pieces(self) -> Iterator[bytes]:
        """What the file holds, piece by piece, up to where it is damaged or too large."""
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
        """All members, one after the other; what is inflated before an error is given."""
        given = 0
        try:
            with _opened_gzip(raw) as inflated:
                while piece := inflated.read1(PIECE_BYTES):
                    yield piece
                    given += len(piece)
        except _FAILURES as error:
            self.broken = "ends early" if isinstance(error, EOFError) else str(error)
            yield from _after(given, _before_the_error(raw))

    def _opened(self) -> IO[bytes]:
        return io.BytesIO(self._file) if isinstance(self._file, bytes) else self._file.open("rb")


def line_ends(content: bytes, at: int = 0) -> list[int]:
    """Where the lines of a content end that begins at this position, their line breaks included."""
    ends = list(accumulate(map(len, io.BytesIO(content)), initial=at))[1:]
    if ends and not content.endswith(b"\n"):
        ends.pop()
    return ends


def _before_the_error(raw: IO[bytes]) -> Iterator[bytes]:
    """All that a broken gzip file gives: the quick reader forgets what it has inflated when it comes to an error."""
    raw.seek(0)
    member = isal_zlib.decompressobj(wbits=_GZIP_WBITS)
    waiting = b""
    try:
        while waiting := waiting or raw.read(STORED_PIECE_BYTES):
            yield member.decompress(waiting, PIECE_BYTES)
            waiting = member.unconsumed_tail
            if member.eof:
                waiting = member.unused_data.lstrip(b"\0") or raw.read(STORED_PIECE_BYTES).lstrip(b"\0")
                member = isal_zlib.decompressobj(wbits=_GZIP_WBITS)
    except _FAILURES:
        return


def _after(count: int, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """What comes after so many bytes."""
    for piece in pieces:
        if rest := piece[count:]:
            yield rest
        count = max(count - len(piece), 0)


def _read(raw: IO[bytes]) -> Iterator[bytes]:
    while piece := raw.read(PIECE_BYTES):
        yield piece
