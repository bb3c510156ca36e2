"""How a container image behaves once it runs.

Behaviour belongs to the image, so another deployment changes it and a roll-back mends it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any


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
    `closes_share` is the share of requests on which it closes the connection instead of answering.
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

    pull_error: str | None = None
    init_error: str | None = None
    start_error: str | None = None
    container_healthy: bool = True

    def answer(self, path: str, *, host_is_ip: bool) -> Answer:
        """The response to one GET; an unknown route is a 404, as most frameworks do."""
        if host_is_ip and self.status_for_ip_host is not None:
            return Answer(self.status_for_ip_host, self.latency_s)
        plain = path.partition("?")[0]
        for pattern, given in self.routes.items():
            if fnmatchcase(plain, pattern):
                return given if isinstance(given, Answer) else Answer(given, self.latency_s)
        return Answer(404, self.latency_s)

    def listens_on(self, environment: Mapping[str, str]) -> frozenset[int]:
        """The ports of the process in a container with these environment variables."""
        given = environment.get(self.port_variable, "")
        return frozenset({int(given) if given.isdigit() else self.port, *self.more_ports})


PLAIN = App()
"""A web application without faults."""


class AppCatalogue:
    """Images by name; an image that nobody described behaves like a plain healthy web application."""

    def __init__(self) -> None:
        self._apps: dict[str, App] = {}

    def __getitem__(self, image: str) -> App:
        return self._apps.get(image, PLAIN)

    def __setitem__(self, image: str, app: App) -> None:
        self._apps[image] = app

    def __contains__(self, image: str) -> bool:
        return image in self._apps

    def change(self, image: str, **attributes: Any) -> None:
        """Makes running copies of an image behave differently from now on (a dependency went away, a disk is full)."""
        self._apps[image] = replace(self[image], **attributes)
