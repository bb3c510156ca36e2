"""A file that lines are put into for DuckDB to read: in memory where the system has such files."""

from __future__ import annotations

import os
from pathlib import Path

_OPEN_FILES = Path("/proc/self/fd")


class Scratch:
    """Written over and over, so that its pages stay. `path` is what a reader opens.

    Whatever is behind `cut` is gone; until then a reader may find what an earlier, longer content left there.
    """

    def __init__(self, path: Path) -> None:
        """`path`: where the file is made on a system that has none in memory."""
        in_memory = hasattr(os, "memfd_create") and _OPEN_FILES.is_dir()
        self._number = os.memfd_create(path.name) if in_memory else os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self.path = _OPEN_FILES / str(self._number) if in_memory else path

    def close(self) -> None:
        os.close(self._number)

    def write(self, content: bytes, at: int = 0) -> None:
        """Puts `content` at a position."""
        written = 0
        while written < len(content):
            written += os.pwrite(self._number, memoryview(content)[written:], at + written)

    def put(self, content: bytes) -> None:
        """Makes this all that the file holds."""
        self.write(content)
        self.cut(len(content))

    def cut(self, size: int) -> None:
        """Ends the file here."""
        os.ftruncate(self._number, size)

    def part(self, start: int, end: int) -> bytes:
        parts = []
        while start < end and (part := os.pread(self._number, end - start, start)):
            parts.append(part)
            start += len(part)
        return b"".join(parts)
