"""From one message of Slack to the alarm that it is about, before anything is asked of AWS.

    understood = read(event)

One file for each kind of post; what is common to all (ARNs, console links, dimensions) is in `clues.py`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from handlers.alarm_formats.clues import clues_in, completed_by_clues, words_in
from handlers.alarm_formats.format import Format, registered
from handlers.alarm_formats.post import AlarmPost, Understood
from handlers.alarm_formats.said import Said, Sender, is_by_a_program, said_in, time_of_ts

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
    found = _recognised(said)
    if not found:
        return Understood("ignore", "it does not say that an alarm changed its state")
    kind, known = found[0]
    if any((other.alarm, other.state) != (known.alarm, known.state) for _, other in found[1:]):
        kinds = " and as ".join(one.name for one, _ in found)
        return Understood("ignore", f"it reads as {kinds}, which tell of different alarms")
    post = replace(completed_by_clues(known, said), format=kind.name)
    return _understood(_at_its_end(post, said, event), said)


def named_in(message: Mapping[str, Any]) -> AlarmPost | None:
    """The alarm, load balancer or target group that a message names, whoever wrote it: for people who point at it."""
    post = read(message).post
    if post is None:
        said = said_in(_as_it_stands(message))
        post = replace(clues_in(said), format="a message")
    return post if post.names_something else None


def sender_of(event: Mapping[str, Any]) -> Sender:
    """Who posted it, for settings that name the senders to be listened to."""
    return said_in(_as_it_stands(event)).sender


def _understood(post: AlarmPost, said: Said) -> Understood:
    if not post.names_something:
        maybe = replace(post, words=words_in(said)) if post.state in {"ALARM", "OK"} else None
        return Understood("ignore", f"{post.format}: it names no alarm, load balancer or target group", None, maybe)
    match post.state:
        case "ALARM":
            return Understood("diagnose", f"{post.format}: an alarm began", post)
        case "OK":
            return Understood("close", f"{post.format}: an alarm ended", post)
        case "INSUFFICIENT_DATA":
            return Understood("ignore", f"{post.format}: the alarm lacks data, which is no error by itself", post)
    return Understood("ignore", f"{post.format}: it does not say which state the alarm has", post)


def _as_it_stands(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Several posters edit their first post when the alarm ends: then the new words are inside."""
    inner = event.get("message")
    return inner if event.get("subtype") == "message_changed" and isinstance(inner, Mapping) else event


def _at_its_end(post: AlarmPost, said: Said, event: Mapping[str, Any]) -> AlarmPost:
    """An end that is told by an edit came with the edit, not when the post was made."""
    if post.state != "OK" or event.get("subtype") != "message_changed" or post.at != said.posted_at:
        return post
    edited = _as_it_stands(event).get("edited")
    ts = edited.get("ts") if isinstance(edited, Mapping) else None
    return replace(post, at=max(post.at, time_of_ts(ts or event.get("event_ts") or event.get("ts"))))


def _recognised(said: Said) -> Sequence[tuple[Format, AlarmPost]]:
    """The kinds that fit, those that know the alarm's name before others. A hostile name may read like another kind."""
    kinds = list(_formats().values())
    for last_resort in (False, True):
        fit = [(one, post) for one in kinds if one.last_resort == last_resort and (post := one.recognise(said))]
        if fit:
            return [(one, post) for one, post in fit if post.alarm] or fit[:1]
    return ()


@cache
def _formats() -> Mapping[str, Format]:
    for module in pkgutil.iter_modules(__path__, prefix=f"{__name__}."):
        importlib.import_module(module.name)
    return dict(sorted(registered().items()))
