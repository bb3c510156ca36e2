"""Lines that reading page by page did not get to, by CloudWatch Logs Insights, for a price that is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from diagnostics.aws_access import Pages, Reader
from diagnostics.collect.errand import Errand, Leash
from diagnostics.collect.insights_queries import MAX_LINES, MAX_TEXT, LogQuery, Scanned, cost_usd, run_query
from diagnostics.collect.log_options import LogOptions
from diagnostics.collect.sources.log_wish import why_no_application_logs
from diagnostics.facts import Gap, Metrics, NotApplicable, StoppedTasks, TargetHealth
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
    its price.
    """

    words: tuple[str, ...]
    max_bytes: int
    end: datetime
    is_open: Callable[[datetime], bool]

    def errand(self, unread_since: Mapping[str, datetime]) -> Errand[Scanned | Gap] | None:
        """One query over the log groups from where their reading ended; None where it is not worth it."""
        if not unread_since or self.max_bytes <= 0:
            return None
        since = min(unread_since.values()).replace(second=0, microsecond=0)
        if self.end - since < LEAST_REST or not self.is_open(since - ERRORS_BEFORE):
            return None
        query = LogQuery(query_text(self.words), tuple(sorted(unread_since)), since, _whole_minute(self.end))
        return Errand(partial(_told_before, query, self.max_bytes), seconds=QUERY_S)

    def price(self, scanned: Scanned) -> str:
        """What it cost, beside what it could have cost at most."""
        most = f"at most {_gb(self.max_bytes)} (logs.app_log_scan_bytes), {_usd(self.max_bytes)}"
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
    metrics: Metrics | Gap | NotApplicable,
    health: TargetHealth | Gap | NotApplicable,
    stopped: StoppedTasks | Gap | NotApplicable,
) -> Beyond:
    """A person who wants logs always gets them read page by page; scanning is for what fails."""
    when_errors = LogOptions(wish="never" if options.wish == "never" else "when-errors")

    def is_open(since: datetime) -> bool:
        rest = Window(start=max(since, window.start), end=window.end)
        return why_no_application_logs(when_errors, subject, rest, metrics, health, stopped) is None

    return Beyond(tuple(words), options.app_log_scan_bytes, window.end, is_open)


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


def _told_before(query: LogQuery, max_bytes: int, reader: Reader, leash: Leash) -> Scanned | Gap:
    leash.tell(f"CloudWatch Logs Insights will scan at most {_gb(max_bytes)}, {_usd(max_bytes)} in us-east-1")
    return run_query(query, max_bytes, reader, leash)


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
