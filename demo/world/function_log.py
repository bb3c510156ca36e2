"""What Lambda writes to CloudWatch Logs for a function that fails.

Lines go straight to moto's store, and of many failures of one moment only one is told: through the API, a simulated
hour would cost thousands of calls. https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
"""

from __future__ import annotations

import random
from datetime import UTC, datetime

from moto.logs.models import LogEvent, logs_backends


class FunctionLog:
    """One region's ``/aws/lambda/`` log groups, each with a stream for each version."""

    def __init__(self, account: str, region: str, rng: random.Random) -> None:
        self._backend = logs_backends[account][region]
        self._rng = rng
        self._told: dict[str, float] = {}

    def failed(self, name: str, version: str, at: float, text: str) -> None:
        """What Lambda says itself begins with the time and the request; what the runtime says of an error does not."""
        if self._told.get(name) == at:
            return
        self._told[name] = at
        group = self._backend.groups.get(f"/aws/lambda/{name}")
        if group is None:
            group = self._backend.create_log_group(f"/aws/lambda/{name}", {})
        day = datetime.fromtimestamp(at, UTC)
        stream = f"{day:%Y/%m/%d}/[{version}]c6f1b0d2e8a94f53"
        if stream not in group.streams:
            group.create_log_stream(stream)
        request = f"{self._rng.getrandbits(32):08x}-6a1d-4c9e-9c40-{self._rng.getrandbits(48):012x}"
        message = text if text.startswith("[ERROR]") else f"{day:%Y-%m-%dT%H:%M:%S.000Z} {request} {text}"
        moment = int(at * 1000)
        group.streams[stream].events.append(LogEvent(moment, {"timestamp": moment, "message": message}))
