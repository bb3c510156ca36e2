"""Arguments to a question; what is wrong with them is said before anything is read."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from bot.cli import when
from bot.cli.exits import BAD_USAGE, CommandError
from diagnostics import printable
from diagnostics.bounds import DEFAULT_WINDOW, MAX_WINDOW, MAX_WORDS

if TYPE_CHECKING:
    from diagnostics.question import Question

MAX_SHOWN: Final = 60

T = TypeVar("T")


def question(
    words: str,
    *,
    now: datetime,
    account: str | None = None,
    region: str | None = None,
    since: str | None = None,
    start: str | None = None,
    end: str | None = None,
    seen: str | None = None,
    logs: bool = True,
    refresh: bool = False,
) -> Question:
    """Raises `CommandError` (bad usage) with one line that names the argument."""
    target = words.strip()
    if not printable.line(target, MAX_WORDS):
        raise _wrong("TARGET", words, "give a name, such as checkout or prod/checkout")
    if len(target) > MAX_WORDS:
        raise _wrong("TARGET", words, f"it has {len(target):,} characters, at most {MAX_WORDS} are read")
    if since and (start or end):
        raise CommandError("give either --since or --from and --to", status=BAD_USAGE)
    first, last = _window(start, end, now)
    from diagnostics.question import Question

    return Question(
        words=target,
        account=account,
        region=region,
        start=first,
        end=last,
        since_s=_read("--since", since, when.duration_s) if since else None,
        seen=_read("--seen", seen, _error_code) if seen else None,
        refresh=refresh,
        logs=logs,
    )


def since_when(since: str, now: datetime) -> datetime:
    """Where `--since` begins, for what is kept for years. Raises `CommandError` (bad usage)."""
    return now - timedelta(seconds=_read("--since", since, lambda text: when.duration_s(text, when.YEARS)))


def _window(start: str | None, end: str | None, now: datetime) -> tuple[datetime | None, datetime | None]:
    def moment(text: str) -> datetime:
        return when.moment(text, now)

    if not start and not end:
        return None, None
    last = _read("--to", end, moment) if end else now
    first = _read("--from", start, moment) if start else last - DEFAULT_WINDOW
    if first >= last:
        raise _wrong("--from", start or "", "it has to be before --to")
    if first >= now:
        raise _wrong("--from", start or "", "it lies in the future")
    if last - first > MAX_WINDOW:
        raise _wrong("--from", start or "", f"at most {MAX_WINDOW.days} days can be looked at")
    return first, min(last, now)


def _error_code(text: str) -> int:
    if re.fullmatch(r"[45][0-9]{2}", text.strip()) is None:
        raise ValueError("give an HTTP error code from 400 to 599")
    return int(text)


def _read(argument: str, text: str, read: Callable[[str], T]) -> T:
    try:
        return read(text)
    except ValueError as error:
        raise _wrong(argument, text, str(error)) from None


def _wrong(argument: str, given: str, expected: str) -> CommandError:
    return CommandError(f"{argument} {printable.line(given, MAX_SHOWN)!r}: {expected}", status=BAD_USAGE)
