"""Valkey servers that a test may kill, fill up, or set over one another."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from redis import Redis

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
