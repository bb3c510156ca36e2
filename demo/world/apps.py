"""How a container image behaves once it runs.

Behaviour belongs to the image, so another deployment changes it and a roll-back mends it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any

MILLISECONDS_FROM = 1000
"""Times as large as this are not seconds."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one route answers, and after how many seconds."""

    status: int = 200
    latency_s: float = 0.02


@dataclass(frozen=True, slots=True)
class App:
    """One image. All durations are seconds, memory is MiB.

    `port` is where the process listens, unless the task definition sets the environment variable `port_variable`;
    `more_ports` are open as well. With `loopback_only` it accepts connections from its own host only.
    `memory_mib` is the working set it grows to within `memory_grows_for_s`; a smaller limit gets it killed.
    `stops_in_s` is the time from SIGTERM to exit; longer than the container's stop timeout means SIGKILL.
    `closes_share` is the share of requests on which it closes the connection instead of answering; with `keep_alive_s`
    only while the load balancer keeps idle connections for as long as it does, or longer. The task definition may set
    another time, with `keep_alive_variable` in the environment or `keep_alive_flag` in the command.
    `says` is the line in which it tells where it listens.
    With `needs_cpu`, a task with fewer CPU units is at its limit, and its answers are those of `starved`.
    With `logs_slower_than_s` it writes how long its slower routes take, as far as `routes` names them in full.
    """

    port: int = 8080
    port_variable: str = "PORT"
    more_ports: tuple[int, ...] = ()
    loopback_only: bool = False
    tls: bool = False
    routes: Mapping[str, int | Answer] = field(default_factory=lambda: {"*": 200})
    latency_s: float = 0.02
    status_for_ip_host: int | None = None
    closes_share: float = 0.0
    keep_alive_s: float | None = None
    keep_alive_variable: str = "KEEP_ALIVE_TIMEOUT"
    keep_alive_flag: str = "--timeout-keep-alive"
    says: str = "{name} is listening on {address}:{port}"
    logs_slower_than_s: float | None = None

    pull_s: float = 12.0
    boot_s: float = 10.0
    stops_in_s: float = 2.0
    exit_on_sigterm: int = 0
    crash_after_s: float | None = None
    exit_code: int = 1
    exit_reason: str | None = None

    memory_mib: int = 220
    memory_grows_for_s: float = 45.0
    cpu_percent: float = 14.0
    needs_cpu: int = 0
    starved: Mapping[str, int | Answer] = field(default_factory=dict)

    pull_error: str | None = None
    init_error: str | None = None
    start_error: str | None = None
    container_healthy: bool = True

    def answer(self, path: str, *, host_is_ip: bool, cpu_units: int | None = None) -> Answer:
        """The response to one GET; an unknown route is a 404, as most frameworks do."""
        if host_is_ip and self.status_for_ip_host is not None:
            return Answer(self.status_for_ip_host, self.latency_s)
        plain = path.partition("?")[0]
        short = cpu_units is not None and cpu_units < self.needs_cpu
        for pattern, given in (self.starved if short else self.routes).items():
            if fnmatchcase(plain, pattern):
                return given if isinstance(given, Answer) else Answer(given, self.latency_s)
        return Answer(404, self.latency_s)

    def cpu_used(self, cpu_units: int) -> float:
        """In per cent of what a task with so many units has."""
        return 100.0 * self.needs_cpu / max(cpu_units, 1) if self.needs_cpu else self.cpu_percent

    def listens_on(self, environment: Mapping[str, str]) -> frozenset[int]:
        """The ports of the process in a container with these environment variables."""
        given = environment.get(self.port_variable, "")
        return frozenset({int(given) if given.isdigit() else self.port, *self.more_ports})

    def closes_within(self, idle_s: float, environment: Mapping[str, str], command: Sequence[str]) -> bool:
        """Whether it gives a connection up before whoever waits for `idle_s` does."""
        if self.keep_alive_s is None:
            return True
        words = " ".join(command).replace("=", " ").split()
        told = words[words.index(self.keep_alive_flag) + 1 :][:1] if self.keep_alive_flag in words else []
        numbers = [int(text) for text in (*told, environment.get(self.keep_alive_variable, "")) if text.isdigit()]
        kept = numbers[0] if numbers else self.keep_alive_s
        return (kept / 1000 if kept >= MILLISECONDS_FROM else kept) <= idle_s


PLAIN = App()
"""A web application without faults."""


class AppCatalogue:
    """Images by name; an image that nobody described behaves like a plain healthy web application."""

    def __init__(self) -> None:
        self._apps: dict[str, App] = {}
        self.version = 0
        """Changes with every description."""

    def __getitem__(self, image: str) -> App:
        return self._apps.get(image, PLAIN)

    def __setitem__(self, image: str, app: App) -> None:
        self._apps[image] = app
        self.version += 1

    def change(self, image: str, **attributes: Any) -> None:
        """Makes running copies of an image behave differently from now on (a dependency went away, a disk is full)."""
        self[image] = replace(self[image], **attributes)
