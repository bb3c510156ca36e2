"""One HTTP server in a thread of its own, on a port that is known before it answers."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from bot.impatient import KEEP_ALIVE_S, Impatient

DRAIN_S: Final = 5
CUT_S: Final = 1.0
BACKLOG: Final = 1_024
MAX_CONCURRENT: Final = 1_000


class PortError(Exception):
    """The port cannot be used. The message is one line for people."""


class Listener:
    def __init__(self, asgi: ASGIApp, host: str, port: int, setting: str) -> None:
        """Binds at once. `setting` names what to change when the port is taken. Raises `PortError`."""
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            self._socket = socket.create_server((host, port), family=family, backlog=BACKLOG)
        except OSError as error:
            reason = error.strerror or "unusable"
            raise PortError(f"Cannot listen on {host}:{port} ({reason.lower()}); change {setting}.") from error
        self.port: int = self._socket.getsockname()[1]
        self._server = uvicorn.Server(
            uvicorn.Config(
                asgi,
                log_config=None,
                access_log=False,
                lifespan="off",
                server_header=False,
                ws="none",
                http=Impatient,
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=DRAIN_S,
                limit_concurrency=MAX_CONCURRENT,
            )
        )
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name=f"http-{self.port}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, within_s: float = DRAIN_S + 1) -> None:
        """Takes no new connection and ends when the running requests are answered, at latest after `within_s` and a
        moment."""
        self._is_stopping = True
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(min(within_s, DRAIN_S + 1))
        if self._thread.is_alive():
            self._server.force_exit = True
            self._thread.join(CUT_S)
        if not self._thread.is_alive():
            self._socket.close()

    def complaint(self) -> str | None:
        """One line if nobody answers at this port any more: only a restart helps."""
        if self._is_stopping or self._thread.is_alive():
            return None
        return f"nobody answers at port {self.port} any more; restart this process"

    def _run(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._socket]))
