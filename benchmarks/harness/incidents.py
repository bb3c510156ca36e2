"""Many incidents, each in an account of its own, behind one endpoint that costs next to nothing.

Each call is answered by the simulated AWS once; later ones that ask the same get the same bytes. Time stands still in
these worlds, so the times that are asked about do not matter. Prints the environment that leads there.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from io import BytesIO
from typing import Any, Final

from benchmarks.harness.child import serve_parent
from demo import scenarios
from demo.aws import server
from demo.aws.layer import AwsLayer
from demo.aws.wire import identify
from demo.running import build

SCENARIOS: Final = (
    "security-group-revoked",
    "crash-loop-after-deploy",
    "oom-after-deployment",
    "lambda-timeout",
    "keep-alive-race",
    "port-mismatch-kill-loop",
    "instance-stopped",
    "all-well",
    "nacl-blocked",
    "target-5xx",
    "image-pull-failed",
    "cpu-saturated",
)
REGION: Final = "us-east-1"
TIMES: Final = frozenset({"StartTime", "EndTime", "startTime", "endTime", "startDate", "endDate"})
FIRST_ACCOUNT: Final = 300_000_000_001

Answer = tuple[str, list[tuple[str, str]], bytes]


class Recorded(AwsLayer):
    """A WSGI application in front of the worlds, by account."""

    def __init__(self, worlds: Mapping[str, AwsLayer], latency_ms: float) -> None:
        super().__init__()
        self._worlds = worlds
        self._latency_s = latency_ms / 1000
        self._answers: dict[tuple[str, ...], Answer] = {}
        self._lock = threading.Lock()
        self.count = 0

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        body = environ["wsgi.input"].read()
        environ["wsgi.input"] = BytesIO(body)
        call = identify(environ)
        asked = {name: value for name, value in call.params.items() if name not in TIMES}
        name = (call.account, call.region, call.service, call.operation, repr(asked))
        with self._lock:
            self.count += 1
            if name not in self._answers:
                environ["wsgi.input"] = BytesIO(body)
                self._answers[name] = _answer(self._worlds[call.account], environ)
            status, headers, text = self._answers[name]
        time.sleep(self._latency_s)
        start_response(status, headers)
        return [text]


def _answer(world: AwsLayer, environ: dict[str, Any]) -> Answer:
    head: list[tuple[str, list[tuple[str, str]]]] = []
    chunks = world(environ, lambda status, headers: head.append((status, headers)))
    status, headers = head[0]
    return status, headers, b"".join(chunks)


def account_of(number: int) -> str:
    return str(FIRST_ACCOUNT + number)


def name_of(number: int) -> str:
    return f"shop-{number:02d}"


def question(number: int) -> str:
    """The words of the so many-th question: another incident each time, and another time to look back each round."""
    incident, round_ = number % len(SCENARIOS), number // len(SCENARIOS)
    return f"{scenarios.load(SCENARIOS[incident]).target} in {name_of(incident)} since {45 + round_ % 30}m"


def main(latency_ms: float) -> None:
    present = time.time()
    worlds = {
        account_of(number): build(name, present=present, account=account_of(number)).layer
        for number, name in enumerate(SCENARIOS)
    }
    accounts = [
        {
            "name": name_of(number),
            "id": account_of(number),
            "regions": [REGION],
            "read_role": f"arn:aws:iam::{account_of(number)}:role/alb502-read",
        }
        for number in range(len(SCENARIOS))
    ]
    recorded = Recorded(worlds, latency_ms)
    with server.start(recorded) as endpoint:
        environment = server.environment(endpoint.endpoint_url, REGION, account_of(0))
        serve_parent({**environment, "ALB502_ACCOUNTS": json.dumps(accounts)}, lambda _: recorded.count)


if __name__ == "__main__":
    main(float(sys.argv[1]))
