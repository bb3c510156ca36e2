"""``/alb502 mute TARGET 2h``, ``/alb502 unmute TARGET`` and ``/alb502 mute``: words to a wish. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, Protocol

from diagnostics.facts.fact import Frozen
from diagnostics.question import Question
from handlers.ask import Origin
from handlers.asking import EXPECTED, HelpWanted, Mistake, duration_s, parse, shown

MUTE: Final = "mute"
UNMUTE: Final = "unmute"
MAX_MUTE_S: Final = 7 * 86_400
HOW_LONG: Final = "Say for how long: `/alb502 mute TARGET 2h`, at most `7d`."
OF_WHAT: Final = "Say of what: `/alb502 unmute TARGET`; `/alb502 mute` lists what is muted here."

_WORD: Final = re.compile(r"\s*(?P<verb>mute|unmute)(?:\s+(?P<rest>.*))?\s*", re.IGNORECASE | re.DOTALL)
_TIME: Final = re.compile(
    r"(?<!\S)(?<!since )(?:for\s+)?(?P<time>[0-9]{1,6}(?:m|min|h|d))(?!\S)", re.ASCII | re.IGNORECASE
)


class MuteWish(Frozen):
    """What somebody wants, as it waits in the queue. `question` None: to see what is muted."""

    id: str
    correlation_id: str
    verb: Literal["mute", "unmute", "list"]
    origin: Origin
    at: datetime
    question: Question | None = None
    seconds: int = 0


class MutingDesk(Protocol):
    """Takes such wishes in."""

    def take_mute(self, wish: MuteWish) -> None:
        """Queues it. Raises `NotQueuedError`."""


@dataclass(frozen=True, slots=True)
class Muting:
    """What the words wish for."""

    verb: Literal["mute", "unmute", "list"]
    question: Question | None = None
    seconds: int = 0


def parse_muting(text: str) -> Muting | Mistake | None:
    """None when the words are not about muting. Any input gives an answer."""
    found = _WORD.fullmatch(text)
    if found is None:
        return None
    rest = (found["rest"] or "").strip()
    if found["verb"].lower() == UNMUTE:
        return _muting("unmute", rest, 0) if rest else Mistake(OF_WHAT)
    if not rest:
        return Muting("list")
    times = list(_TIME.finditer(rest))
    if not times or not (rest[: times[-1].start()] + rest[times[-1].end() :]).strip():
        return Mistake(HOW_LONG)
    seconds = duration_s(times[-1]["time"])
    if not 60 <= seconds <= MAX_MUTE_S:
        return Mistake(f"{shown(times[-1]['time'])} is out of range; from `1m` to `7d` can be muted.")
    return _muting("mute", f"{rest[: times[-1].start()]} {rest[times[-1].end() :]}".strip(), seconds)


def _muting(verb: Literal["mute", "unmute"], words: str, seconds: int) -> Muting | Mistake:
    asked = parse(words)
    match asked:
        case Mistake():
            return asked
        case HelpWanted():
            return Mistake(HOW_LONG if verb == "mute" else OF_WHAT)
        case Question(since_s=None, seen=None):
            return Muting(verb, asked, seconds)
    return Mistake(f"`since` and `seeing` belong to a question: {EXPECTED}.")
