"""A server that waits for no request for ever: whoever opens connections and says nothing takes up Slack's places.

uvicorn ends a connection that is idle after an answer, but neither one on which nothing was asked yet, nor one on which
a request is begun and not ended.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_S: Final = 10.0
"""From the first byte that could come to the last one of the headers."""
KEEP_ALIVE_S: Final = 75
"""Longer than what stands before the bot keeps idle connections: an Application Load Balancer does for 60 s, and would
answer 502 to Slack if the bot closed one that it is just about to use."""


class Impatient(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._look_later()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._look is not None:
            self._look.cancel()

    def _look_later(self) -> None:
        last: Any = self.cycle  # None before the first request, which uvicorn's types do not say
        within_s = REQUEST_S if last is None else KEEP_ALIVE_S + REQUEST_S
        self._look = self.loop.call_later(within_s, self._judge, last)

    def _judge(self, before: Any) -> None:
        last: Any = self.cycle
        if last is before and (last is None or last.response_complete):
            self.transport.close()
        else:
            self._look_later()
