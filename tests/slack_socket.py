"""Slack's end of Socket Mode on loopback: the server side of RFC 6455, as little of it as Slack's client needs.

https://docs.slack.dev/apis/events-api/using-socket-mode and https://www.rfc-editor.org/rfc/rfc6455
"""

from __future__ import annotations

import base64
import hashlib
import json
import queue
import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
WAIT_S = 20.0

Envelope = dict[str, Any]


class _Handler(socketserver.StreamRequestHandler):
    """One connection: `said` are the client's messages, in their order."""

    def setup(self) -> None:
        super().setup()
        self.said: queue.Queue[Envelope] = queue.Queue()
        self._sending = threading.Lock()

    def handle(self) -> None:
        key = self._requested_key()
        accepted = base64.b64encode(hashlib.sha1(key + GUID, usedforsecurity=False).digest()).decode()
        lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
        self._write("\r\n".join([*lines, f"Sec-WebSocket-Accept: {accepted}", "", ""]).encode())
        self.send({"type": "hello", "num_connections": 1})
        server = self.server
        assert isinstance(server, _Server)
        server.connections.put(self)
        while (frame := self._frame()) is not None:
            kind, payload = frame
            if kind == PING:
                self._send(PONG, payload)
            elif kind == TEXT:
                self.said.put(json.loads(payload))
            elif kind == CLOSE:
                return

    def send(self, message: Envelope) -> None:
        self._send(TEXT, json.dumps(message).encode())

    def close(self) -> None:
        """Says goodbye, as Slack does some seconds after its disconnect message."""
        self._send(CLOSE, struct.pack("!H", 1000))

    def cut(self) -> None:
        """The network between breaks: no goodbye."""
        self.connection.shutdown(socket.SHUT_RDWR)

    def _requested_key(self) -> bytes:
        key = b""
        while line := self.rfile.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"sec-websocket-key":
                key = value.strip()
        return key

    def _frame(self) -> tuple[int, bytes] | None:
        """The next frame, unmasked; None when the client is gone. The client sends no fragments."""
        try:
            head = self.rfile.read(2)
            if len(head) < 2:
                return None
            length = head[1] & 0x7F
            if length == 126:
                (length,) = struct.unpack("!H", self.rfile.read(2))
            elif length == 127:
                (length,) = struct.unpack("!Q", self.rfile.read(8))
            mask = self.rfile.read(4)
            masked = self.rfile.read(length)
        except OSError:
            return None
        return head[0] & 0x0F, bytes(byte ^ mask[at % 4] for at, byte in enumerate(masked))

    def _send(self, kind: int, payload: bytes) -> None:
        length = len(payload)
        size = bytes([length]) if length < 126 else struct.pack("!BH", 126, length)
        self._write(bytes([0x80 | kind]) + size + payload)

    def _write(self, data: bytes) -> None:
        with self._sending:
            self.wfile.write(data)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.connections: queue.Queue[_Handler] = queue.Queue()


class Connection:
    """One WebSocket of the bot, as a test holds it."""

    def __init__(self, handler: _Handler) -> None:
        self._handler = handler

    def send(self, envelope: Envelope) -> None:
        self._handler.send(envelope)

    def next_said(self, timeout_s: float = WAIT_S) -> Envelope:
        """The next message of the client, such as an acknowledgement."""
        return self._handler.said.get(timeout=timeout_s)

    def said_nothing_more(self) -> bool:
        return self._handler.said.empty()

    def ask_to_reconnect(self) -> None:
        """Slack refreshes each connection every few hours."""
        self._handler.send({"type": "disconnect", "reason": "refresh_requested", "debug_info": {"host": "here"}})

    def close(self) -> None:
        self._handler.close()

    def cut(self) -> None:
        self._handler.cut()


class Socket:
    """The WebSocket server. `url` is what `apps.connections.open` gives out."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self.url = f"ws://127.0.0.1:{server.server_address[1]}/link/?ticket=1"

    def next_connection(self, timeout_s: float = WAIT_S) -> Connection:
        return Connection(self._server.connections.get(timeout=timeout_s))


@contextmanager
def listening() -> Iterator[Socket]:
    server = _Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield Socket(server)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
