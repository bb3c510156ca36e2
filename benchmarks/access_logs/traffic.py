"""Generated access log files: seeded, one per node and five minutes as the load balancer delivers them.

Fields, order and the times that are -1 in which failure:
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
"""

from __future__ import annotations

import gzip
import multiprocessing
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

START = datetime(2026, 3, 14, 3, 0, tzinfo=UTC)
INTERVAL = timedelta(minutes=5)
LINES_PER_FILE = 250_000
PROCESSES = 2
FIELD_COUNTS = (30, 33, 34)
"""How many fields the files have: what older and newer load balancers write."""
ACCOUNT = "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup"
OWN_GROUP = f"{ACCOUNT}/checkout/0123456789abcdef"
OTHER_GROUP = f"{ACCOUNT}/search/fedcba9876543210"
LOAD_BALANCER = "app/shop/50dc6c495c0c9188"
OWN_TARGETS = tuple(f"10.0.{zone}.{host}:8080" for zone in (1, 2, 3) for host in (11, 12, 13, 14))
OTHER_TARGETS = ("10.0.1.201:9000", "10.0.2.201:9000", "[2001:db8:1::5]:9000")
ZONES = {f"10.0.{zone}.{host}": f"us-east-1{'abc'[zone - 1]}" for zone in (1, 2, 3) for host in range(11, 15)}
AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 "
        "Mobile/15E148 Safari/604.1"
    ),
    "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
    "okhttp/4.12.0",
    "curl/8.14.1",
    'Odd \\"quoted\\" agent/1.0',
)
AGENT_WEIGHTS = (450, 300, 150, 60, 39, 1)
PATHS = (
    "/",
    "/cart",
    "/cart/items/{n}",
    "/api/v2/orders/{n}",
    "/api/v2/orders/{n}/lines",
    "/search?q=shoe+{n}",
    "/img/{n}.webp",
)
METHODS = ("GET", "GET", "GET", "GET", "POST", "PUT")


@dataclass(frozen=True, slots=True)
class Outcome:
    """Times as logged, status of the load balancer and of the target, what was done, and how long it took."""

    times: str
    elb_status: int
    target_status: str
    actions: str = "forward"
    error_reason: str = "-"
    has_target: bool = True
    has_group: bool = True
    elapsed_s: float = 0.02


SLOW = Outcome("0.001 -1 -1", 504, "-", elapsed_s=60.003)
CLOSED = Outcome("0.001 0.004 -1", 502, "-")
REFUSED = Outcome("-1 -1 -1", 502, "-", elapsed_s=0.003)
UNREACHABLE = Outcome("-1 -1 -1", 504, "-", elapsed_s=10.002)
EMPTY_GROUP = Outcome("-1 -1 -1", 503, "-", has_target=False, elapsed_s=0.001)
TARGET_ERROR = Outcome("0.001 0.120 0.000", 503, "503")
FIXED = Outcome("-1 -1 -1", 503, "-", "fixed-response", has_target=False, has_group=False, elapsed_s=0.0)
BLOCKED = Outcome("0.004 -1 -1", 403, "-", "waf", has_target=False, has_group=False)
GONE = Outcome("0.001 -1 -1", 460, "-", elapsed_s=5.001)
LAMBDA = Outcome("0.000 0.101 0.000", 502, "-", "forward", "LambdaInvalidResponse", has_target=False)
OUTCOMES = (SLOW, CLOSED, REFUSED, UNREACHABLE, EMPTY_GROUP, TARGET_ERROR, FIXED, BLOCKED, GONE, LAMBDA)
OUTCOME_WEIGHTS = (20, 30, 10, 10, 5, 12, 4, 20, 8, 1)
ERROR_SHARE = 0.012


@dataclass(frozen=True, slots=True)
class LogFile:
    """One file to be written: which part of the traffic, and how many lines of it."""

    path: Path
    number: int
    lines: int
    seed: int


def write_files(directory: Path, lines: int, seed: int = 502) -> list[Path]:
    """Writes `lines` lines as gzip files of at most LINES_PER_FILE, each the same for the same seed."""
    counts = [min(LINES_PER_FILE, lines - start) for start in range(0, lines, LINES_PER_FILE)]
    files = [
        LogFile(directory / f"access-{number:03d}.log.gz", number, count, seed) for number, count in enumerate(counts)
    ]
    with multiprocessing.Pool(PROCESSES) as pool:
        return pool.map(_write, files, chunksize=1)


def _write(file: LogFile) -> Path:
    with gzip.open(file.path, "wt", compresslevel=6, encoding="utf-8") as stream:
        stream.writelines(f"{line}\n" for line in generated_lines(file.number, file.lines, file.seed))
    return file.path


def generated_lines(number: int, lines: int, seed: int = 502) -> Iterator[str]:
    """The lines of file `number`: in order of time, about ERROR_SHARE of them errors of several kinds."""
    rng = random.Random(f"{seed}/{number}")  # noqa: S311 - made-up traffic
    fields = FIELD_COUNTS[number % len(FIELD_COUNTS)]
    begin = START + INTERVAL * (number // 2)
    node = f"10.0.{1 + number % 3}.7"
    clients = [
        f"{rng.randrange(1, 223)}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"
        for _ in range(3000)
    ]
    for position in range(lines):
        ended = begin + INTERVAL * (position / lines)
        yield _line(rng, ended, clients, node, fields)


def _line(rng: random.Random, ended: datetime, clients: list[str], node: str, fields: int) -> str:
    own = rng.random() < 0.8
    if rng.random() < ERROR_SHARE:
        outcome = rng.choices(OUTCOMES, OUTCOME_WEIGHTS)[0]
    else:
        latency_s = rng.lognormvariate(-3.2, 0.9)
        outcome = Outcome(f"0.001 {latency_s:.3f} 0.000", status := _status(rng), str(status), elapsed_s=latency_s)
    target = rng.choice(OWN_TARGETS if own else OTHER_TARGETS) if outcome.has_target else "-"
    group = (OWN_GROUP if own else OTHER_GROUP) if outcome.has_group else "-"
    path = rng.choice(PATHS).format(n=rng.randrange(1, 2_000_000))
    target_status = outcome.target_status
    created = ended - timedelta(seconds=outcome.elapsed_s)
    line = (
        f"h2 {_iso(ended)} {LOAD_BALANCER} {rng.choice(clients)}:{rng.randrange(1024, 65536)} {target} {outcome.times} "
        f"{outcome.elb_status} {target_status} {rng.randrange(60, 900)} {rng.randrange(120, 40_000)} "
        f'"{rng.choice(METHODS)} https://shop.example.com:443{path} HTTP/2.0" '
        f'"{rng.choices(AGENTS, AGENT_WEIGHTS)[0]}" TLS_AES_128_GCM_SHA256 TLSv1.3 {group} '
        f'"Root=1-{int(created.timestamp()):08x}-{rng.getrandbits(96):024x}" "shop.example.com" "session-reused" '
        f'{10 if outcome.has_group else 0} {_iso(created)} "{outcome.actions}" "-" "{outcome.error_reason}" "{target}" '
        f'"{target_status}" "-" "-" TID_{rng.getrandbits(128):032x}'
    )
    if fields > 30:
        line += ' "-" "-" "-"'
    return f"{line} {node}" if fields > 33 else line


def _status(rng: random.Random) -> int:
    return rng.choices((200, 304, 302, 404), (930, 30, 20, 20))[0]


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
