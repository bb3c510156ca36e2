"""`--watch`: diagnoses again and again, and tells what changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from bot.cli import output
from bot.cli.exits import NO_REPORT, CommandError

if TYPE_CHECKING:
    from diagnostics.report import Report

WATCH_EVERY_S: Final = 30.0
MAX_FAILURES: Final = 5
"""So many times in a row no report could be made: then it is no hiccup."""


def watch(
    first: Report, again: Callable[[], Report], show: Callable[[Report], None], wait: Callable[[float], object]
) -> None:
    """Until Ctrl-C. A line on stderr says whether the answer is another one; then `show` prints the report."""
    known, failures = first, 0
    while True:
        wait(WATCH_EVERY_S)
        try:
            report = again()
        except CommandError as error:
            failures += 1
            if error.status != NO_REPORT or failures >= MAX_FAILURES:
                raise
            output.complain(error.lines)
            continue
        failures = 0
        changed = answer(report) != answer(known)
        output.note(f"{datetime.now(UTC):%H:%M:%S} UTC {'changed' if changed else 'unchanged'}: {report.headline}")
        if changed:
            show(report)
        known = report


def answer(report: Report) -> tuple[object, ...]:
    """What makes two reports say the same."""
    causes = tuple((cause.code, cause.band, cause.role) for cause in report.causes)
    return report.verdict, report.symptom.over, causes
