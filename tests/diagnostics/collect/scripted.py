"""A reader that answers from a script, and small facts to collect with it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from diagnostics.aws_access import CallMeter, Pages, Reader
from diagnostics.aws_access.observing import Nobody
from diagnostics.facts import Gap
from diagnostics.snapshot import Subject, Window

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
WINDOW = Window(start=NOW - timedelta(hours=1), end=NOW)
ACCOUNT = "111122223333"
ARN = f"arn:aws:elasticloadbalancing:us-east-1:{ACCOUNT}"
BALANCER = f"{ARN}:loadbalancer/app/public/1111111111111111"
GROUP = f"{ARN}:targetgroup/checkout/2222222222222222"
SUBJECT = Subject(
    query="checkout",
    kind="ecs-service",
    account=ACCOUNT,
    region="us-east-1",
    load_balancers=(BALANCER,),
    target_groups=(GROUP,),
    cluster="prod",
    service="checkout",
)
Script = Callable[[str, dict[str, Any]], Pages]


class ScriptedReader(Reader):
    """Asks `script` with the operation and its parameters; remembers what was asked and how much at once."""

    def __init__(self, script: Script, parallel_per_service: int = 8) -> None:
        self.account_id = ACCOUNT
        self.account_name = None
        self.region = "us-east-1"
        self.meter = CallMeter()
        self.observer = Nobody()
        self.parallel_per_service = parallel_per_service
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.most_at_once = 0
        self._script = script
        self._now = 0
        self._lock = threading.Lock()

    def pages(self, service: str, operation: str, key: str, /, **params: Any) -> Pages:
        for own in ("max_pages", "resource", "missing", "may_lack_key"):
            params.pop(own, None)
        with self._lock:
            self.asked.append((operation, params))
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        try:
            return self._script(operation, params)
        finally:
            with self._lock:
                self._now -= 1
            self.meter.record(f"{service}:{operation}", 0.01)


def answered(*items: Any) -> Pages:
    return Pages(items=items, calls=1)


def refused(action: str = "ecs:ListTasks", kind: Any = "denied") -> Pages:
    return Pages(gaps=(Gap(action=action, resource="*", error="AccessDenied", kind=kind),), calls=1)
