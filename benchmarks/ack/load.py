"""An open-loop load of signed Slack commands: requests leave on time, however slow the answers are."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import statistics
import time
from dataclasses import dataclass
from urllib.parse import urlencode

ANSWER_TIMEOUT_S = 10.0
CONNECTIONS_KEPT = 64


@dataclass(frozen=True)
class Latencies:
    """Milliseconds from the planned start of each request to the last byte of its answer."""

    sent: int
    failed: int
    p50: float
    p99: float
    maximum: float


def signed(body: bytes, secret: str, at: int) -> dict[str, str]:
    """Headers as Slack sends them: https://docs.slack.dev/authentication/verifying-requests-from-slack."""
    digest = hmac.new(secret.encode(), b"v0:%d:%s" % (at, body), hashlib.sha256).hexdigest()
    return {
        "content-type": "application/x-www-form-urlencoded",
        "x-slack-request-timestamp": str(at),
        "x-slack-signature": f"v0={digest}",
    }


def command(number: int, response_url: str) -> bytes:
    """A slash command; each asks about another service, so that none is answered by its neighbour's diagnosis."""
    return urlencode(
        {
            "token": "unused",
            "team_id": "T0001",
            "team_domain": "example",
            "channel_id": f"C{number % 20:04d}",
            "channel_name": "incidents",
            "user_id": f"U{number % 50:04d}",
            "user_name": "oncall",
            "command": "/alb502",
            "text": f"service-{number}",
            "api_app_id": "A0001",
            "response_url": response_url,
            "trigger_id": f"{number}.1.abc",
        }
    ).encode()


class Connections:
    """Kept connections, last used first."""

    def __init__(self, host: str, port: int) -> None:
        self._address = host, port
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def post(self, path: str, headers: dict[str, str], body: bytes) -> int:
        """The answer's status."""
        reader, writer = self._idle.pop() if self._idle else await asyncio.open_connection(*self._address)
        head = f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {len(body)}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(head.encode() + b"\r\n" + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line.split(b":")[1]) for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length")),
            0,
        )
        await reader.readexactly(length)
        if len(self._idle) < CONNECTIONS_KEPT:
            self._idle.append((reader, writer))
        else:
            writer.close()
        return int(answer.split(b" ", 2)[1])


async def run(port: int, *, per_second: int, seconds: float, secret: str, response_url: str) -> Latencies:
    """Sends `per_second` commands a second for so many seconds, and waits for every answer."""
    connections = Connections("127.0.0.1", port)
    taken: list[float] = []
    failed = 0
    start = time.perf_counter()

    async def one(number: int) -> None:
        nonlocal failed
        planned = start + number / per_second
        await asyncio.sleep(max(0.0, planned - time.perf_counter()))
        body = command(number, response_url)
        headers = signed(body, secret, int(time.time()))
        try:
            status = await asyncio.wait_for(connections.post("/slack/events", headers, body), ANSWER_TIMEOUT_S)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            failed += 1
            return
        failed += status != 200
        taken.append((time.perf_counter() - planned) * 1000)

    await asyncio.gather(*(one(number) for number in range(round(per_second * seconds))))
    if not taken:
        return Latencies(0, failed, float("nan"), float("nan"), float("nan"))
    ranks = statistics.quantiles(taken, n=100, method="inclusive")
    return Latencies(len(taken), failed, ranks[49], ranks[98], max(taken))
