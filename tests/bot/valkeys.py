"""Valkey servers that a test may kill, fill up, or set over one another."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from bot.store.private import server_binary
from tests.bot.conftest import eventually


@dataclass
class Valkey:
    port: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def client(self) -> Redis:
        return Redis.from_url(self.url)

    def says(self, ask: Callable[[Redis], Any]) -> Any:
        """What it answers, or None while it cannot: a server that changes its role drops all of its connections."""
        with self.client as client, suppress(RedisError, OSError):
            return ask(client)
        return None

    def role(self) -> str | None:
        """`master` or `slave`; None while it does not answer."""
        role = self.says(lambda client: client.info("replication")["role"])
        return None if role is None else str(role)


@contextmanager
def valkey(directory: Path, *lines: str, is_sentinel: bool = False) -> Iterator[Valkey]:
    """A server on a TCP port of its own, with these lines in its configuration."""
    directory.mkdir(parents=True)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
    own = ("bind 127.0.0.1", f"port {port}", f"dir {directory}", *([] if is_sentinel else ['save ""']))
    file = directory / "server.conf"
    file.write_text("\n".join((*own, *lines)) + "\n")
    command = [server_binary(), str(file), *(["--sentinel"] if is_sentinel else [])]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        server = Valkey(port, process)
        try:
            eventually(lambda: _answers(server))
            yield server
        finally:
            process.kill()


def _answers(server: Valkey) -> bool:
    """Whether it says anything but that it is still loading; it may want a login."""
    try:
        with socket.create_connection(("127.0.0.1", server.port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return not connection.recv(100).startswith(b"-LOADING")
    except OSError:
        return False
