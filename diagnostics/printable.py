"""Text from logs, tags, names and people, made safe to look at: no control codes, nothing invisible, bounded.

Every drawing of a report passes foreign text through here first and then escapes it for its own medium.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from itertools import islice
from typing import Final

ELLIPSIS: Final = "…"
SHORTEST_CUT_AT_A_WORD: Final = 0.6
"""A cut moves back to the last space unless more than the rest of the text would be lost by it."""

# Control codes, format characters (zero-width, direction overrides, soft hyphens), surrogates, private use, unassigned.
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_SPACES: Final = frozenset({"Zs", "Zl", "Zp"})
_TAB: Final = "    "
_ID_IN_BRACKETS: Final = re.compile(r" \([a-z]+-[0-9a-f]{8,17}\)")


def line(text: str, limit: int) -> str:
    """`text` as one line of at most `limit` characters, cut between words where possible."""
    return shortened(" ".join(_visible(text[: 4 * limit]).split()), limit, was_cut=len(text) > 4 * limit)


def lines(text: str, limit: int) -> str:
    """`text` with its line breaks and indentation, at most `limit` characters."""
    kept = "\n".join(_visible(one).rstrip() for one in text[: 4 * limit].replace("\t", _TAB).splitlines())
    return shortened(kept, limit, was_cut=len(text) > 4 * limit)


def counted(number: int, noun: str) -> str:
    """``1 check``, ``1,200 checks``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def part_of(number: int, total: int, noun: str, whose: str = "the") -> str:
    """``2 of 4 targets``, ``the only target``."""
    return f"{whose} only {noun}" if total == 1 else f"{number:,} of {counted(total, noun)}"


def first_few(names: Collection[str], limit: int, between: str = ", ") -> str:
    """``a, b and 3 more``"""
    shown = between.join(islice(names, limit))
    return f"{shown} and {len(names) - limit} more" if len(names) > limit else shown


def percent(share: float) -> str:
    """A share in words: ``4 %``, ``0.3 %``, ``under 0.1 %``."""
    value = share * 100
    if 0 < value < 0.1:
        return "under 0.1 %"
    return f"{value:.1f} %" if 0 < value < 1 else f"{value:.0f} %"


def shortened(text: str, limit: int, *, was_cut: bool = False) -> str:
    """At most `limit` characters; what is cut off ends in an ellipsis."""
    if len(text) <= limit and not was_cut:
        return text
    if limit < 1:
        return ""
    kept = text[: limit - 1]
    space = kept.rfind(" ")
    if space >= SHORTEST_CUT_AT_A_WORD * limit:
        kept = kept[:space]
    return kept.rstrip() + ELLIPSIS


def without_ids(text: str) -> str:
    """``checkout-tasks`` for ``checkout-tasks (sg-0a1b2c3d4e5f60718)``: where there is room for the name alone."""
    return _ID_IN_BRACKETS.sub("", text)


def _visible(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_visible_character, text))


def _visible_character(char: str) -> str:
    category = unicodedata.category(char)
    if category in _SPACES or char in "\t\n\r\v\f\x85":
        return " "
    return "" if category in _INVISIBLE else char
