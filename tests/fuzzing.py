"""Generated input: documents that are nearly right, and how long to try them.

About a second for each test in the suite, minutes with HYPOTHESIS_PROFILE=long.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

LONGER = 60
MAX_STRING = 100_000
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "suite")


def examples(quick: int) -> settings:
    """So many, always the same, in the suite; others where somebody explores; sixty times as many in a long run."""
    return settings(
        max_examples=quick * LONGER if PROFILE == "long" else quick,
        derandomize=PROFILE == "suite",
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 10**30, 1.5, float("nan"), float("inf"), "", " ", "0", "-", [], {}, [[]], [None], {"": 0},
    "<!channel> <https://evil.example|x> `&amp;`", "\x1b[31mred\x07", "\u202egnp\u200b\ufeff", "é\x00", "../..",
    "2026-02-30T25:61:00Z", "arn:aws:ecs:::", "9" * 400, "4294967296", "502", "*",
)  # fmt: skip
HALF = "é\ud800"
"""No output can hold it. Answers of AWS are rid of it before they are read."""
HUGE: tuple[str, ...] = ("a" * 70_000, "<" * 9_000, "`" * 5_000, "\n" * 9_000, "[" * 3_000, "&" * 9_000, "ß, " * 9_000)
FAR: tuple[datetime, ...] = (
    datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC),
    datetime(2262, 4, 12, tzinfo=UTC),
)  # fmt: skip
HOW = ("drop", "odd", "odd", "huge", "again", "beside", "empty", "many")


def documents() -> st.SearchStrategy[Any]:
    """Anything that JSON can say, some of it large."""
    return st.recursive(
        st.sampled_from((*ODD, *HUGE, HALF)) | st.text(max_size=12),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=6,
    )


def dice() -> st.SearchStrategy[random.Random]:
    """For `mutated`: a number that says all of what it did."""
    return st.integers(0, 2**32).map(random.Random)


def mutated(document: Any, dice: random.Random, most: int = 4) -> Any:
    """The document with a few members missing, of another kind, repeated, huge, or strange ones beside them."""
    changed = _copied(document)
    for _ in range(dice.randint(1, most)):
        places = _places(changed)
        if not places:
            break
        holder, name = dice.choice(places)
        _CHANGES[dice.choice(HOW)](holder, name, dice)
    return changed


def _drop(holder: Any, name: Any, _: random.Random) -> None:
    del holder[name]


def _odd(holder: Any, name: Any, dice: random.Random) -> None:
    holder[name] = dice.choice(FAR) if isinstance(holder[name], datetime) else _copied(dice.choice(ODD))


def _huge(holder: Any, name: Any, dice: random.Random) -> None:
    holder[name] = dice.choice(HUGE)


def _again(holder: Any, name: Any, dice: random.Random) -> None:
    if isinstance(holder, list):
        holder.insert(name, _copied(holder[name]))
    else:
        holder[f"{name}-{dice.randint(0, 9)}"] = _copied(holder[name])


def _beside(holder: Any, name: Any, dice: random.Random) -> None:
    stranger = _copied(dice.choice(ODD))
    if isinstance(holder, list):
        holder.insert(name, stranger)
    else:
        holder[dice.choice(("", "Extra", "<b>", "a" * 5_000))] = stranger


def _empty(holder: Any, name: Any, _: random.Random) -> None:
    old = holder[name]
    holder[name] = type(old)() if isinstance(old, str | list | dict | int | float) else None


def _many(holder: Any, name: Any, dice: random.Random) -> None:
    old = holder[name]
    if isinstance(old, list) and old:
        holder[name] = [_copied(one) for one in old] * dice.choice((2, 20, 200))
    elif isinstance(old, str):
        holder[name] = (old * dice.choice((2, 100)))[:MAX_STRING]


_CHANGES: dict[str, Callable[[Any, Any, random.Random], None]] = {
    "drop": _drop, "odd": _odd, "huge": _huge, "again": _again, "beside": _beside, "empty": _empty, "many": _many,
}  # fmt: skip


def _copied(document: Any) -> Any:
    if isinstance(document, dict):
        return {name: _copied(value) for name, value in document.items()}
    if isinstance(document, list | tuple):
        return [_copied(value) for value in document]
    return document


def _places(document: Any, room: int = 600) -> list[tuple[Any, Any]]:
    """Every member that can be changed: what holds it, and under which name. Of a large document the upper levels."""
    found: list[tuple[Any, Any]] = []
    level = [document] if isinstance(document, dict | list) else []
    while level and len(found) < room:
        below = []
        for holder in level:
            names = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
            found += [(holder, name) for name in names]
            below += [holder[name] for name in names if isinstance(holder[name], dict | list)]
        level = below
    return found[:room]
