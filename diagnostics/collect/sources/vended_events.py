"""Events of a log group, the newest first, although the API knows no other order than that of time: read in slices.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from diagnostics.access_logs.vended import line_of
from diagnostics.aws_access import Reader
from diagnostics.collect.answers import batches
from diagnostics.collect.errand import Leash
from diagnostics.collect.log_options import LogBudget
from diagnostics.collect.log_stream import Take
from diagnostics.collect.sources.vended_logs import LogGroup
from diagnostics.facts import Gap

MAX_EVENT_PAGES = 200
EVENTS_PER_PAGE = 10_000
LINES_AT_ONCE = 10_000
FIRST_SLICE = timedelta(minutes=1)
SHORTEST_SLICE = timedelta(seconds=10)
LEAST_SLICES = 4
"""No slice but a first one is longer than this part of the window, so that quiet minutes do not hide busy ones."""
MANY_PAGES = 8
"""A slice of more pages than this is followed by one half as long, one of a single page by one twice as long."""
_MILLISECOND = timedelta(milliseconds=1)
LineOf = Callable[[str], str | None]
"""A message as a plain line; None for anything that is no row."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """What was read of a log group: everything between `since` and `until`, and `share` 0-1 of the window's time."""

    lines: int
    plain_bytes: int
    since: datetime
    until: datetime
    share: float = 1.0
    gaps: tuple[Gap, ...] = ()


@dataclass(slots=True)
class _Reading:
    """Pages of one log group, within the limits."""

    group: LogGroup
    take: Take
    reader: Reader
    leash: Leash
    budget: LogBudget
    line: LineOf
    lines: int = 0
    plain_bytes: int = 0
    pages: int = 0
    gap: Gap | None = None

    @property
    def is_over(self) -> bool:
        return (
            self.gap is not None
            or self.leash.is_over
            or self.pages >= MAX_EVENT_PAGES
            or self.lines >= self.budget.lines
            or self.plain_bytes >= self.budget.bytes
        )

    def slice(self, start: datetime, end: datetime) -> datetime:
        """Takes the events of this time, the oldest first, and says up to when it came: `end` when there is no more."""
        parameters: dict[str, Any] = {
            "logGroupIdentifier": self.group.arn.removesuffix(":*"),
            "startTime": _milliseconds(start),
            "endTime": _milliseconds(end),
            "limit": EVENTS_PER_PAGE,
        }
        until = start
        while True:
            answer = self.reader.call(
                "logs", "filter_log_events", resource=self.group.arn, expects=("events",), **parameters
            )
            self.pages += 1
            if isinstance(answer, Gap):
                self.gap = answer
                return until
            self._take(answer["events"])
            until = _newest(answer["events"], until)
            self.leash.tell(f"logs in {self.group.name}, page {self.pages}, back to {start:%H:%M} UTC")
            token = answer.get("nextToken")
            if not token or token == parameters.get("nextToken"):
                return end
            if self.is_over:
                return min(until, end)
            parameters["nextToken"] = token

    def _take(self, events: Sequence[Mapping[str, Any]]) -> None:
        rows = [line for line in (self.line(str(event.get("message", ""))) for event in events) if line]
        for some in batches(rows, LINES_AT_ONCE):
            taken = self.take(("\n".join(some) + "\n").encode())
            self.lines, self.plain_bytes = self.lines + taken.lines, self.plain_bytes + taken.bytes


def read_groups(
    groups: Sequence[LogGroup],
    start: datetime,
    end: datetime,
    take: Take,
    reader: Reader,
    leash: Leash,
    budget: LogBudget,
    line: LineOf = line_of,
) -> tuple[Delivered, ...]:
    """One group after the other; each may use an equal part of what the ones before it left."""
    read: list[Delivered] = []
    for number, group in enumerate(groups):
        left = len(groups) - number
        own = LogBudget(
            lines=max(budget.lines - sum(one.lines for one in read), 0) // left,
            bytes=max(budget.bytes - sum(one.plain_bytes for one in read), 0) // left,
            seconds=budget.seconds,
        )
        tether = replace(leash, until=time.monotonic() + leash.left_s / left)
        read.append(read_group(group, start, end, take, reader, tether, own, line))
    return tuple(read)


def read_group(
    group: LogGroup,
    start: datetime,
    end: datetime,
    take: Take,
    reader: Reader,
    leash: Leash,
    budget: LogBudget,
    line: LineOf = line_of,
) -> Delivered:
    """Slices of the window from its end to its start, until the budget or the leash ends. Of the slice in which that
    happens the oldest part was read; it counts as read, but not as covered, unless there is no other."""
    reading = _Reading(group, take, reader, leash, budget, line)
    length, longest = FIRST_SLICE, max((end - start) / LEAST_SLICES, FIRST_SLICE)
    begin = since = end
    part = timedelta(0)
    while since > start and not (reading.pages and reading.is_over):
        begin, before = max(since - length, start), reading.pages
        # Both ends of the time in a call belong to it: the newer slice has begun at `since`.
        last = since if since == end else since - _MILLISECOND
        reached = reading.slice(begin, last)
        if reached < last or reading.gap:
            part = reached - begin
            break
        since, pages = begin, reading.pages - before
        length = min(length * 2, longest) if pages == 1 else length
        length = max(length / 2, SHORTEST_SLICE) if pages > MANY_PAGES else length
    nothing_whole = since == end
    return Delivered(
        reading.lines,
        reading.plain_bytes,
        since=begin if nothing_whole else since,
        until=begin + part if nothing_whole else end,
        share=min((end - since + part) / (end - start), 1.0),
        gaps=(reading.gap,) if reading.gap else (),
    )


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _newest(events: Sequence[Mapping[str, Any]], before: datetime) -> datetime:
    stamps = [int(event["timestamp"]) for event in events if "timestamp" in event]
    return max(before, datetime.fromtimestamp(max(stamps) / 1000, UTC)) if stamps else before
