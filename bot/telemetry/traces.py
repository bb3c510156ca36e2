"""Traces, for whoever has set OpenTelemetry's own variables: from a request of Slack to its job, its diagnosis, what is
read for it and every call. Without the setting nothing is imported and nothing is done.

Attributes are ids, codes and numbers of our own; text that others wrote is never one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Final, Literal, Protocol

import structlog

ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
NOT_INSTALLED: Final = "an OTEL endpoint is set, but no traces are sent: install alb502[traces]"

Value = str | int | float | bool
Kind = Literal["request", "job", "inside"]

_log: Final = structlog.get_logger(__name__)


class Tracing(Protocol):
    """What makes spans; `bot.telemetry.spans.Spans`. It must not raise."""

    def span(self, name: str, kind: Kind, parent: str | None) -> AbstractContextManager[None]: ...

    def begun(self, name: str) -> Callable[[str], None]: ...

    def ended(self, name: str, seconds: float, failed: str, attributes: Mapping[str, Value]) -> None: ...

    def mark(self, name: str, value: Value) -> None: ...

    def failed(self, why: str) -> None: ...

    def carrier(self) -> str | None: ...

    def trace_id(self) -> str | None: ...

    def close(self) -> None: ...


class _Switch:
    """One for the process: where spans go, if anywhere. Read once by whoever uses it: another thread may end it."""

    to: Tracing | None = None


def start(environ: Mapping[str, str], role: str) -> Callable[[], None]:
    """Begins to send traces where the environment wants it. Returns what sends the rest and ends it."""
    wanted = any(environ.get(name) for name in ENDPOINTS)
    if not wanted or environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return _nothing
    try:
        from bot.telemetry.spans import exporting
    except ImportError:
        _log.warning(NOT_INSTALLED)
        return _nothing
    use(exporting(environ, role))
    return stop


def use(tracing: Tracing | None) -> None:
    """From now on."""
    _Switch.to = tracing


def stop() -> None:
    """Sends what is left, for a few seconds at most."""
    tracing, _Switch.to = _Switch.to, None
    if tracing is not None:
        tracing.close()


@contextmanager
def span(name: str, kind: Kind = "inside", parent: str | None = None) -> Iterator[None]:
    """Everything inside belongs to it. `parent`: what `carrier` gave where the work was handed on."""
    tracing = _Switch.to
    if tracing is None:
        yield
        return
    with tracing.span(name, kind, parent):
        if kind == "inside":
            yield
            return
        with structlog.contextvars.bound_contextvars(trace_id=tracing.trace_id()):
            yield


def begun(name: str) -> Callable[[str], None]:
    """Begins a span that belongs to the present context from here on. Returns what ends it, with its result."""
    tracing = _Switch.to
    return _ignore if tracing is None else tracing.begun(name)


def ended(name: str, seconds: float, failed: str = "", attributes: Mapping[str, Value] | None = None) -> None:
    """A span that has just ended after so long. `failed`: why, in one word."""
    tracing = _Switch.to
    if tracing is not None:
        tracing.ended(name, seconds, failed, attributes or {})


def mark(name: str, value: Value) -> None:
    """An attribute of the span that is open here."""
    tracing = _Switch.to
    if tracing is not None:
        tracing.mark(name, value)


def failed(why: str) -> None:
    """The span that is open here is about something that failed, and why in one word."""
    tracing = _Switch.to
    if tracing is not None:
        tracing.failed(why)


def carrier() -> str | None:
    """What whoever goes on with this work elsewhere needs: W3C's ``traceparent``."""
    tracing = _Switch.to
    return None if tracing is None else tracing.carrier()


def _ignore(_: str) -> None:
    return None


def _nothing() -> None:
    return None
