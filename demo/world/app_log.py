"""What containers write to CloudWatch Logs: where they listen once they are up, and why they end.

Lines go straight to moto's store: through the API, a simulated hour would cost thousands of calls.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from moto.logs.models import LogEvent, LogGroup, logs_backends

from demo.world.apps import Answer, App
from demo.world.ecs.model import Container, Task

ABORTED, SEGMENTATION_FAULT = 134, 139
SLOW_AGAIN_S = 60.0


class AppLog:
    """One region's log groups, as the task definitions name them. Containers without `awslogs` are silent."""

    def __init__(self, account: str, region: str) -> None:
        self._backend = logs_backends[account][region]
        self._up: set[tuple[str, str]] = set()
        self._slow: dict[tuple[str, str], float] = {}

    def watch(self, task: Task, container: Container, app: App, age_s: float, boot_s: float, now: float) -> None:
        """Says once that a container listens, when its boot is over, and now and then which routes are slow."""
        key = (task.id, container.spec.name)
        if age_s < boot_s:
            return
        if key not in self._up:
            self._up.add(key)
            address = "127.0.0.1" if app.loopback_only else "0.0.0.0"  # noqa: S104 - words, nobody binds
            for port in sorted(app.listens_on(container.spec.environment)):
                said = app.says.format(name=container.spec.name, address=address, port=port)
                self._write(task, container, now, said)
        if app.logs_slower_than_s is not None:
            self._tell_slow_routes(task, container, app, now)

    def _tell_slow_routes(self, task: Task, container: Container, app: App, now: float) -> None:
        key, limit_s = (task.id, container.spec.name), app.logs_slower_than_s or 0.0
        if now - self._slow.get(key, 0.0) < SLOW_AGAIN_S:
            return
        self._slow[key] = now
        for path, answer in app.routes.items():
            if isinstance(answer, Answer) and answer.latency_s >= limit_s and "*" not in path:
                took_ms = answer.latency_s * 1000
                self._write(task, container, now, f"GET {path} {answer.status} {took_ms:.3f} ms - 15")

    def ended(self, task: Task, container: Container, at: float, code: int) -> None:
        """The last words of a process that ends by itself; who is killed has none."""
        for text in _last_words(code):
            self._write(task, container, at, text)

    def signalled(self, task: Task, container: Container, at: float) -> None:
        self._write(task, container, at, "received SIGTERM, closing connections")

    def _write(self, task: Task, container: Container, at: float, text: str) -> None:
        options = _options(task, container.spec.name)
        if options is None:
            return
        group = self._group(options["awslogs-group"])
        name = f"{options.get('awslogs-stream-prefix', '')}/{container.spec.name}/{task.id}"
        if name not in group.streams:
            group.create_log_stream(name)
        moment = int(at * 1000)
        group.streams[name].events.append(LogEvent(moment, {"timestamp": moment, "message": text}))

    def _group(self, name: str) -> LogGroup:
        found = self._backend.groups.get(name)
        return found if found is not None else self._backend.create_log_group(name, {})


def _options(task: Task, container: str) -> Mapping[str, str] | None:
    definitions: list[dict[str, Any]] = task.definition.document["containerDefinitions"]
    own = next((one for one in definitions if one["name"] == container), {})
    logs = own.get("logConfiguration", {})
    return logs.get("options") if logs.get("logDriver") == "awslogs" else None


def _last_words(code: int) -> Iterator[str]:
    if code == ABORTED:
        yield "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory"
    elif code == SEGMENTATION_FAULT:
        yield "Segmentation fault (core dumped)"
    elif 0 < code < ABORTED - 6:
        yield "uncaughtException: Error: the configuration is not complete"
        yield "    at main (/app/server.js:12:9)"
