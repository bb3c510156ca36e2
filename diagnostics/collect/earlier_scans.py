"""What scans for money found, for somebody who goes on asking the same, such as `alb502 diagnose --watch`."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from diagnostics.snapshot import Window

MOVED_ON: Final = 0.5
"""A scan is paid for again when the window has moved on by more than this part of its length; one that stands still,
never."""
MAX_KEPT: Final = 16


@dataclass(frozen=True, slots=True)
class EarlierScan:
    """`found` is of this window, and of nothing after its end."""

    window: Window
    found: object

    def again_at(self, now: Window) -> datetime:
        """From when on a window as long as `now` is scanned anew."""
        return self.window.end + (now.end - now.start) * MOVED_ON


@dataclass(slots=True)
class EarlierScans:
    """Kept in this process alone. Threads may share it."""

    _kept: dict[str, EarlierScan] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, asked: str, window: Window) -> EarlierScan | None:
        """The scan that answered `asked`, whatever its time, while its window and this one are nearly the same."""
        with self._lock:
            kept = self._kept.get(asked)
        if kept is None or window.start < kept.window.start:
            return None
        return kept if window.start - kept.window.start <= (window.end - window.start) * MOVED_ON else None

    def keep(self, asked: str, window: Window, found: object) -> None:
        with self._lock:
            self._kept.pop(asked, None)
            self._kept[asked] = EarlierScan(window, found)
            while len(self._kept) > MAX_KEPT:
                del self._kept[next(iter(self._kept))]
