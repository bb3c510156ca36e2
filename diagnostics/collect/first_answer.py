"""A first answer for people who should not wait for the last fact."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable

from diagnostics.snapshot import Snapshot

_logger = logging.getLogger(__name__)


class FirstAnswer:
    """Shows once what was read `useful_s` seconds from now, if the collection is still going on then.

    It comes earlier when only collectors of little patience are left; those have `linger_s` seconds more for it.
    """

    def __init__(self, show: Callable[[Snapshot], None], *, useful_s: float, linger_s: float = 0.0) -> None:
        self._show = show
        self._linger_s = linger_s
        self.at = time.monotonic() + useful_s

    @property
    def is_pending(self) -> bool:
        return self.at < math.inf

    def patience_until(self, moment: float) -> float:
        """Until when to wait for collectors whose patience ends at this moment."""
        if self._linger_s and self.is_pending:
            self.at = min(self.at, moment)
        return moment + self._linger_s

    def is_shown_now(self, snapshot: Callable[[], Snapshot]) -> bool:
        """Shows it if it is time to; whether it was."""
        if time.monotonic() < self.at:
            return False
        self.at = math.inf
        try:
            self._show(snapshot())
        except Exception:
            _logger.exception("what was read so far could not be shown")
        return True
