"""What fits on the screen of a phone: lines are dropped from the least important end until the rest fits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

COLUMNS: Final = 40
"""Characters in a row of Slack's text on a phone that is 360 points wide."""
ROWS: Final = 34
"""Rows that are read without scrolling."""

BUTTON_EDGES: Final = 4

_DATE: Final = re.compile(r"<!date\^[^|>]*\|(?P<shown>[^>]*)>")
_LINK: Final = re.compile(r"<[^|>]*\|(?P<label>[^>]*)>")
_MARKS: Final = re.compile(r"[*_`]")
_SYMBOL: Final = re.compile(r"(?<!\w):[a-z][a-z_]+:(?!\w)")
_ENTITY: Final = re.compile(r"&(?:amp|lt|gt);")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of mrkdwn. `rank` 0 always stays; of the others the highest goes first, and of one rank the last.

    `place`: the section where it stands. `of`: what is said to be missing when it goes; lines that are counted
    (``_showing 2 of 9 records_``) have none.
    """

    place: str
    rank: int
    text: str
    of: str = ""


@dataclass(frozen=True, slots=True)
class Screen:
    lines: tuple[Line, ...]
    left_out: tuple[str, ...] = ()
    fits: bool = True

    def of(self, place: str) -> tuple[str, ...]:
        return tuple(line.text for line in self.lines if line.place == place)

    @property
    def note(self) -> str:
        """What is said of what was left out; empty when all is there."""
        return f"_Left out here: {', '.join(self.left_out)}_" if self.left_out else ""


def fit(lines: Sequence[Line], rows: int = ROWS) -> Screen:
    """The lines that fit, in their order, and what was left out. What is said of that has its rows, too.

    It does not fit if what always stays is too much by itself.
    """
    kept = list(lines)
    gone: list[Line] = []
    while not (shown := _shown(kept, gone, rows)).fits and any(line.rank for line in kept):
        number, worst = max(enumerate(kept), key=lambda item: (item[1].rank, item[0]))
        del kept[number]
        gone.append(worst)
    return shown


def _shown(kept: Sequence[Line], gone: Sequence[Line], rows: int) -> Screen:
    shown = Screen(tuple(kept), _named(gone))
    counts = len({line.place for line in gone if not line.of})
    used = sum(rows_of(line.text) for line in kept) + rows_of(shown.note) + counts
    return replace(shown, fits=used <= rows)


def _named(gone: Sequence[Line]) -> tuple[str, ...]:
    """What was left out, the most important first."""
    return tuple(dict.fromkeys(line.of for line in reversed(gone) if line.of))


def rows_of(text: str, columns: int = COLUMNS) -> int:
    """How many rows it takes up, as it is seen."""
    return sum(max(1, -(-len(one) // columns)) for one in seen(text).splitlines()) if text else 0


def rows_of_buttons(labels: Sequence[str], columns: int = COLUMNS) -> int:
    """Buttons stand beside each other while there is room, and each row of them is as high as two of text."""
    rows, used = 0, columns
    for label in labels:
        width = min(len(label) + BUTTON_EDGES, columns)
        used += width
        if used > columns:
            rows, used = rows + 1, width
    return 2 * rows


def seen(text: str) -> str:
    """mrkdwn as it is read: dates and links by what they show, without the marks of bold, italic and code."""
    shown = _LINK.sub(lambda found: found["label"], _DATE.sub(lambda found: found["shown"], text))
    return _ENTITY.sub("&", _SYMBOL.sub("o", _MARKS.sub("", shown)))
