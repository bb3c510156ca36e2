"""What Slack would refuse of a message or a view: pure checks, each finding with where it is.

https://docs.slack.dev/reference/block-kit/blocks, https://docs.slack.dev/reference/methods/chat.postMessage and
https://docs.slack.dev/reference/views
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from demo.slack import block_limits, newer_limits
from demo.slack.text_limits import MAX_ID, PLAIN, Found, as_list, count_errors, keys_errors, length_errors, text_errors

Block = Mapping[str, Any]
MAX_BLOCKS: Final = 50
MAX_VIEW_BLOCKS: Final = 100
MAX_TEXT: Final = 40_000
MAX_MARKDOWN: Final = 12_000
MAX_VIEW_LABEL: Final = 24
MAX_METADATA: Final = 3_000
MAX_VIEW_CHARS: Final = 250_000
NEWER: Final = frozenset(newer_limits.KEYS)
"""Kinds of blocks that a workspace may not know yet."""
ONCE: Final[Mapping[str, int]] = {"table": 1, "data_table": 1, "data_visualization": 2, "plan": 1}
"""How many of a kind one message takes."""
VIEW_KEYS: Final = frozenset(
    {
        "type",
        "title",
        "blocks",
        "close",
        "submit",
        "private_metadata",
        "callback_id",
        "clear_on_close",
        "notify_on_close",
        "external_id",
        "submit_disabled",
    }
)
IN_MESSAGES: Final = (frozenset(block_limits.KEYS) | NEWER) - {"alert"}
IN_VIEWS: Final = (frozenset(block_limits.KEYS) | NEWER) - {"markdown", "plan", "task_card", "context_actions"}


def message_errors(message: Mapping[str, Any], *, plain: bool = False) -> list[str]:
    """Everything that is wrong with `text` and `blocks`. A `plain` workspace knows none of the newer blocks."""
    blocks = as_list(message.get("blocks"))
    found = list(_blocks(blocks, IN_MESSAGES - NEWER if plain else IN_MESSAGES))
    if blocks:
        found += count_errors("/blocks", blocks, MAX_BLOCKS)
    found += length_errors("/text", message.get("text") or "", MAX_TEXT, 0)
    found += _too_many(blocks)
    return found


def view_errors(view: object, *, plain: bool = False) -> list[str]:
    """Everything that is wrong with a modal or a Home tab."""
    if not isinstance(view, Mapping) or view.get("type") not in {"modal", "home"}:
        return ["/type: modal or home"]
    return list(_view(view, IN_VIEWS - NEWER if plain else IN_VIEWS))


def _view(view: Mapping[str, Any], known: frozenset[str]) -> Found:
    blocks = as_list(view.get("blocks"))
    yield from keys_errors("", view, VIEW_KEYS, ("blocks",))
    yield from count_errors("/blocks", blocks, MAX_VIEW_BLOCKS, 1 if view["type"] == "modal" else 0)
    yield from _blocks(blocks, known)
    if view["type"] == "modal":
        yield from text_errors("/title", view.get("title"), MAX_VIEW_LABEL, PLAIN)
        for name in ("submit", "close"):
            if name in view:
                yield from text_errors(f"/{name}", view[name], MAX_VIEW_LABEL, PLAIN)
        if "submit" not in view and any(isinstance(one, Mapping) and one.get("type") == "input" for one in blocks):
            yield "/submit: a modal with an input needs it"
    yield from length_errors("/private_metadata", view.get("private_metadata", ""), MAX_METADATA, 0)
    yield from length_errors("/callback_id", view.get("callback_id", ""), MAX_ID, 0)
    yield from length_errors("/external_id", view.get("external_id", ""), MAX_ID, 0)
    if len(str(view)) > MAX_VIEW_CHARS:
        yield "the view is too large"


def _blocks(blocks: Sequence[Any], known: frozenset[str]) -> Found:
    for where, block in every_block(blocks):
        yield from _block(where, block, known)
    ids = Counter(
        block["block_id"] for _, block in every_block(blocks) if isinstance(block, Mapping) and "block_id" in block
    )
    yield from (f"/blocks: block_id {one!r} is used twice" for one, times in ids.items() if times > 1)


def every_block(blocks: Sequence[Any], where: str = "/blocks") -> Iterator[tuple[str, Any]]:
    """The blocks, and those inside containers, each with where it is."""
    for number, block in enumerate(blocks):
        yield f"{where}/{number}", block
        if isinstance(block, Mapping) and block.get("type") == "container":
            for inner, child in enumerate(as_list(block.get("child_blocks"))):
                yield f"{where}/{number}/child_blocks/{inner}", child


def _block(where: str, block: Any, known: frozenset[str]) -> Found:
    kind = block.get("type") if isinstance(block, Mapping) else None
    if not isinstance(block, Mapping) or kind not in known:
        yield f"{where}: unsupported type: {kind}"
        return
    newer = kind in NEWER
    yield from keys_errors(where, block, (newer_limits if newer else block_limits).KEYS[str(kind)])
    if "block_id" in block:
        yield from length_errors(f"{where}/block_id", block["block_id"], MAX_ID)
    check = newer_limits.newer_block_errors if newer else block_limits.known_block_errors
    yield from check(where, block)


def _too_many(blocks: Sequence[Any]) -> Found:
    kinds = Counter(str(block.get("type")) for _, block in every_block(blocks) if isinstance(block, Mapping))
    for kind, most in ONCE.items():
        if kinds[kind] > most:
            yield f"/blocks: {kinds[kind]} blocks of {kind}, {most} allowed in a message"
    markdown = sum(
        len(str(block.get("text")))
        for block in blocks
        if isinstance(block, Mapping) and block.get("type") == "markdown"
    )
    if markdown > MAX_MARKDOWN:
        yield f"/blocks: {markdown} characters of markdown, {MAX_MARKDOWN} allowed in a message"
