"""What Slack refuses with `invalid_blocks`, as a strict check of a whole message.

https://docs.slack.dev/reference/block-kit/blocks and https://docs.slack.dev/reference/methods/chat.postMessage
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from slack_sdk.models.blocks import Block

from demo.slack.limits import message_errors

MAX_BLOCKS = 50
MAX_TEXT = 4_000
MAX_BYTES = 60_000
MAX_VIEW_LABEL = 24
MAX_VIEW_BLOCKS = 100
MAX_SECTION = 3_000
CONTAINER_CHILDREN = frozenset({"actions", "context", "divider", "header", "image", "section", "table", "video"})
CONTAINER_LOOKS = frozenset({"width", "icon", "is_collapsible", "default_collapsed"})
KEYS: Mapping[str, frozenset[str]] = {
    "section": frozenset({"type", "block_id", "text", "fields", "accessory", "expand"}),
    "context": frozenset({"type", "block_id", "elements"}),
    "actions": frozenset({"type", "block_id", "elements"}),
    "divider": frozenset({"type", "block_id"}),
    "header": frozenset({"type", "block_id", "text"}),
    "container": frozenset({"type", "block_id", "title", "subtitle", "child_blocks", *CONTAINER_LOOKS}),
}
NEWER = frozenset({"data_visualization", "plan", "rich_text"})
TEXT_KINDS = frozenset({"mrkdwn", "plain_text"})
BUTTON_KEYS = frozenset({"type", "action_id", "text", "value", "url", "style", "confirm", "accessibility_label"})
INVISIBLE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
ALLOWED_MARKUP = re.compile(
    r"<!date\^\d+\^[^<>^|]+\|[^<>|]+>"  # a time in the reader's zone
    r"|<@[UW][A-Z0-9]+>"  # the asker
    r"|<!subteam\^S[A-Z0-9]+>"  # those who may approve
    r"|<#[CG][A-Z0-9]+>"  # where an answer was shared
    r"|<https?://[^<>|\s`]+\|[^<>|]+>"  # a link of ours
)


def violations(text: str, blocks: Sequence[Mapping[str, Any]], *, plain: bool = False) -> list[str]:
    """Everything that Slack, or a careful reader, would refuse; empty when the message may be sent.

    A `plain` workspace knows none of the newer blocks.
    """
    return list(_message(text, blocks, plain=plain))


def check_quickly(text: str, blocks: Sequence[Mapping[str, Any]], *, plain: bool) -> None:
    """What Slack refuses, and markup that is not ours, without the library's opinion: for messages by the thousand."""
    found = message_errors({"text": text, "blocks": list(blocks)}, plain=plain)
    found += [error for one in (text, *mrkdwn_of(blocks)) for error in _mrkdwn_content("text", one)]
    found += [f"{len(text)} characters of text"] * (not 0 < len(text) <= MAX_TEXT)
    assert not found, "\n".join(found[:20])


def view_violations(view: Mapping[str, Any]) -> list[str]:
    """What Slack refuses in a modal. https://docs.slack.dev/reference/views/modal-views"""
    found: list[str] = []
    for name in ("title", "submit", "close"):
        if name in view:
            found += _length(name, view[name]["text"], 1, MAX_VIEW_LABEL)
    blocks = view["blocks"]
    if not 1 <= len(blocks) <= MAX_VIEW_BLOCKS:
        found.append(f"{len(blocks)} blocks")
    found += _length("private_metadata", view.get("private_metadata", ""), 0, MAX_SECTION)
    found += _length("callback_id", view.get("callback_id", ""), 0, 255)
    has_input = False
    for number, block in enumerate(blocks):
        if block.get("type") == "input":
            has_input = True
            found += _input(f"blocks[{number}]", block)
        else:
            found += _block(f"blocks[{number}]", block)
    if has_input and "submit" not in view:
        found.append("a modal with an input has to have a submit")
    return found


def _input(where: str, block: Mapping[str, Any]) -> Iterator[str]:
    yield from _length(f"{where}.label", block["label"]["text"], 1, 2_000)
    element = block["element"]
    if element["type"] == "radio_buttons":
        options = element["options"]
        if not 1 <= len(options) <= 10:
            yield f"{where}: {len(options)} options"
        for option in options:
            yield from _length(f"{where}.option", option["text"]["text"], 1, 75)
        if element.get("initial_option") not in options:
            yield f"{where}: the initial option is none of the options"


def check(text: str, blocks: Sequence[Mapping[str, Any]]) -> None:
    """Raises AssertionError with every violation."""
    found = violations(text, blocks)
    assert not found, "\n".join(found[:20])


def all_text(blocks: object) -> Iterator[str]:
    """Every text of a message that people see."""
    if isinstance(blocks, Mapping):
        if blocks.get("type") in {"mrkdwn", "plain_text"}:
            yield blocks["text"]
        else:
            for value in blocks.values():
                yield from all_text(value)
    elif isinstance(blocks, list | tuple):
        for value in blocks:
            yield from all_text(value)


def mrkdwn_of(value: object) -> Iterator[str]:
    """The texts in which Slack looks for mentions and links."""
    if isinstance(value, Mapping):
        if value.get("type") == "mrkdwn":
            yield value["text"]
        for inner in value.values():
            yield from mrkdwn_of(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from mrkdwn_of(inner)


def _message(text: str, blocks: Sequence[Mapping[str, Any]], *, plain: bool) -> Iterator[str]:
    if not text.strip():
        yield "text is empty: notifications and screen readers have nothing"
    yield from _length("text", text, 1, MAX_TEXT)
    yield from _mrkdwn_content("text", text)
    if not 1 <= len(blocks) <= MAX_BLOCKS:
        yield f"{len(blocks)} blocks"
    for number, block in enumerate(blocks):
        yield from _block(f"blocks[{number}]", block)
    ids = [block["block_id"] for block in _every_block(blocks) if "block_id" in block]
    if len(ids) != len(set(ids)):
        yield "block_id is used twice"
    size = len(json.dumps(list(blocks)).encode())
    if size > MAX_BYTES:
        yield f"the message has {size} bytes"
    yield from message_errors({"text": text, "blocks": list(blocks)}, plain=plain)


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _strings(inner)


def _every_block(blocks: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for block in blocks:
        yield block
        yield from block.get("child_blocks", ())


def _block(where: str, block: Mapping[str, Any], *, inside: bool = False) -> Iterator[str]:
    kind = str(block.get("type"))
    if kind in NEWER and not inside:  # `message_errors` knows them
        yield from (f"{where}: invisible characters" for text in _strings(block) if INVISIBLE.search(text))
        return
    if kind not in KEYS:
        yield f"{where}: block type {kind!r} is not known"
        return
    if inside and kind not in CONTAINER_CHILDREN:
        yield f"{where}: {kind} may not stand in a container"
    yield from (f"{where}: {key} is no key of {kind}" for key in block.keys() - KEYS[kind])
    yield from _length(f"{where}.block_id", block.get("block_id", "x"), 1, 255)
    yield from CHECKS[kind](where, block)
    if kind != "container":  # the library's own opinion, as far as it has one
        try:
            parsed = Block.parse(dict(block))
            assert parsed is not None
            parsed.to_dict()
        except Exception as refused:  # noqa: BLE001 - any complaint of the library is a violation
            yield f"{where}: slack_sdk says {refused}"


def _section(where: str, block: Mapping[str, Any]) -> Iterator[str]:
    if "text" not in block and not block.get("fields"):
        yield f"{where}: a section needs text or fields"
    if "text" in block:
        yield from _text(f"{where}.text", block["text"], 3_000)
    fields = block.get("fields", [])
    if len(fields) > 10:
        yield f"{where}: {len(fields)} fields"
    for field in fields:
        yield from _text(f"{where}.fields", field, 2_000)


def _context(where: str, block: Mapping[str, Any]) -> Iterator[str]:
    if not 1 <= len(block["elements"]) <= 10:
        yield f"{where}: {len(block['elements'])} elements"
    for element in block["elements"]:
        yield from _text(f"{where}.elements", element, 2_000)


def _actions(where: str, block: Mapping[str, Any]) -> Iterator[str]:
    elements = block["elements"]
    if not 1 <= len(elements) <= 25:
        yield f"{where}: {len(elements)} elements"
    for element in elements:
        if element.get("type") in {"overflow", "static_select"}:  # `message_errors` knows them
            continue
        if element.get("type") != "button":
            yield f"{where}: element type {element.get('type')!r} is not known"
            continue
        yield from (f"{where}: {key} is no key of a button" for key in element.keys() - BUTTON_KEYS)
        yield from _text(f"{where}.button", element["text"], 75, kinds={"plain_text"})
        yield from _length(f"{where}.value", element.get("value", "x"), 1, 2_000)
        yield from _length(f"{where}.action_id", element["action_id"], 1, 255)
        if element.get("style", "primary") not in {"primary", "danger"}:
            yield f"{where}: style {element['style']!r}"
    ids = [element.get("action_id") for element in elements]
    if len(ids) != len(set(ids)):
        yield f"{where}: action_id is used twice"


def _container(where: str, block: Mapping[str, Any]) -> Iterator[str]:
    yield from _text(f"{where}.title", block["title"], 150, kinds={"plain_text"})
    if "subtitle" in block:
        yield from _text(f"{where}.subtitle", block["subtitle"], 150)
    if block.get("default_collapsed") and not block.get("is_collapsible"):
        yield f"{where}: default_collapsed needs is_collapsible"
    children = block.get("child_blocks", [])
    if not 1 <= len(children) <= 10:
        yield f"{where}: {len(children)} child blocks"
    for number, child in enumerate(children):
        yield from _block(f"{where}.child_blocks[{number}]", child, inside=True)


def _header(where: str, block: Mapping[str, Any]) -> Iterator[str]:
    yield from _text(f"{where}.text", block["text"], 150, kinds={"plain_text"})


def _divider(where: str, block: Mapping[str, Any]) -> Iterator[str]:
    yield from ()


CHECKS: Mapping[str, Callable[[str, Mapping[str, Any]], Iterator[str]]] = {
    "section": _section,
    "context": _context,
    "actions": _actions,
    "container": _container,
    "header": _header,
    "divider": _divider,
}


def _text(where: str, text: Mapping[str, Any], longest: int, kinds: Collection[str] = TEXT_KINDS) -> Iterator[str]:
    if text.get("type") not in kinds:
        yield f"{where}: text type {text.get('type')!r}"
    yield from _length(where, text["text"], 1, longest)
    if text.get("type") == "mrkdwn":
        if text.get("verbatim") is not True:
            yield f"{where}: Slack would make links and mentions of its own"
        yield from _mrkdwn_content(where, text["text"])
    elif INVISIBLE.search(text["text"]):
        yield f"{where}: invisible characters"


def _mrkdwn_content(where: str, text: str) -> Iterator[str]:
    if found := INVISIBLE.search(text):
        yield f"{where}: invisible character {found.group()!r}"
    bare = ALLOWED_MARKUP.sub("", text)
    if "<" in bare or ">" in bare:
        yield f"{where}: markup that is not ours in {bare[:120]!r}"
    if re.search(r"&(?!amp;|lt;|gt;)", bare):
        yield f"{where}: an ampersand is not escaped or an entity is torn"
    if text.count("`") % 2:
        yield f"{where}: a code span is not closed"


def _length(where: str, text: str, least: int, most: int) -> Iterator[str]:
    if not least <= len(text) <= most:
        yield f"{where}: {len(text)} characters, {least} to {most} are allowed"
