"""What Slack refuses in texts and in the small objects that blocks are made of.

https://docs.slack.dev/reference/block-kit/composition-objects
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

Found = Iterator[str]
"""What is wrong, each with where it is."""
TEXT_KINDS: Final = frozenset({"mrkdwn", "plain_text"})
PLAIN: Final = frozenset({"plain_text"})
TEXT_KEYS: Final = frozenset({"type", "text", "emoji", "verbatim"})
OPTION_KEYS: Final = frozenset({"text", "value", "description", "url"})
CONFIRM_KEYS: Final = frozenset({"title", "text", "confirm", "deny", "style"})
MAX_ID: Final = 255


def text_errors(where: str, text: object, most: int, kinds: Collection[str] = TEXT_KINDS, least: int = 1) -> Found:
    """Of a text object."""
    if not isinstance(text, Mapping) or text.get("type") not in kinds:
        yield f"{where}: a text object of {' or '.join(sorted(kinds))} is expected"
        return
    yield from keys_errors(where, text, TEXT_KEYS)
    if text["type"] == "plain_text" and "verbatim" in text:
        yield f"{where}: verbatim is for mrkdwn"
    if text["type"] == "mrkdwn" and "emoji" in text:
        yield f"{where}: emoji is for plain_text"
    yield from length_errors(f"{where}/text", text.get("text"), most, least)


def length_errors(where: str, value: object, most: int, least: int = 1) -> Found:
    """Of a string."""
    if not isinstance(value, str):
        yield f"{where}: a string is expected"
    elif len(value) < least:
        yield f"{where}: must be more than {least - 1} characters"
    elif len(value) > most:
        yield f"{where}: must be less than {most + 1} characters, not {len(value)}"


def keys_errors(where: str, given: Mapping[str, Any], known: Collection[str], needed: Collection[str] = ()) -> Found:
    """Of an object: keys that do not exist, and keys that are missing."""
    yield from (f"{where}: no such key: {key}" for key in given if key not in known)
    yield from (f"{where}: missing required field: {key}" for key in needed if key not in given)


def count_errors(where: str, items: object, most: int, least: int = 1) -> Found:
    """Of a list."""
    if not isinstance(items, Sequence) or isinstance(items, str):
        yield f"{where}: a list is expected"
    elif not least <= len(items) <= most:
        yield f"{where}: {least} to {most} items are allowed, not {len(items)}"


def as_list(items: object) -> list[Any]:
    """The items of what should be a list."""
    return list(items) if isinstance(items, Sequence) and not isinstance(items, str) else []


def option_errors(where: str, option: object, kinds: Collection[str] = PLAIN) -> Found:
    """Of one choice of a menu."""
    if not isinstance(option, Mapping):
        yield f"{where}: an option is expected"
        return
    yield from keys_errors(where, option, OPTION_KEYS, ("text",))
    yield from text_errors(f"{where}/text", option.get("text"), 75, kinds)
    if "value" in option:
        yield from length_errors(f"{where}/value", option["value"], 150)
    if "description" in option:
        yield from text_errors(f"{where}/description", option["description"], 75, kinds)


def confirm_errors(where: str, confirm: object) -> Found:
    """Of the question that is asked before an action is sent."""
    if not isinstance(confirm, Mapping):
        yield f"{where}: a confirmation is expected"
        return
    yield from keys_errors(where, confirm, CONFIRM_KEYS, ("title", "text", "confirm", "deny"))
    for name, most in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
        kinds = TEXT_KINDS if name == "text" else PLAIN
        yield from text_errors(f"{where}/{name}", confirm.get(name), most, kinds)
    if confirm.get("style", "primary") not in {"primary", "danger"}:
        yield f"{where}/style: primary or danger"
