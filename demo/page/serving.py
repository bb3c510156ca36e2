"""Serves the page and the Web API on one port of this machine."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute

HOST: Final = "127.0.0.1"
BACKLOG: Final = 128
END_S: Final = 3.0


class Serving:
    """Answers in a thread of its own until it is closed."""

    def __init__(self, port: int) -> None:
        """Takes the port at once; 0 takes a free one. Raises OSError."""
        self._socket = socket.create_server((HOST, port), backlog=BACKLOG)
        self.port: int = self._socket.getsockname()[1]
        self.closing = threading.Event()
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def start(self, routes: list[BaseRoute]) -> None:
        """Begins to answer."""
        self._server = uvicorn.Server(
            uvicorn.Config(
                Starlette(routes=routes),
                log_config=None,
                access_log=False,
                lifespan="off",
                server_header=False,
                ws="none",
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = threading.Thread(target=self._run, args=(self._server,), name="demo-page", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the open streams and frees the port."""
        self.closing.set()
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(END_S)
        self._socket.close()

    def _run(self, server: uvicorn.Server) -> None:
        asyncio.run(server.serve(sockets=[self._socket]))
