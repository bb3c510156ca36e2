"""What is kept of many lines: numbers of all of them, and a few to quote."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from diagnostics.app_logs.recognition import Recognised, recognise
from diagnostics.facts import LogLine, LogSignature, SignatureCount

LAST_LINES = 6
MAX_LINES = 160
MAX_VARIANTS = 8
MAX_COUNTS = 300
MAX_TRACED = 5_000
_TELLS_APART = {
    "listening": ("address", "port"),
    "dependency-unreachable": ("host", "port"),
    "ready": ("version", "worker"),
    "request": ("path", "status"),
}
"""Signatures of which one line is not like the other: details by which they are kept apart."""
_FIRST: tuple[LogSignature | None, ...] = ("listening", "entrypoint", "crash", "out-of-memory", "worker-timeout")
_LAST: tuple[LogSignature | None, ...] = ("request", None)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where lines come from. `ended`: this task's last lines matter, whatever they say."""

    log_group: str
    stream: str = ""
    container: str | None = None
    task: str | None = None
    ended: bool = False


@dataclass(frozen=True, slots=True)
class _Line:
    at: datetime
    origin: Origin
    found: Recognised

    def shown(self) -> LogLine:
        return LogLine(
            at=self.at,
            text=self.found.shown(),
            log_group=self.origin.log_group,
            stream=self.origin.stream,
            container=self.origin.container,
            task=self.origin.task,
            signature=self.found.signature,
            runtime=self.found.runtime,
            details=dict(self.found.details or {}),
            trace_id=self.found.trace_id,
        )


@dataclass(slots=True)
class _Kept:
    """The first and the last line of one kind, and how many there were."""

    first: _Line
    last: _Line
    count: int = 0

    def add(self, line: _Line) -> None:
        self.count += 1
        self.first = min(self.first, line, key=lambda one: one.at)
        self.last = max(self.last, line, key=lambda one: one.at)


_Kind = tuple[LogSignature, str | None, str | None]


@dataclass(slots=True)
class LogTally:
    """Takes lines in any order, each once. Text is redacted when it is shown, so that a line that nobody quotes costs
    nothing."""

    lines_read: int = 0
    with_trace: int = 0
    _seen: set[int] = field(default_factory=set)
    _kinds: dict[_Kind, dict[str, _Kept]] = field(default_factory=dict)
    _ends: dict[Origin, list[_Line]] = field(default_factory=dict)
    _traced: dict[str, _Line] = field(default_factory=dict)

    def add(self, at: datetime, text: str, origin: Origin) -> None:
        mark = hash((at, text, origin.log_group, origin.stream))
        if mark in self._seen:
            return
        self._seen.add(mark)
        self.lines_read += 1
        line = _Line(at, origin, recognise(text))
        if line.found.trace_id:
            self.with_trace += 1
            if len(self._traced) < MAX_TRACED:
                self._traced[line.found.trace_id] = line
        if origin.ended and line.found.text.strip():
            # Readers come from the end, so that of two lines of one moment this one was written before.
            self._ends[origin] = sorted([line, *self._ends.get(origin, ())], key=lambda one: one.at)[-LAST_LINES:]
        if line.found.signature is not None:
            self._count(line.found.signature, line)

    def counts(self) -> tuple[SignatureCount, ...]:
        found = [
            SignatureCount(
                signature=signature,
                container=container,
                task=task,
                count=sum(kept.count for kept in variants.values()),
                first_at=min(kept.first.at for kept in variants.values()),
                last_at=max(kept.last.at for kept in variants.values()),
            )
            for (signature, container, task), variants in self._kinds.items()
        ]
        return tuple(sorted(found, key=lambda one: (one.signature in _LAST, -one.count)))[:MAX_COUNTS]

    def lines(self, traces: Iterable[str] = ()) -> tuple[LogLine, ...]:
        """A bounded choice in order of time; those with one of these trace ids come before all others."""
        chosen: dict[int, _Line] = {}
        for line in (*self._with(traces), *self._of_kinds(), *(line for end in self._ends.values() for line in end)):
            if len(chosen) < MAX_LINES:
                chosen.setdefault(id(line), line)
        return tuple(line.shown() for line in sorted(chosen.values(), key=lambda one: one.at))

    def _count(self, signature: LogSignature, line: _Line) -> None:
        variants = self._kinds.setdefault((signature, line.origin.container, line.origin.task), {})
        variant = _variant(signature, line.found.details or {})
        if variant not in variants and len(variants) >= MAX_VARIANTS:
            variant = next(iter(variants))
        variants.setdefault(variant, _Kept(line, line)).add(line)

    def _with(self, traces: Iterable[str]) -> Iterator[_Line]:
        return (self._traced[trace] for trace in traces if trace in self._traced)

    def _of_kinds(self) -> Iterator[_Line]:
        for (signature, _, _), variants in sorted(self._kinds.items(), key=lambda kind: _rank(kind[0][0])):
            for kept in variants.values():
                yield kept.first
                if signature not in _LAST:
                    yield kept.last


def _variant(signature: LogSignature, details: Mapping[str, str]) -> str:
    return " ".join(details.get(name, "") for name in _TELLS_APART.get(signature, ()))


def _rank(signature: LogSignature) -> int:
    return 0 if signature in _FIRST else 2 if signature in _LAST else 1
