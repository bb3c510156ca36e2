"""From one message of Slack to the alarm that it is about, before anything is asked of AWS.

    understood = read(event)

One file for each kind of post; what is common to all (ARNs, console links, dimensions) is in `clues.py`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from handlers.alarm_formats.clues import clues_in, plausible
from handlers.alarm_formats.format import Format, registered
from handlers.alarm_formats.post import AlarmPost, Understood
from handlers.alarm_formats.said import Said, Sender, is_by_a_program, said_in

__all__ = ["AlarmPost", "Sender", "Understood", "named_in", "prepare", "read", "sender_of"]

_DONE = {"message_deleted", "channel_join", "channel_leave", "bot_add", "bot_remove"}


def prepare() -> None:
    """Loads every format, so that the first post of a storm does not hold up those behind it."""
    _formats()


def read(event: Mapping[str, Any]) -> Understood:
    """What a message event is to the bot. `event`: the inner event of Slack's Events API; anything may be missing."""
    if event.get("subtype") in _DONE:
        return Understood("ignore", "this message tells of no alarm")
    message = _as_it_stands(event)
    if not is_by_a_program(message):
        return Understood("ignore", "a person wrote it; alarms are posted by programs")
    said = said_in(message)
    kind, post = _recognised(said)
    if kind is None or post is None:
        return Understood("ignore", "it does not say that an alarm changed its state")
    post = replace(plausible(post).completed(clues_in(said)), format=kind.name)
    if not (post.alarm or post.load_balancer or post.target_group):
        return Understood("ignore", f"{kind.name}: it names no alarm, load balancer or target group", post)
    match post.state:
        case "ALARM":
            return Understood("diagnose", f"{kind.name}: an alarm began", post)
        case "OK":
            return Understood("close", f"{kind.name}: an alarm ended", post)
        case "INSUFFICIENT_DATA":
            return Understood("ignore", f"{kind.name}: the alarm lacks data, which is no error by itself", post)
    return Understood("ignore", f"{kind.name}: it does not say which state the alarm has", post)


def named_in(message: Mapping[str, Any]) -> AlarmPost | None:
    """The alarm, load balancer or target group that a message names, whoever wrote it: for people who point at it."""
    post = read(message).post
    if post is None:
        said = said_in(_as_it_stands(message))
        post = replace(clues_in(said), format="a message")
    return post if post.alarm or post.load_balancer or post.target_group else None


def sender_of(event: Mapping[str, Any]) -> Sender:
    """Who posted it, for settings that name the senders to be listened to."""
    return said_in(_as_it_stands(event)).sender


def _as_it_stands(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Several posters edit their first post when the alarm ends: then the new words are inside."""
    inner = event.get("message")
    return inner if event.get("subtype") == "message_changed" and isinstance(inner, Mapping) else event


def _recognised(said: Said) -> tuple[Format | None, AlarmPost | None]:
    for kind in sorted(_formats().values(), key=lambda kind: kind.last_resort):
        post = kind.recognise(said)
        if post is not None:
            return kind, post
    return None, None


@cache
def _formats() -> Mapping[str, Format]:
    for module in pkgutil.iter_modules(__path__, prefix=f"{__name__}."):
        importlib.import_module(module.name)
    return dict(sorted(registered().items()))
