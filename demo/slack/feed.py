"""What there is to see, and what of it changed since somebody last looked. Bounded: the oldest of a kind goes first."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

MOST: Final[Mapping[str, int]] = {"message": 400, "whisper": 60, "note": 30, "modal": 20, "home": 20, "world": 1}
MAX_TOMBSTONES: Final = 500


@dataclass(frozen=True, slots=True)
class Item:
    """One thing as it stands. `body` None: it is gone."""

    seq: int
    kind: str
    id: str
    body: Mapping[str, Any] | None


class Feed:
    """Thread-safe."""

    def __init__(self) -> None:
        self.run = secrets.token_hex(4)
        """Tells the numbers of this feed from those of another."""
        self.is_closed = False
        self._lock = threading.Lock()
        self._listeners: list[Callable[[], object]] = []
        self._seq = 0
        self._items: dict[str, OrderedDict[str, Item]] = {kind: OrderedDict() for kind in MOST}
        self._gone: OrderedDict[tuple[str, str], Item] = OrderedDict()

    @property
    def seq(self) -> int:
        """The number of the last change."""
        return self._seq

    def put(self, kind: str, name: str, body: Mapping[str, Any]) -> None:
        """Something is there now, or is otherwise now."""
        with self._lock:
            self._seq += 1
            items = self._items[kind]
            items[name] = Item(self._seq, kind, name, body)
            self._gone.pop((kind, name), None)
            while len(items) > MOST[kind]:
                self._bury(kind, next(iter(items)))
            self._tell()

    def drop(self, kind: str, name: str) -> None:
        """Something is not there any more."""
        with self._lock:
            if name in self._items[kind]:
                self._bury(kind, name)
                self._tell()

    def close(self) -> None:
        """Nothing more will change; whoever listens is told so."""
        with self._lock:
            self.is_closed = True
            self._tell()

    @contextmanager
    def listening(self, told: Callable[[], object]) -> Iterator[None]:
        """`told` is called after every change, by the thread that makes it; it may not use the feed itself."""
        with self._lock:
            self._listeners.append(told)
        try:
            yield
        finally:
            with self._lock:
                self._listeners.remove(told)

    def since(self, seq: int) -> list[Item]:
        """What changed after that, oldest change first; everything for 0."""
        with self._lock:
            found = [item for items in self._items.values() for item in items.values() if item.seq > seq]
            if seq:
                found += [item for item in self._gone.values() if item.seq > seq]
            return sorted(found, key=lambda item: item.seq)

    def _tell(self) -> None:
        for told in self._listeners:
            told()

    def _bury(self, kind: str, name: str) -> None:
        del self._items[kind][name]
        self._seq += 1
        self._gone[kind, name] = Item(self._seq, kind, name, None)
        while len(self._gone) > MAX_TOMBSTONES:
            self._gone.popitem(last=False)
