"""Errors over time as a picture: the numbers that Slack's chart and the sparklines elsewhere are drawn from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from diagnostics.printable import counted
from diagnostics.report import Report

KINDS: Final = (
    ("502", "elb_502"),
    ("503", "elb_503"),
    ("504", "elb_504"),
    ("500", "elb_500"),
    ("561", "elb_561"),
    ("460", "elb_460"),
    ("463", "elb_463"),
    ("464", "elb_464"),
    ("5xx from targets", "target_5xx"),
)
"""Names for people, and the fields of a symptom."""
MAX_ROWS: Final = 6
MAX_MARKS: Final = 4
NARROWEST: Final = 10
"""Fewer columns tell nothing."""
LEVELS: Final = "▁▂▃▄▅▆▇█"
NOTHING: Final = "·"
SIGNS: Final = {"onset": "^", "deployment": "d"}
_NAMES: Final = {field: name for name, field in KINDS}
_DEPLOYMENT: Final = "deployment of "
_ENDED: Final = re.compile(r" ended \(")

What = Literal["onset", "deployment"]


@dataclass(frozen=True, slots=True)
class Row:
    """Errors of one kind, a number for each column."""

    name: str
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened in a column, `times` within one minute; what happened before the first one has none."""

    what: What
    at: datetime
    column: int
    times: int = 1


@dataclass(frozen=True, slots=True)
class Picture:
    """`left_out`: kinds of errors for which there was no room, the rarest."""

    start: datetime
    step: timedelta
    rows: tuple[Row, ...]
    marks: tuple[Mark, ...]
    left_out: int = 0

    @property
    def columns(self) -> int:
        return len(self.rows[0].counts)

    @property
    def end(self) -> datetime:
        return self.start + self.columns * self.step

    @property
    def highest(self) -> int:
        return max(max(row.counts) for row in self.rows)

    def begins(self, column: int) -> datetime:
        return self.start + column * self.step


def picture(report: Report, columns: int) -> Picture | None:
    """The errors of a report in at most so many columns; None where it counts none."""
    series = report.symptom.over_time
    told = {name: counts for name, counts in series.counts.items() if any(counts) and _name(name)} if series else {}
    if series is None or not told:
        return None
    together = -(-max(map(len, told.values())) // columns)
    step = timedelta(seconds=series.step_seconds * together)
    rows = tuple(Row(_name(name), _joined(counts, together)) for name, counts in told.items())
    drawn = Picture(series.start.astimezone(UTC), step, rows[:MAX_ROWS], (), max(0, len(rows) - MAX_ROWS))
    return Picture(drawn.start, step, drawn.rows, tuple(_marks(report, drawn)), drawn.left_out)


def sparkline(counts: Sequence[int], highest: int) -> str:
    """One character for each number: ``··▁▃█``. What is not nothing is never drawn as nothing."""
    return "".join(_cell(count, highest) for count in counts)


def text_lines(shown: Picture) -> Iterator[str]:
    """The picture as lines of equal characters: sparklines below each other, what happened, and the scale."""
    width = max(len(row.name) for row in shown.rows)
    for row in shown.rows:
        yield f"{row.name:<{width}} {sparkline(row.counts, shown.highest)}"
    if shown.marks:
        yield f"{'':<{width}} {_signs(shown)}".rstrip()
    yield f"{stamp(shown, shown.start)} to {stamp(shown, shown.end)} UTC"
    yield f"{spelled(shown.step)} each, █ is {counted(shown.highest, 'error')}"
    yield from (f"{SIGNS[mark.what]} {mark_in_words(shown, mark)}" for mark in shown.marks)
    if shown.left_out:
        yield f"showing {len(shown.rows)} of {len(shown.rows) + shown.left_out} kinds"


def mark_in_words(shown: Picture, mark: Mark) -> str:
    """``errors began 03:12``, ``3 deployments 03:02``."""
    several = f"{mark.times} deployments" if mark.times > 1 else "deployment"
    return f"{'errors began' if mark.what == 'onset' else several} {stamp(shown, mark.at)}"


def stamp(shown: Picture, at: datetime) -> str:
    """``03:12``, with the day where the picture covers more than one."""
    one_day = shown.start.date() == (shown.end - shown.step).date()
    return f"{at.astimezone(UTC):{'%H:%M' if one_day else '%d %b %H:%M'}}"


def spelled(step: timedelta) -> str:
    """``3 min``, ``2 h``."""
    minutes = int(step.total_seconds()) // 60
    return f"{minutes // 60} h" if minutes >= 60 and minutes % 60 == 0 else f"{minutes} min"


def _name(field: str) -> str:
    """``502`` for ``elb_502``; empty for what is no kind of error."""
    code = field.removeprefix("elb_")
    return _NAMES.get(field) or (code if field != code and code.isdecimal() and len(code) == 3 else "")


def _joined(counts: Sequence[int], together: int) -> tuple[int, ...]:
    return tuple(sum(counts[first : first + together]) for first in range(0, len(counts), together))


def _marks(report: Report, shown: Picture) -> Iterable[Mark]:
    """The onset, and the deployments nearest to it, in time order."""
    onset = report.symptom.onset
    minutes = [one for one in _deployments(report) if shown.start <= one[0] < shown.end]
    near = sorted(minutes, key=lambda one: abs(one[0] - (onset or shown.end)))[: MAX_MARKS - 1]
    happened: list[tuple[What, datetime, int]] = [("deployment", *one) for one in near]
    if onset is not None and shown.start <= onset < shown.end:
        happened.append(("onset", onset, 1))
    for what, at, times in sorted(happened, key=lambda item: item[1]):
        yield Mark(what, at, int((at - shown.start) / shown.step), times)


def _deployments(report: Report) -> Iterator[tuple[datetime, int]]:
    """The first time of each minute in which deployments began or ended, and how many they were."""
    entries = [entry for entry in report.timeline if entry.event.startswith(_DEPLOYMENT)]
    for minute in sorted({_minute(entry.at) for entry in entries}):
        within = [entry for entry in entries if _minute(entry.at) == minute]
        began = {(entry.at, entry.event) for entry in within if not _ENDED.search(entry.event)}
        yield min(entry.at for entry in within), max(1, len(began))


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def _signs(shown: Picture) -> str:
    signs = [" "] * shown.columns
    for mark in sorted(shown.marks, key=lambda mark: mark.what == "onset"):
        signs[mark.column] = SIGNS[mark.what]
    return "".join(signs)


def _cell(count: int, highest: int) -> str:
    if count <= 0:
        return NOTHING
    return LEVELS[min(len(LEVELS) - 1, (count * len(LEVELS) - 1) // max(highest, 1))]
