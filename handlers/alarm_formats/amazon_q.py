"""Posts of Amazon Q Developer in chat applications, which was AWS Chatbot.
https://docs.aws.amazon.com/chatbot/latest/adminguide/what-is.html"""

from __future__ import annotations

import re
from typing import Final

from handlers.alarm_formats.clues import REGION, bounded_name, state_named
from handlers.alarm_formats.format import alarm_format
from handlers.alarm_formats.post import AlarmPost
from handlers.alarm_formats.said import Said

_SENTENCE: Final = re.compile(
    r"(?:^|\n)The alarm (?P<name>.{1,255}?) changed state to (?P<state>ALARM|OK|INSUFFICIENT_DATA)\b"
)
_TITLE: Final = re.compile(
    rf"(?:^|\n)(?P<before>[^|\n]{{0,60}})CloudWatch Alarm \| (?P<name>.{{1,255}}) \| (?P<region>{REGION}) "
    r"\| Account: (?:[\w .-]{1,64} \()?(?P<account>\d{12})\)?[*\s]*(?=\n|$)"
)
_TRANSITION: Final = re.compile(r"(?:ALARM|OK|INSUFFICIENT_DATA) -> (?P<state>ALARM|OK|INSUFFICIENT_DATA) transition")
_STATE: Final = re.compile(r"[A-Z_]+\b")
_SIGNS: Final = {":rotating_light:": "ALARM", ":white_check_mark:": "OK", ":large_green_circle:": "OK"}


@alarm_format("Amazon Q Developer")
def amazon_q(said: Said) -> AlarmPost | None:
    """A sentence with the name and the state, below a title with name, region and account; older posts have the title
    only, and a sign before it for the state."""
    title = next((found for text in said.texts if (found := _TITLE.search(text))), None)
    sentence = next((found for text in said.texts if (found := _SENTENCE.search(text))), None)
    if title is None and sentence is None:
        return None
    name = title["name"] if title else sentence["name"] if sentence else ""
    return AlarmPost(
        at=said.posted_at,
        alarm=bounded_name(name),
        region=title["region"] if title else None,
        account=title["account"] if title else None,
        state=state_named(_stated(said, name) or _signed(said, title["before"] if title else "")),
    )


def _stated(said: Said, name: str) -> str | None:
    """What follows this name, which may itself read like the sentence."""
    said_of_it = f"\nThe alarm {name} changed state to "
    _, found, after = f"\n{said.whole}".partition(said_of_it)
    state = _STATE.match(after) if found else None
    return state[0] if state else None


def _signed(said: Said, before: str) -> str | None:
    for sign, state in _SIGNS.items():
        if sign in before or any(text.lstrip(" *").startswith(sign) for text in said.texts):
            return state
    found = _TRANSITION.search(said.whole)
    return found["state"] if found else None
