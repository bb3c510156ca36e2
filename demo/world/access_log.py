"""Access log rows and the files that they are delivered in.

Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html (34 fields,
file names) and the troubleshooting page for which times are -1 in which failure.
"""

from __future__ import annotations

import gzip
import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from moto.s3.models import s3_backends

from demo.world.balancers import Action, Request, dimension
from demo.world.nodes import Node
from demo.world.probe import CONNECT_TIMEOUT_S, Kind, Outcome
from demo.world.timing import Timing

INTERVAL_S = 300
DELIVERY_S = 60.0
"""How long after the end of an interval its file appears."""
MAX_ROWS_WAITING = 200_000
CLIENTS = ("203.0.113.24", "203.0.113.87", "198.51.100.31", "192.0.2.144")
VARYING = "\0"
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The target that got a request: `address:port`, its zone, and whether it got it because none is healthy."""

    endpoint: str
    zone: str
    failed_open: bool


@dataclass(frozen=True, slots=True, eq=False)
class Handled:
    """How a load balancer finished a request: all requests that end alike share one, with a latency each.

    `balancer` is its ARN. Two are the same only when they are one object: thousands are counted by it.
    """

    balancer: str
    node: Node
    request: Request
    action: Action
    group: str | None
    chosen: Chosen | None
    outcome: Outcome | None
    status: int
    idle_timeout_s: float

    @property
    def generated_by_target(self) -> bool:
        return self.outcome is not None and self.outcome.kind is Kind.ANSWERED


class AccessLogs:
    """Rows of one account and region until they are delivered."""

    def __init__(self, account: str, region: str, timing: Timing, rng: random.Random) -> None:
        self._account = account
        self._region = region
        self._timing = timing
        self._rng = rng
        self._rows: dict[tuple[str, str], list[tuple[float, str]]] = defaultdict(list)
        self._lines: dict[Handled, str] = {}
        self._waiting = 0
        self._delivered_until = int(timing.now() // INTERVAL_S) * INTERVAL_S

    def write(self, balancer: Any, created: float, handled: Handled, latency_s: float) -> None:
        """Adds a row when the load balancer logs; beyond MAX_ROWS_WAITING rows are lost, as AWS also may lose some."""
        if str(balancer.attrs.get("access_logs.s3.enabled")).lower() != "true" or self._waiting >= MAX_ROWS_WAITING:
            return
        times, total_s = _times(handled, latency_s)
        ended = created + total_s
        row = self._row(created, ended, handled, times)
        self._rows[(handled.balancer, handled.node.endpoint.address)].append((ended, row))
        self._waiting += 1

    def tick(self, balancer_of: Callable[[str], Any]) -> None:
        """Delivers the intervals that ended long enough ago. `balancer_of` finds a load balancer by its ARN."""
        while self._delivered_until + INTERVAL_S + DELIVERY_S <= self._timing.now():
            self._delivered_until += INTERVAL_S
            for (arn, address), rows in self._rows.items():
                due = [text for ended, text in rows if ended < self._delivered_until]
                if due and (balancer := balancer_of(arn)) is not None:
                    self._deliver(balancer, address, due)
                self._rows[(arn, address)] = [row for row in rows if row[0] >= self._delivered_until]
            self._waiting = sum(len(rows) for rows in self._rows.values())
            self._lines.clear()

    def _deliver(self, balancer: Any, address: str, rows: list[str]) -> None:
        bucket = balancer.attrs.get("access_logs.s3.bucket")
        backend = s3_backends[self._account]["aws"]
        if bucket not in backend.buckets:
            return
        end = datetime.fromtimestamp(self._delivered_until, UTC)
        prefix = (balancer.attrs.get("access_logs.s3.prefix") or "").strip("/")
        name = dimension(balancer.arn).replace("/", ".")
        random_part = f"{self._rng.getrandbits(40):010x}"
        key = (
            f"AWSLogs/{self._account}/elasticloadbalancing/{self._region}/{end:%Y/%m/%d}/{self._account}"
            f"_elasticloadbalancing_{self._region}_{name}_{end:%Y%m%dT%H%MZ}_{address}_{random_part}.log.gz"
        )
        body = gzip.compress(("\n".join(rows) + "\n").encode(), compresslevel=1)
        backend.put_object(bucket, f"{prefix}/{key}" if prefix else key, body)

    def _row(self, created: float, ended: float, handled: Handled, times: str) -> str:
        line = self._lines.get(handled)
        if line is None:
            line = self._lines[handled] = _line(handled)
        client = f"{self._rng.choice(CLIENTS)}:{self._rng.randrange(1024, 65535)}"
        trace = f"Root=1-{int(created):08x}-{self._rng.getrandbits(96):024x}"
        conn_trace = f"TID_{self._rng.getrandbits(64):016x}"
        sent_bytes = self._rng.randrange(180, 5200)
        return line % (_iso(ended), client, times, sent_bytes, trace, _iso(created), conn_trace)


def _line(handled: Handled) -> str:
    """What the rows of requests that end alike have in common, as a format of what varies: end, client, processing
    times, bytes sent, trace id, beginning, connection trace id.
    """
    request = handled.request
    scheme = "https" if request.port == 443 else "http"
    address = handled.chosen.endpoint if handled.chosen is not None else "-"
    answered = str(handled.outcome.status) if handled.outcome and handled.generated_by_target else "-"
    cipher = "TLS_AES_128_GCM_SHA256 TLSv1.3" if scheme == "https" else "- -"
    reason = handled.outcome.reason if handled.outcome is not None else "-"
    domain = request.host if scheme == "https" else "-"
    line = (
        f"{scheme} {VARYING} {dimension(handled.balancer)} {VARYING} {address} {VARYING} "
        f"{handled.status} {answered} 312 {VARYING} "
        f'"{request.method} {scheme}://{request.host}:{request.port}{request.path} HTTP/1.1" "{AGENT}" {cipher} '
        f'{handled.group or "-"} "{VARYING}" "{domain}" "-" {handled.action.priority} {VARYING} '
        f'"{handled.action.kind}" "-" "{reason}" "{address}" "{answered}" "-" "-" {VARYING} "-" "-" "-" '
        f"{handled.node.endpoint.address}"
    )
    return line.replace("%", "%%").replace(VARYING, "%s")


def _times(handled: Handled, latency_s: float) -> tuple[str, float]:
    """Request, target and response processing time as logged, and the total in seconds."""
    outcome = handled.outcome
    if outcome is None:
        return "-1 -1 -1", 0.001
    match outcome.kind:
        case Kind.ANSWERED:
            return f"0.001 {latency_s:.3f} 0.000", latency_s + 0.001
        case Kind.CONNECT_TIMEOUT:
            return "-1 -1 -1", CONNECT_TIMEOUT_S + 0.002
        case Kind.REFUSED | Kind.TLS_FAILED:
            return "-1 -1 -1", 0.004
        case Kind.NO_RESPONSE:
            return "0.001 -1 -1", handled.idle_timeout_s + 0.003
        case Kind.FUNCTION_FAILED:
            return f"0.000 {latency_s:.3f} 0.000", latency_s + 0.001
        case Kind.CLOSED:
            worked_s = latency_s or 0.003
            return f"0.001 {worked_s:.3f} -1", worked_s + 0.002


def _iso(seconds: float) -> str:
    whole, micros = divmod(round(seconds * 1e6), 1_000_000)
    return f"{_second(whole)}.{micros:06d}Z"


@lru_cache(maxsize=INTERVAL_S)
def _second(whole: int) -> str:
    """Most rows share theirs with others."""
    return datetime.fromtimestamp(whole, UTC).isoformat().removesuffix("+00:00")
