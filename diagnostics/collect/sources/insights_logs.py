"""Lines that reading page by page did not get to, by CloudWatch Logs Insights, for a price that is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from diagnostics.aws_access import Pages, Reader
from diagnostics.collect.earlier_scans import EarlierScans
from diagnostics.collect.errand import Errand, Leash
from diagnostics.collect.insights_queries import MAX_LINES, MAX_TEXT, LogQuery, Scanned, cost_usd, run_query
from diagnostics.collect.log_options import LogOptions
from diagnostics.collect.sources.log_wish import why_no_application_logs
from diagnostics.facts import Gap, Metrics, StoppedTasks, TargetHealth, Unread
from diagnostics.snapshot import Subject, Window

QUERY_S = 20.0
LEAST_REST = timedelta(minutes=1)
ERRORS_BEFORE = timedelta(minutes=5)
"""A metric's point stands at the beginning of its period, which may be five minutes long."""
_SPECIAL = re.compile(r"[\\.^$|?*+()\[\]{}/]")
_TIME_FORMATS = ("%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S")


@dataclass(frozen=True, slots=True)
class Beyond:
    """How lines are found that nobody came to read. `max_bytes` 0: not at all.

    `is_open` says whether anything that fails since that moment is still to be explained: only then a scan is worth
    its price. `earlier`: scans that were paid for already, by who asks again and again.
    """

    words: tuple[str, ...]
    max_bytes: int
    window: Window
    is_open: Callable[[datetime], bool]
    earlier: EarlierScans | None = None

    def errand(self, unread_since: Mapping[str, datetime]) -> Errand[Scanned | Gap] | None:
        """One query over the log groups from where their reading ended; None where it is not worth it."""
        if not unread_since or self.max_bytes <= 0:
            return None
        since = min(unread_since.values()).replace(second=0, microsecond=0)
        if self.window.end - since < LEAST_REST or not self.is_open(since - ERRORS_BEFORE):
            return None
        query = LogQuery(query_text(self.words), tuple(sorted(unread_since)), since, _whole_minute(self.window.end))
        return Errand(partial(self._told_before, query), seconds=QUERY_S)

    def _told_before(self, query: LogQuery, reader: Reader, leash: Leash) -> Scanned | Gap:
        asked = f"{reader.account_id} {reader.region} {query.label} {query.text} {self.max_bytes}"
        kept = self.earlier.find(asked, self.window) if self.earlier else None
        if kept and isinstance(kept.found, Scanned):
            leash.tell("what CloudWatch Logs Insights has found before")
            return _again(kept.found, query.start, kept.again_at(self.window))
        leash.tell(
            f"CloudWatch Logs Insights will scan at most {_gb(self.max_bytes)}, {_usd(self.max_bytes)} in us-east-1"
        )
        scanned = run_query(query, self.max_bytes, reader, leash)
        if self.earlier and isinstance(scanned, Scanned):
            self.earlier.keep(asked, self.window, replace(scanned, since=query.start, until=self.window.end))
        return scanned

    def price(self, scanned: Scanned) -> str:
        """What it cost, beside what it could have cost at most."""
        most = f"at most {_gb(self.max_bytes)} (logs.app_log_scan_bytes), {_usd(self.max_bytes)}"
        if scanned.again_at and scanned.until:
            again = (
                f"scanned anew from {scanned.again_at:%H:%M} UTC on" if scanned.until < self.window.end else "all of it"
            )
            return (
                f"what CloudWatch Logs Insights found until {scanned.until:%H:%M} UTC is used again ({again}); it was "
                f"to scan {most}, and scanned {_gb(scanned.bytes)}, {_usd(scanned.bytes)}, only then"
            )
        if scanned.from_cache:
            return f"an answer of CloudWatch Logs Insights of less than an hour ago, which scanned {_gb(scanned.bytes)}"
        in_the_end = f"scanned {_gb(scanned.bytes)}, {_usd(scanned.bytes)}"
        if scanned.ended and not scanned.bytes:
            in_the_end = "did not say what it scanned"
        return (
            f"CloudWatch Logs Insights was to scan {most}, and {in_the_end}, by the price of us-east-1; other regions "
            "have other prices"
        )


def beyond(
    words: Iterable[str],
    options: LogOptions,
    subject: Subject,
    window: Window,
    metrics: Metrics | Unread,
    health: TargetHealth | Unread,
    stopped: StoppedTasks | Unread,
) -> Beyond:
    """A person who wants logs always gets them read page by page; scanning is for what fails."""
    when_errors = LogOptions(wish="never" if options.wish == "never" else "when-errors")

    def is_open(since: datetime) -> bool:
        rest = Window(start=max(since, window.start), end=window.end)
        return why_no_application_logs(when_errors, subject, rest, metrics, health, stopped) is None

    return Beyond(tuple(words), options.app_log_scan_bytes, window, is_open, options.earlier)


def query_text(words: Iterable[str]) -> str:
    """Newest lines first; longer ones than a container's are left out, so that no answer is out of bounds.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Filter.html
    """
    pattern = "|".join(_SPECIAL.sub(r"\\\g<0>", word) for word in words)
    return (
        f"fields @timestamp, @message, @logStream, @log | filter strlen(@message) < {MAX_TEXT} and @message like "
        f"/{pattern}/ | sort @timestamp desc | limit {MAX_LINES}"
    )


def events_by_group(scanned: Scanned, groups: Iterable[str]) -> Iterator[tuple[str, Pages]]:
    """The lines as reading page by page gives them, the oldest first."""
    events: dict[str, list[dict[str, Any]]] = {group: [] for group in groups}
    for line in reversed(scanned.lines):
        # The account stands before the name, which holds no colon.
        group = line.get("@log", "").rpartition(":")[2]
        at = _milliseconds(line.get("@timestamp", ""))
        if group in events and at is not None:
            stream = line.get("@logStream", "")
            events[group].append({"timestamp": at, "message": line["@message"], "logStreamName": stream})
    for group, found in events.items():
        yield group, Pages(items=tuple(sorted(found, key=lambda event: int(event["timestamp"]))))


def still_unread(scanned: Scanned, unread_since: Mapping[str, datetime], end: datetime) -> dict[str, datetime]:
    """What is left of it after a scan: the time that an earlier scan was not about, everything where it was stopped."""
    if scanned.ended:
        return dict(unread_since)
    if scanned.again_at is None or scanned.since is None or scanned.until is None:
        return {}
    left = {
        group: since if since < scanned.since - LEAST_REST else max(since, scanned.until)
        for group, since in unread_since.items()
    }
    return {group: since for group, since in left.items() if since < end}


def _again(found: Scanned, start: datetime, again_at: datetime) -> Scanned:
    """What an earlier scan found, without the lines that this question reads page by page or is not about."""
    begin = int(start.timestamp() * 1000)
    lines = tuple(line for line in found.lines if (_milliseconds(line.get("@timestamp", "")) or begin) >= begin)
    return replace(found, lines=lines, matched=found.matched - len(found.lines) + len(lines), again_at=again_at)


def _milliseconds(text: str) -> int | None:
    """Insights writes times in words, in UTC."""
    if text.isascii() and text.isdecimal():
        return int(text[:13])
    for form in _TIME_FORMATS:
        try:
            at = datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
        return round(at.timestamp() * 1000)
    return None


def _whole_minute(at: datetime) -> datetime:
    """So that who asks a little later asks the same."""
    whole = at.replace(second=0, microsecond=0)
    return whole if whole == at else whole + timedelta(minutes=1)


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.1f} MB"


def _usd(size: int) -> str:
    cost = cost_usd(size)
    return f"about {cost:.3f} USD" if cost >= 0.001 else "less than 0.001 USD"
