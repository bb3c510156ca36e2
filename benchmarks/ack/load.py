"""An open-loop load of signed Slack commands: requests leave on time, however slow the answers are."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.slack_fake import SECRET, sign

ANSWER_TIMEOUT_S = 10.0
CONNECTIONS_KEPT = 64
HTTP_OK = 200
PATH = "/slack/events"


@dataclass(frozen=True)
class Latencies:
    """Milliseconds from the planned start of each request to the last byte of its answer."""

    sent: int
    failed: int
    p50: float
    p99: float
    maximum: float


class Connections:
    """Kept connections, last used first."""

    def __init__(self, host: str, port: int) -> None:
        self._address = host, port
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def post(self, path: str, headers: dict[str, str], body: bytes) -> int:
        """The answer's status."""
        reader, writer = self._idle.pop() if self._idle else await asyncio.open_connection(*self._address)
        try:
            status = await _exchange(reader, writer, path, headers, body)
        except BaseException:
            writer.close()  # cut off in the middle: the next answer on it would be this one
            raise
        if len(self._idle) < CONNECTIONS_KEPT:
            self._idle.append((reader, writer))
        else:
            writer.close()
        return status

    def close(self) -> None:
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, headers: dict[str, str], body: bytes
) -> int:
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(head.encode() + b"\r\n" + body)
    answer = await reader.readuntil(b"\r\n\r\n")
    fields = (line.partition(b":") for line in answer.lower().split(b"\r\n"))
    await reader.readexactly(next((int(value) for name, _, value in fields if name == b"content-length"), 0))
    return int(answer.split(b" ", 2)[1])


async def run(port: int, command: Callable[[int], bytes], *, per_second: int, seconds: float) -> Latencies:
    """Sends `per_second` signed commands a second for so many seconds, and waits for every answer."""
    connections = Connections("127.0.0.1", port)
    taken_ms: list[float] = []

    async def one(number: int, planned: float) -> bool:
        body = command(number)
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                status = await connections.post(PATH, sign(body, secret=SECRET), body)
        except (OSError, EOFError):
            return False
        taken_ms.append((time.perf_counter() - planned) * 1000)
        return status == HTTP_OK

    start = time.perf_counter()
    sent: list[asyncio.Task[bool]] = []
    for number in range(round(per_second * seconds)):
        planned = start + number / per_second
        await asyncio.sleep(max(0.0, planned - time.perf_counter()))
        sent.append(asyncio.create_task(one(number, planned)))
    answered = await asyncio.gather(*sent)
    connections.close()
    return _summary(taken_ms, answered.count(False))


def _summary(taken_ms: list[float], failed: int) -> Latencies:
    if len(taken_ms) < 2:
        return Latencies(len(taken_ms), failed, float("nan"), float("nan"), float("nan"))
    ranks = statistics.quantiles(taken_ms, n=100, method="inclusive")
    return Latencies(len(taken_ms), failed, ranks[49], ranks[98], max(taken_ms))
