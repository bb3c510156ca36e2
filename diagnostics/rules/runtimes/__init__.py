"""How long the server in a container keeps an idle connection open, as far as its task definition and its log show it.

A default is what the server does unless somebody set it otherwise where nobody can look from outside: in code, in a
configuration file inside the image. So only a flag or a variable is certain; a line of the log tells the server and
its version, and thus which default.
Why it matters: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html
(the application's idle timeout should be larger than the load balancer's).

One file for each group of servers, found by its place: ``RANK`` (lower is asked first: what the command says comes
before what the image is called), ``SETTINGS`` by how a runtime's name begins, and ``keep_alive`` from the task
definition; where they make sense, ``heard`` from the log and ``worker_timeout``.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from functools import cache
from types import ModuleType

from diagnostics.facts import ContainerDefinition, LogLine
from diagnostics.rules.runtimes.proxies import FRONTS
from diagnostics.rules.runtimes.server import Banner, KeepAlive, Seen, WorkerTimeout

__all__ = ["KeepAlive", "WorkerTimeout", "keep_alive_of", "worker_timeout_of"]


def keep_alive_of(container: ContainerDefinition, lines: Iterable[LogLine] = ()) -> KeepAlive | None:
    """None: what runs in it cannot be recognised. `lines` are those of the container's log."""
    seen, banner = Seen.of(container), Banner.of(lines)
    shown = next((found for group in _groups() if (found := group.keep_alive(seen))), None)
    if shown and (shown.basis == "configured" or shown.runtime in FRONTS):
        return _with_setting(shown)
    if FRONTS & banner.quotes.keys():
        return None
    heard = next((found for group in _groups() if hasattr(group, "heard") and (found := group.heard(banner))), None)
    return _with_setting(heard or shown)


def worker_timeout_of(container: ContainerDefinition) -> WorkerTimeout | None:
    """Gunicorn kills a worker after 30 s without a sign of life unless told otherwise; uWSGI when it was told to."""
    seen = Seen.of(container)
    groups = (group for group in _groups() if hasattr(group, "worker_timeout"))
    return next((found for group in groups if (found := group.worker_timeout(seen))), None)


@cache
def _groups() -> tuple[ModuleType, ...]:
    modules = [importlib.import_module(one.name) for one in pkgutil.iter_modules(__path__, f"{__name__}.")]
    return tuple(sorted((one for one in modules if hasattr(one, "RANK")), key=lambda one: int(one.RANK)))


def _with_setting(found: KeepAlive | None) -> KeepAlive | None:
    if found is None:
        return None
    settings = [pair for group in _groups() for pair in group.SETTINGS.items() if found.runtime.startswith(pair[0])]
    setting = max(settings, key=lambda pair: len(pair[0]), default=("", ""))[1]
    return found.model_copy(update={"setting": setting})
