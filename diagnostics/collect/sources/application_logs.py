"""What the subject's containers or its function wrote, where that can explain something.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from diagnostics.app_logs.choosing import Choice, Stream, chosen, items
from diagnostics.app_logs.destinations import Destination
from diagnostics.app_logs.tally import LogTally, Origin
from diagnostics.aws_access import Pages
from diagnostics.collect.answers import distinct, each_once
from diagnostics.collect.collector import Later, Read, Reads, Step, collector
from diagnostics.collect.insights_queries import Scanned
from diagnostics.collect.log_options import LogOptions
from diagnostics.collect.sources.insights_logs import Beyond, beyond, events_by_group, still_unread
from diagnostics.collect.sources.log_wish import why_no_application_logs
from diagnostics.facts import (
    AccessLogs,
    ApplicationLogs,
    EcsService,
    Gap,
    LambdaTargets,
    Metrics,
    NotApplicable,
    RunningTasks,
    StoppedTasks,
    TargetHealth,
    TaskDefinitions,
    Unread,
)
from diagnostics.snapshot import Subject, Window

PATIENCE_S = 6.0
LINES_PER_STREAM = 1_000
BANNER_LINES = 150
LINES_PER_PAGE = 1_000
PROBLEM_PAGES = 3
TRACE_PAGES = 10
MAX_GROUPS = 2
MAX_TRACES = 20
MAX_LINES = 10_000
MAX_BYTES = 4_000_000
MAX_WORK_S = 5.0
"""In processor time. So many ordinary lines take a fifth of it, but who sends requests may make others be written."""
BOOT_SEEN = timedelta(minutes=2)
AROUND_A_REQUEST = timedelta(minutes=5)
READ_STREAM, FILTER = "logs:GetLogEvents", "logs:FilterLogEvents"
ELSEWHERE = "LogsElsewhere"
NO_CONTAINERS = NotApplicable(reason="neither an ECS service nor a Lambda function: where it writes logs is not known")
_TRACE = re.compile(r"Root=1-[0-9a-fA-F]{8}-[0-9a-fA-F]{24}(?:;|\Z)")
_TASK_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f-]{36}")
NOT_FOUND = ("ResourceNotFoundException",)
PROBLEMS = (
    *("rror", "ERROR", "FATAL", "panic", "Traceback", "Exception", "TIMEOUT", "HARAKIRI", "timed out", "killed"),
    *("refused", "prematurely", "no live upstreams", "HTTP_HOST", "Blocked host", "handshake", "memory", "istening"),
)
"""Words of which one stands in nearly every line that explains an error. How AWS searches for them:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html"""
FUNCTION_PROBLEMS = ("rror", "ERROR", "timed out", "REPORT", "platform.report", "INIT_REPORT", "signal:", "Traceback")
FUNCTION_FAILURES = ("rror", "ERROR", "timed out", "Status: timeout", '"timeout"', "signal:", "Traceback")
"""Without the line that every invocation ends with: where there are too many lines, these would be all of them."""


@dataclass(slots=True)
class _Reading:
    """What was read so far, within the limits."""

    tally: LogTally = field(default_factory=LogTally)
    bytes: int = 0
    gaps: list[Gap] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unread_since: dict[str, datetime] = field(default_factory=dict)
    by_insights: bool = False
    paid: str | None = None
    came: int = 0
    taken: int = 0
    answers: int = 0
    worked_s: float = 0.0

    def share(self, window: Window) -> float:
        """0-1: of the time that was searched, and of the lines that came the part that was looked at."""
        searched = min(self.unread_since.values(), default=window.end) - window.start
        share = min(max(searched / (window.end - window.start), 0.0), 1.0)
        return share * (self.taken / self.came if self.came else 1.0)

    @property
    def is_full(self) -> bool:
        return self.taken >= MAX_LINES or self.bytes >= MAX_BYTES or self.worked_s >= MAX_WORK_S

    def take(self, answer: Pages, origin_of: Callable[[str], Origin]) -> None:
        """The newest lines first, so that a limit takes away the oldest."""
        self.gaps.extend(gap for gap in answer.gaps if not answer.truncated)
        self.answers += not answer.failed
        self.came += len(answer.items)
        for event in reversed(answer.items):
            message = str(event.get("message", ""))
            if self.is_full:
                return
            begun = time.thread_time()
            self.taken += 1
            self.bytes += len(message)
            self.tally.add(_time(event), message, origin_of(str(event.get("logStreamName", ""))))
            self.worked_s += time.thread_time() - begun


@collector(cached=True, own_budget=True, patience_s=PATIENCE_S)
def application_logs(
    subject: Subject,
    window: Window,
    options: LogOptions,
    service: EcsService | Unread,
    definitions: TaskDefinitions | Unread,
    running: RunningTasks | Unread,
    stopped: StoppedTasks | Unread,
    health: TargetHealth | Unread,
    metrics: Metrics | Unread,
    functions: LambdaTargets | Unread,
    rows: Later[AccessLogs],
) -> Reads[ApplicationLogs]:
    """Streams of tasks that failed come first, then those behind unhealthy targets, then one of a task that is well;
    then lines of the whole log group that look like trouble, and those that name a failed request."""
    of_functions = _function_groups(subject, functions)
    if not (of_functions or subject.service):
        return subject.unread("ecs") or NO_CONTAINERS
    skipped = why_no_application_logs(options, subject, window, metrics, health, stopped)
    if skipped:
        return skipped
    words = FUNCTION_FAILURES if of_functions else PROBLEMS
    further = beyond(words, options, subject, window, metrics, health, stopped)
    if of_functions:
        return (yield from _of_functions(of_functions, window, rows, further))
    if not isinstance(service, EcsService):
        return service
    if not isinstance(definitions, TaskDefinitions):
        return definitions
    found = health if isinstance(health, TargetHealth) else None
    choice = chosen(service, definitions, items(running), items(stopped), found, window.start)
    return (yield from _of_containers(_here(choice, subject), choice, subject, window, rows, further))


def _of_containers(
    here: Choice, all_of_it: Choice, subject: Subject, window: Window, rows: Later[AccessLogs], further: Beyond
) -> Reads[ApplicationLogs]:
    if not here.groups:
        return _elsewhere(all_of_it, subject)
    reading = _Reading()
    named = [stream for stream in here.streams if stream.name]
    tails = [_tail(stream, window) for stream in named]
    banners = [(stream, read) for stream in named if (read := _banner(stream, window)) is not None]
    groups = [group.log_group for group in here.groups[:MAX_GROUPS]]
    searches = [_search(group, window.start, window.end, PROBLEMS, PROBLEM_PAGES) for group in distinct(groups)]
    answers = yield [*tails, *(read for _, read in banners), *searches]
    origins = {stream.name: _origin(stream) for stream in named if stream.name}
    for stream, answer in zip([*named, *(stream for stream, _ in banners)], answers, strict=False):
        reading.take(answer, partial(_same, _origin(stream)))
        if answer.missing:
            reading.notes.append(f"task {stream.task.id[:8]} has no log stream {stream.name}: it wrote nothing")
    for read, answer in zip(searches, answers[len(tails) + len(banners) :], strict=True):
        _take_search(reading, read, answer, origins, window)
    reading.notes.extend(_notes(here, all_of_it, subject))
    return (yield from _with_traces(reading, distinct(groups), origins, window, rows, further))


def _of_functions(
    groups: Sequence[str], window: Window, rows: Later[AccessLogs], further: Beyond
) -> Reads[ApplicationLogs]:
    reading = _Reading()
    searches = [_search(group, window.start, window.end, FUNCTION_PROBLEMS, PROBLEM_PAGES) for group in groups]
    answers = yield searches
    for read, answer in zip(searches, answers, strict=True):
        _take_search(reading, read, answer, {}, window)
    return (yield from _with_traces(reading, groups, {}, window, rows, further))


def _function_groups(subject: Subject, functions: LambdaTargets | Unread) -> tuple[str, ...]:
    """The configured log group of each function, or the customary one where nobody may read its configuration."""
    if isinstance(functions, LambdaTargets):
        configured = [
            (one.configuration.log_group if one.configuration else None) or f"/aws/lambda/{one.name}"
            for one in functions.items
        ]
        return distinct(configured)[:MAX_GROUPS]
    if subject.function is None or subject.service:
        return ()
    return (f"/aws/lambda/{subject.function.split(':function:')[-1].split(':')[0]}",)


def _with_traces(
    reading: _Reading,
    groups: Sequence[str],
    origins: Mapping[str, Origin],
    window: Window,
    rows: Later[AccessLogs],
    further: Beyond,
) -> Generator[Step, Sequence[Pages], ApplicationLogs | Unread]:
    """The same with the lines that name a failed request, where access logs tell of some, and at last with those that
    cost money."""
    if not reading.answers and reading.gaps:
        return reading.gaps[0]
    yield rows
    wanted = _traces(rows.outcome)
    asked: tuple[str, ...] = ()
    if wanted:
        first, last = min(at for _, at in wanted), max(at for _, at in wanted)
        ids = [trace.removeprefix("Root=") for trace, _ in wanted]
        reads = [_search(g, first - AROUND_A_REQUEST, last + AROUND_A_REQUEST, ids, TRACE_PAGES) for g in groups]
        answers = yield reads
        for read, answer in zip(reads, answers, strict=True):
            reading.take(answer, partial(_origin_in, str(read.params["logGroupName"]), origins))
        if not any(answer.gaps or answer.truncated or answer.missing for answer in answers):
            asked = tuple(trace for trace, _ in wanted)
    errand = None if reading.is_full else further.errand(reading.unread_since)
    if errand:
        yield errand
        _take_scanned(reading, errand.outcome, further, origins)
    reading.notes.extend(_unread_notes(reading))
    return ApplicationLogs(
        source="insights" if reading.by_insights else "filter",
        covered_from=window.start,
        covered_to=window.end,
        log_groups=tuple(groups),
        lines_read=reading.tally.lines_read,
        share_read=reading.share(window),
        counts=reading.tally.counts(),
        lines=reading.tally.lines(trace for trace, _ in wanted),
        traces_asked=asked,
        lines_with_trace=reading.tally.with_trace,
        notes=distinct(reading.notes),
        paid=reading.paid,
        gaps=each_once(reading.gaps),
    )


def _tail(stream: Stream, window: Window) -> Read:
    """The last lines of a stream, which is where it says why it ended."""
    start = max(window.start, stream.since or window.start)
    until = min(window.end, stream.until or window.end)
    return _of_stream(stream, start, max(until, start), LINES_PER_STREAM, from_head=False)


def _banner(stream: Stream, window: Window) -> Read | None:
    """The first lines, which name server, version and port; None where the last lines are sure to hold them."""
    begun = stream.since
    if begun is None:
        return None
    return _of_stream(stream, begun, max(window.end, begun + BOOT_SEEN), BANNER_LINES, from_head=True)


def _of_stream(stream: Stream, start: datetime, end: datetime, limit: int, *, from_head: bool) -> Read:
    parameters = {
        "logGroupName": stream.destination.log_group,
        "logStreamName": stream.name,
        "startTime": _minute(start),
        "endTime": _minute(end, up=True),
        "limit": limit,
        "startFromHead": from_head,
    }
    group = stream.destination.log_group
    return Read("logs", "get_log_events", "events", parameters, resource=group, missing=NOT_FOUND)


def _search(group: str, start: datetime, end: datetime, words: Iterable[str], pages: int) -> Read:
    parameters = {
        "logGroupName": group,
        "startTime": _minute(start),
        "endTime": _minute(end, up=True),
        "filterPattern": " ".join(f'?"{word}"' for word in words),
        "limit": LINES_PER_PAGE,
    }
    return Read("logs", "filter_log_events", "events", parameters, resource=group, max_pages=pages, missing=NOT_FOUND)


def _take_search(reading: _Reading, read: Read, answer: Pages, origins: Mapping[str, Origin], window: Window) -> None:
    group = str(read.params["logGroupName"])
    reading.take(answer, partial(_origin_in, group, origins))
    if answer.missing:
        reading.notes.append(f"log group {group} does not exist")
    if answer.truncated:
        reading.unread_since[group] = max((_time(event) for event in answer.items), default=window.start)


def _take_scanned(reading: _Reading, outcome: Scanned | Gap, further: Beyond, origins: Mapping[str, Origin]) -> None:
    """What was scanned in full is no longer unread; what it found before it was stopped counts as well."""
    if isinstance(outcome, Gap):
        reading.gaps.append(outcome)
        return
    reading.by_insights = bool(outcome.lines) or outcome.ended is None
    reading.paid = further.price(outcome)
    reading.notes.append(reading.paid)
    reading.came += outcome.matched - len(outcome.lines)
    for group, found in events_by_group(outcome, reading.unread_since):
        reading.take(found, partial(_origin_in, group, origins))
    if outcome.ended:
        reading.gaps.append(outcome.ended)
    reading.unread_since = still_unread(outcome, reading.unread_since, further.window.end)


def _unread_notes(reading: _Reading) -> Iterable[str]:
    for group, since in reading.unread_since.items():
        yield f"log group {group} was searched until {since:%H:%M} UTC; there is more"


def _origin(stream: Stream) -> Origin:
    group, name = stream.destination.log_group, stream.name or ""
    return Origin(group, name, stream.container, stream.task.id, ended=stream.failed)


def _same(origin: Origin, _stream: str) -> Origin:
    return origin


def _origin_in(group: str, known: Mapping[str, Origin], stream: str) -> Origin:
    """A stream of a task that nobody chose is called ``prefix/container/task``."""
    parts = stream.rsplit("/", 2)
    container, task = (parts[1], parts[2]) if len(parts) == 3 and _TASK_ID.fullmatch(parts[2]) else (None, None)
    return known.get(stream) or Origin(group, stream, container, task)


def _traces(rows: AccessLogs | Unread) -> list[tuple[str, datetime]]:
    """Failed requests that reached a target, a few of them."""
    if not isinstance(rows, AccessLogs):
        return []
    reached = [row for row in rows.sample if _is_trace(row.trace_id) and row.target and (row.request_s or 0) >= 0]
    return list({row.trace_id.split(";")[0]: row.at for row in reached if row.trace_id}.items())[:MAX_TRACES]


def _is_trace(text: str | None) -> bool:
    """Clients may send one of their own, and it becomes a part of a search."""
    return _TRACE.match(text or "") is not None


def _here(choice: Choice, subject: Subject) -> Choice:
    """What lies in the subject's region."""

    def is_here(to: Destination) -> bool:
        return to.region in (None, subject.region)

    streams = tuple(stream for stream in choice.streams if is_here(stream.destination))
    return Choice(streams, tuple(group for group in choice.groups if is_here(group)), choice.elsewhere)


def _elsewhere(choice: Choice, subject: Subject) -> Unread:
    """Why no log group can be read."""
    other = next((to for to in choice.groups if to.region not in (None, subject.region)), None)
    container, where = next(((name, to.where) for name, to in choice.elsewhere), ("", ""))
    if other is None and not where:
        named = f"container {container}" if container else "the task definition"
        return NotApplicable(reason=f"{named} has no log configuration: what it writes is lost")
    to = f"log group {other.log_group} in {other.region}" if other else where
    message = f"logs of {'the containers' if other else f'container {container}'} go to {to}, which is not read"
    return Gap(action=READ_STREAM, resource=subject.label, error=ELSEWHERE, kind="not-read", message=message)


def _notes(here: Choice, all_of_it: Choice, subject: Subject) -> Iterable[str]:
    for name, to in here.elsewhere:
        yield f"logs of container {name} go to {to.where or 'nowhere'}, which is not read"
    for group in all_of_it.groups:
        if group.region not in (None, subject.region):
            yield f"log group {group.log_group} lies in {group.region}, which is not read"
    if any(group.blocks for group in here.groups):
        yield "the containers log in blocking mode: when CloudWatch Logs is slow, the application waits for it"


def _time(event: Mapping[str, Any]) -> datetime:
    return datetime.fromtimestamp(int(event.get("timestamp", 0)) / 1000, UTC)


def _minute(at: datetime, *, up: bool = False) -> int:
    """In milliseconds, as the API wants it; whole minutes, so that who asks a little later asks the same."""
    minutes, rest = divmod(int(at.timestamp()), 60)
    return (minutes + (up and rest > 0)) * 60_000
