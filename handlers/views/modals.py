"""Modals of controls: built within Slack's limits, with one way to ask and one way to tell.

https://docs.slack.dev/reference/views/modal-views
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from diagnostics import printable
from handlers.views.blocks import Block, Message, context, section

View = dict[str, Any]

MAX_TITLE: Final = 24
MAX_BLOCKS: Final = 100
MAX_OPTIONS: Final = 100
MAX_OPTION: Final = 75
MAX_GROUPS: Final = 100
MAX_INPUT_LABEL: Final = 200
MAX_RADIO: Final = 10
NOTHING: Final = "Nothing to show."

Option = tuple[str, str]
"""What people read, and the value that comes back."""


def modal(
    title: str,
    blocks: Sequence[Block],
    *,
    callback_id: str,
    about: str = "",
    submit: str | None = None,
    close: str = "Cancel",
) -> View:
    """`about`: an opaque id of ours that comes back with what is submitted. `close`: what ends it without that."""
    view: View = {
        "type": "modal",
        "callback_id": callback_id,
        "title": _plain(title, MAX_TITLE),
        "close": _plain(close if submit else "Close", MAX_TITLE),
        "private_metadata": about,
        "blocks": list(blocks[:MAX_BLOCKS]) or [section(NOTHING)],
    }
    if submit is not None:
        view["submit"] = _plain(submit, MAX_TITLE)
    return view


def waiting(title: str, callback_id: str) -> View:
    """While what it shows is read."""
    return modal(title, [context(":hourglass_flowing_sand: One moment…")], callback_id=callback_id)


def telling(title: str, message: Message, callback_id: str) -> View:
    """A modal with nothing to fill in."""
    return modal(title, message.blocks or (section(message.text),), callback_id=callback_id)


def choice(name: str, label: str, options: Sequence[Option], *, optional: bool = False, hint: str = "") -> Block:
    """A menu that can be searched. Of more options than Slack takes, the first are kept."""
    return _input(name, label, _select(name, options=_options(options)), optional=optional, hint=hint)


def grouped_choice(
    name: str, label: str, groups: Sequence[tuple[str, Sequence[Option]]], *, optional: bool = False
) -> Block:
    """The same under headings."""
    made = [
        {"label": _plain(heading, MAX_OPTION), "options": _options(options)} for heading, options in groups if options
    ]
    return _input(name, label, _select(name, option_groups=made[:MAX_GROUPS]), optional=optional)


def radio(name: str, label: str, options: Sequence[Option]) -> Block:
    """One of a few; the first is chosen."""
    made = _options(options)[:MAX_RADIO]
    element = {"type": "radio_buttons", "action_id": name, "options": made, "initial_option": made[0]}
    return _input(name, label, element)


def typed(
    name: str, label: str, *, longest: int, optional: bool = False, hint: str = "", many_lines: bool = False
) -> Block:
    """Words of the person."""
    element = {"type": "plain_text_input", "action_id": name, "max_length": longest, "multiline": many_lines}
    return _input(name, label, element, optional=optional, hint=hint)


def channel(name: str, label: str) -> Block:
    """A channel that the person sees, and no other organisation reads."""
    element = {
        "type": "conversations_select",
        "action_id": name,
        "filter": {
            "include": ["public", "private"],
            "exclude_external_shared_channels": True,
            "exclude_bot_users": True,
        },
    }
    return _input(name, label, element)


def values_of(view: Mapping[str, Any], longest: int) -> dict[str, str]:
    """What was chosen and typed, by the name of each input; bounded."""
    state = view.get("state")
    blocks = state.get("values") if isinstance(state, dict) else None
    found: dict[str, str] = {}
    for elements in (blocks if isinstance(blocks, dict) else {}).values():
        for name, element in (elements if isinstance(elements, dict) else {}).items():
            value = _value(element) if isinstance(element, dict) else None
            if value is not None and len(found) < MAX_RADIO:
                found[str(name)[:MAX_OPTION]] = str(value)[:longest]
    return found


def _value(element: dict[str, Any]) -> object:
    chosen = element.get("selected_option")
    if isinstance(chosen, dict):
        return chosen.get("value")
    return element.get("selected_conversation") or element.get("value")


def _input(name: str, label: str, element: dict[str, Any], *, optional: bool = False, hint: str = "") -> Block:
    block: Block = {
        "type": "input",
        "block_id": name,
        "label": _plain(label, MAX_INPUT_LABEL),
        "element": element,
        "optional": optional,
    }
    if hint:
        block["hint"] = _plain(hint, MAX_INPUT_LABEL)
    return block


def _select(name: str, **offered: Any) -> dict[str, Any]:
    return {"type": "static_select", "action_id": name, **offered}


def _options(options: Iterable[Option]) -> list[dict[str, Any]]:
    kept = list(options)[:MAX_OPTIONS]
    return [{"text": _plain(text, MAX_OPTION), "value": value[:MAX_OPTION]} for text, value in kept]


def _plain(text: str, limit: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": printable.line(text, limit) or "-", "emoji": False}
