"""Spans of OpenTelemetry. Imported only where traces are wanted: it costs start-up time and memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from bot import __version__
from bot.telemetry.logs import hidden
from bot.telemetry.traces import Kind, Value

MAX_NAME: Final = 80
MAX_TEXT: Final = 128
MAX_LOOKED_AT: Final = 4_000
CLOSE_WITHIN_S: Final = 3.0
PARENT: Final = "traceparent"
_KINDS: Final[Mapping[Kind, SpanKind]] = {
    "request": SpanKind.SERVER,
    "job": SpanKind.CONSUMER,
    "inside": SpanKind.INTERNAL,
}


def exporting(environ: Mapping[str, str], role: str) -> Spans:
    """Spans that go where the environment says; OpenTelemetry reads it itself: endpoint, headers, sampler."""
    ours: dict[str, str] = {"service.version": __version__, "alb502.role": role}
    if not environ.get("OTEL_SERVICE_NAME") and "service.name=" not in environ.get("OTEL_RESOURCE_ATTRIBUTES", ""):
        ours["service.name"] = "alb502"
    provider = TracerProvider(resource=Resource.create(ours), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Spans(provider)


class Spans:
    """Implements `bot.telemetry.traces.Tracing`."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("alb502", __version__)
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def span(self, name: str, kind: Kind, parent: str | None) -> Iterator[None]:
        above = self._propagator.extract({PARENT: parent}) if parent else None
        made = self._tracer.start_span(name[:MAX_NAME], context=above, kind=_KINDS[kind])
        try:
            with trace.use_span(made, end_on_exit=False, record_exception=False, set_status_on_exception=False):
                yield
        except BaseException as error:
            _fail(made, type(error).__name__)
            raise
        finally:
            made.end()

    def begun(self, name: str) -> Callable[[str], None]:
        made = self._tracer.start_span(name[:MAX_NAME])
        contexts.attach(trace.set_span_in_context(made))

        def end(result: str) -> None:
            made.set_attribute("alb502.result", result[:MAX_TEXT])
            made.end()

        return end

    def ended(self, name: str, seconds: float, failed: str, attributes: Mapping[str, Value]) -> None:
        now_ns = time.time_ns()
        made = self._tracer.start_span(
            name[:MAX_NAME],
            kind=SpanKind.CLIENT,
            attributes=_bounded(attributes),
            start_time=now_ns - int(seconds * 1e9),
        )
        if failed:
            _fail(made, failed)
        made.end(now_ns)

    def mark(self, name: str, value: Value) -> None:
        trace.get_current_span().set_attribute(name, _one(value))

    def failed(self, why: str) -> None:
        _fail(trace.get_current_span(), why)

    def carrier(self) -> str | None:
        found: dict[str, str] = {}
        self._propagator.inject(found)
        return found.get(PARENT)

    def trace_id(self) -> str | None:
        found = trace.get_current_span().get_span_context()
        return trace.format_trace_id(found.trace_id) if found.is_valid else None

    def close(self) -> None:
        """Whoever takes the spans may hang; the process ends all the same."""
        ending = threading.Thread(target=self._provider.shutdown, name="last-spans", daemon=True)
        ending.start()
        ending.join(CLOSE_WITHIN_S)


def _fail(made: Span, why: str) -> None:
    made.set_status(Status(StatusCode.ERROR, str(_one(why))))


def _bounded(attributes: Mapping[str, Value]) -> dict[str, Value]:
    return {name: _one(value) for name, value in attributes.items() if value != ""}


def _one(value: Value) -> Value:
    """What is cut before it is looked at can hide a secret by half."""
    return hidden(value[:MAX_LOOKED_AT])[:MAX_TEXT] if isinstance(value, str) else value
