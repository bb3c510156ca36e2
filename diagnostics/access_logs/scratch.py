"""A file that lines are put into for DuckDB to read: in memory where the system has such files."""

from __future__ import annotations

import mmap
import os
from pathlib import Path

_OPEN_FILES = Path("/proc/self/fd")
_FIRST_ROOM = 2**20


class Scratch:
    """Written over and over, so that its pages stay. `path` is what a reader opens.

    Whatever is behind `cut` is gone; until then a reader may find what an earlier, longer content left there. The file
    is mapped: lines are taken out one by one, and a system call for each would cost more than all else about them.
    """

    def __init__(self, path: Path) -> None:
        """`path`: where the file is made on a system that has none in memory."""
        self._is_in_memory = hasattr(os, "memfd_create") and _OPEN_FILES.is_dir()
        self._number = (
            os.memfd_create(path.name) if self._is_in_memory else os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        )
        self.path = _OPEN_FILES / str(self._number) if self._is_in_memory else path
        self._size = 0
        self._reach(_FIRST_ROOM)
        self._mapped = mmap.mmap(self._number, _FIRST_ROOM)

    def close(self) -> None:
        self._mapped.close()
        os.close(self._number)

    def write(self, content: bytes, at: int = 0) -> None:
        """Puts `content` at a position."""
        end = at + len(content)
        self._reach(end)
        if end > len(self._mapped):
            self._mapped.close()
            self._reach(2 * end)
            self._mapped = mmap.mmap(self._number, 2 * end)
        self._mapped[at:end] = content

    def put(self, content: bytes) -> None:
        """Makes this all that the file holds."""
        self.write(content)
        self.cut(len(content))

    def cut(self, size: int) -> None:
        """Ends the file here."""
        os.ftruncate(self._number, size)
        self._size = size

    def part(self, start: int, end: int) -> bytes:
        return self._mapped[start : min(end, self._size)]

    def _reach(self, size: int) -> None:
        """Makes the file so long, if it is not. A mapped hole in a file on a full disk would end the process when it is
        written to, so such a file gets its blocks here, where it is an error as any other."""
        if self._is_in_memory and size > self._size:
            os.ftruncate(self._number, size)
        while size > self._size and not self._is_in_memory:
            self._size += os.pwrite(self._number, bytes(min(size - self._size, _FIRST_ROOM)), self._size)
        self._size = max(size, self._size)
