"""The Home of the app: what was found lately, what is watched, and whether the bot is set up well.

https://docs.slack.dev/surfaces/app-home
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from diagnostics.digest import Mood
from handlers.views.blocks import Block, context, section, whole_lines
from handlers.views.escape import code, headline_words, link, moment, person, words
from handlers.views.summary import SYMBOLS
from handlers.watches import Watch

MAX_RECENT: Final = 8
MAX_WATCHES: Final = 10
MAX_HEALTH: Final = 20
MAX_HEADLINE: Final = 200
MAX_NAME: Final = 120
MAX_LINE: Final = 240
MAX_SECTION: Final = 2_900


@dataclass(frozen=True, slots=True)
class Found:
    """An answer that told of something wrong. `address`: a link to its thread, if Slack tells it."""

    label: str
    headline: str
    mood: Mood
    at: datetime
    address: str | None


@dataclass(frozen=True, slots=True)
class Health:
    """One fact about the set-up, good or not."""

    is_well: bool
    text: str


def home(found: Sequence[Found], watches: Sequence[Watch], health: Sequence[Health], now: datetime) -> dict[str, Any]:
    """The view for somebody who may ask."""
    blocks: list[Block] = [
        _header("alb502: why does my load balancer answer 502?"),
        context("`/alb502` to choose, `/alb502 checkout` to ask, `@alb502` in an alarm's thread, `/alb502 help`"),
        _header("Lately"),
        section(_listed([*_found(found, now)], "Nothing that was wrong was found in the last days.")),
        _header("Watched"),
        section(_listed([*_watched(watches, now)], "Nothing. *Watch until recovery* stands below an answer.")),
        _header("Set-up"),
        section(_listed([*_health(health)], "Nothing is known.")),
        context(f"As of {moment(now, now)}"),
    ]
    return {"type": "home", "blocks": blocks}


def closed(why: str) -> dict[str, Any]:
    """The view for somebody who may not ask."""
    return {"type": "home", "blocks": [section(why)]}


def _found(found: Sequence[Found], now: datetime) -> Iterable[str]:
    for one in found[:MAX_RECENT]:
        where = (link(one.address, "thread") if one.address else None) or ""
        at = moment(one.at, now)
        yield f"{SYMBOLS[one.mood]} {headline_words(one.headline, MAX_HEADLINE)} · {at}{f' · {where}' if where else ''}"


def _watched(watches: Sequence[Watch], now: datetime) -> Iterable[str]:
    for one in watches[:MAX_WATCHES]:
        until = moment(one.until, now)
        yield f":eyes: {code(one.label, MAX_NAME)} until {until} at most, for {person(one.origin.user)}"
    if len(watches) > MAX_WATCHES:
        yield f"_and {len(watches) - MAX_WATCHES} more_"


def _health(health: Sequence[Health]) -> Iterable[str]:
    ordered = sorted(health, key=lambda one: one.is_well)  # what does not work comes first
    for one in ordered[:MAX_HEALTH]:
        symbol = ":white_check_mark:" if one.is_well else ":warning:"
        yield f"{symbol} {words(one.text, MAX_LINE)}"
    if len(ordered) > MAX_HEALTH:
        yield f"_and {len(ordered) - MAX_HEALTH} more_"


def _listed(lines: Sequence[str], nothing: str) -> str:
    return whole_lines(lines, MAX_SECTION) or nothing


def _header(text: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": text, "emoji": False}}
