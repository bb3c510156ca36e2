"""What is known of the server in a container, as far as its task definition and its log show which one it is: how long
it keeps an idle connection open, when it kills a worker, how it ends without losing a request, which hosts it refuses.

A default is what the server does unless somebody set it otherwise where nobody can look from outside: in code, in a
configuration file inside the image. So only a flag or a variable is certain; a line of the log tells the server and
its version, and thus which default.
Why it matters: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html
(the application's idle timeout should be larger than the load balancer's).

One file for each group of servers, found by its place: ``RANK`` (lower is asked first: what the command says comes
before what the image is called), and where they make sense ``keep_alive`` from the task definition with ``SETTINGS`` by
how a runtime's name begins, ``heard`` from the log and ``worker_timeout``. By how a name begins, too:
``SHUTDOWNS``, ``WORKERS`` (``{s}`` are the seconds) and ``HOSTS`` (``{path}`` is the health check's), each with the
exact lines; ``program`` names a server of which nothing is known about idle connections, ``framework`` what may refuse
a host.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from functools import cache
from types import ModuleType

from diagnostics.facts import ContainerDefinition, LogLine
from diagnostics.rules.runtimes.proxies import FRONTS
from diagnostics.rules.runtimes.server import Banner, KeepAlive, Seen, Shutdown, WorkerTimeout

__all__ = [
    "KeepAlive",
    "Shutdown",
    "WorkerTimeout",
    "host_lines_of",
    "keep_alive_of",
    "shutdown_of",
    "worker_lines_of",
    "worker_timeout_of",
]


def keep_alive_of(container: ContainerDefinition, lines: Iterable[LogLine] = ()) -> KeepAlive | None:
    """None: what runs in it cannot be recognised. `lines` are those of the container's log."""
    seen, banner = Seen.of(container), Banner.of(lines)
    groups = [group for group in _groups() if hasattr(group, "keep_alive")]
    shown = next((found for group in groups if (found := group.keep_alive(seen))), None)
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


def shutdown_of(container: ContainerDefinition, lines: Iterable[LogLine] = ()) -> Shutdown:
    """Empty `lines`: what runs in it cannot be recognised, or nothing is known of it."""
    seen, banner = Seen.of(container), Banner.of(lines := tuple(lines))
    unheard = seen.keeps_sigterm()
    for name, where in _names(container, seen, banner, lines):
        runtime, found = _longest("SHUTDOWNS", name)
        if found:
            return Shutdown(runtime=runtime, lines=found, where=where, unheard=unheard)
    return Shutdown(unheard=unheard)


def worker_lines_of(runtime: str, at_most_s: float) -> str:
    """What lets a worker of this server take that long; empty where nothing is known."""
    return _longest("WORKERS", runtime)[1].format(s=f"{at_most_s:g}")


def host_lines_of(container: ContainerDefinition | None, refused_by: str | None, path: str) -> tuple[str, str]:
    """What refuses hosts, and the lines that let the health check's through; empty where it cannot be recognised.

    `refused_by` wrote that it refused one.
    """
    seen = Seen.of(container) if container else None
    groups = (group for group in _groups() if hasattr(group, "framework"))
    shown = (found for group in groups if seen and (found := group.framework(seen)))
    for name in (refused_by or "", *shown):
        if name and (found := _longest("HOSTS", name)[1]):
            return name, found.replace("{path}", path)
    return "", ""


@cache
def _groups() -> tuple[ModuleType, ...]:
    modules = [importlib.import_module(one.name) for one in pkgutil.iter_modules(__path__, f"{__name__}.")]
    return tuple(sorted((one for one in modules if hasattr(one, "RANK")), key=lambda one: int(one.RANK)))


def _with_setting(found: KeepAlive | None) -> KeepAlive | None:
    if found is None:
        return None
    return found.model_copy(update={"setting": _longest("SETTINGS", found.runtime)[1]})


def _longest(table: str, runtime: str) -> tuple[str, str]:
    """The entry whose key is the longest beginning of this name; empty where none is."""
    entries = (pair for group in _groups() for pair in getattr(group, table, {}).items())
    return max(
        (pair for pair in entries if runtime.startswith(pair[0])), key=lambda pair: len(pair[0]), default=("", "")
    )


def _names(
    container: ContainerDefinition, seen: Seen, banner: Banner, lines: tuple[LogLine, ...]
) -> Iterator[tuple[str, str]]:
    """What may run in it, with what tells so, the surest first."""
    fronts, behind = FRONTS & banner.quotes.keys(), banner.quotes.keys() - FRONTS
    if fronts and behind:
        return  # two servers in one container: which of them gets the signal is decided by what starts both
    if found := keep_alive_of(container, lines):
        yield found.runtime, found.where
    for group in _groups():
        if hasattr(group, "program") and (name := group.program(seen)):
            yield name, seen.word(name)
    yield from ((name, banner.where(name)) for name in sorted(banner.quotes))
    said = sorted({line.runtime for line in lines if line.runtime})
    yield from ((name, "its log") for name in said)
