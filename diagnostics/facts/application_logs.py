"""What the application itself wrote, as far as it says something about requests, its start and its end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import ClassVar, Literal

from diagnostics.facts.fact import Fact, Frozen

LogSignature = Literal[
    "listening",
    "ready",
    "request",
    "shutdown",
    "crash",
    "unhandled-error",
    "entrypoint",
    "out-of-memory",
    "memory-pause",
    "no-threads",
    "worker-timeout",
    "worker-killed",
    "host-refused",
    "tls-to-plain-port",
    "plain-to-tls-port",
    "tls-handshake",
    "bad-request-line",
    "upstream-refused",
    "upstream-closed",
    "upstream-timeout",
    "upstream-none",
    "pool-exhausted",
    "dependency-unreachable",
    "dependency-slow",
    "header-too-large",
    "length-mismatch",
    "too-many-connections",
    "lambda-timeout",
    "lambda-report",
    "lambda-killed",
    "lambda-init",
]
"""What a line means, whatever the runtime is that wrote it."""


class LogLine(Frozen):
    """One line as data: without secrets, bounded, never to be executed or interpreted again.

    `details` are the parts that its signature names, such as ``address`` and ``port`` of ``listening``, or ``status``
    and ``seconds`` of ``request``. `task` is the id at the end of the task's ARN; `runtime` wrote it, if that shows.
    """

    at: datetime
    text: str
    log_group: str
    stream: str = ""
    container: str | None = None
    task: str | None = None
    signature: LogSignature | None = None
    runtime: str | None = None
    details: Mapping[str, str] = {}
    trace_id: str | None = None


class SignatureCount(Frozen):
    """How often one task's container wrote lines of one signature."""

    signature: LogSignature
    count: int
    first_at: datetime
    last_at: datetime
    container: str | None = None
    task: str | None = None


class ApplicationLogs(Fact):
    """Lines of the subject's containers or function in the window, those of failing tasks first.

    `counts` is over every line that was read, `lines` a bounded choice of them: the first and the last of every
    signature, and the last before each task's end. `share_read` is below 1 when a limit ended the reading; a line that
    is not here may still have been written. `traces_asked` are trace ids of error rows for which the log groups were
    searched in full: one that no line names was not written about. That says something only where `lines_with_trace`
    shows that the application writes trace ids at all. `source` is ``insights`` where CloudWatch Logs Insights was
    asked for what reading page by page did not get to.
    """

    name: ClassVar[str] = "application_logs"

    source: Literal["filter", "insights"]
    covered_from: datetime
    covered_to: datetime
    log_groups: tuple[str, ...]
    lines_read: int
    share_read: float = 1.0
    counts: tuple[SignatureCount, ...] = ()
    lines: tuple[LogLine, ...] = ()
    traces_asked: tuple[str, ...] = ()
    lines_with_trace: int = 0
    notes: tuple[str, ...] = ()
    paid: str | None = None
    """The note that says what was scanned for money, and how much that was."""

    def of(self, *signatures: LogSignature) -> Iterator[LogLine]:
        """The kept lines with one of these signatures, in order of time."""
        return (line for line in self.lines if line.signature in signatures)

    def count(self, *signatures: LogSignature) -> int:
        return sum(counted.count for counted in self.counts if counted.signature in signatures)

    def untraced(self) -> tuple[str, ...]:
        """The trace ids that were searched for and that no line names; empty where no line ever names one."""
        if not self.lines_with_trace:
            return ()
        written = {line.trace_id for line in self.lines}
        return tuple(trace for trace in self.traces_asked if trace not in written)

    def traced(self, trace_ids: frozenset[str]) -> Iterator[LogLine]:
        """The kept lines that name one of these trace ids, as access log rows carry them."""
        return (line for line in self.lines if line.trace_id in trace_ids)
