"""What Slack refuses in the blocks that every workspace knows.

https://docs.slack.dev/reference/block-kit/blocks
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from demo.slack.element_limits import IN_ACTIONS, IN_INPUT, IN_SECTION, element_errors
from demo.slack.text_limits import PLAIN, Found, as_list, count_errors, keys_errors, length_errors, text_errors

Block = Mapping[str, Any]
KEYS: Final[Mapping[str, frozenset[str]]] = {
    "section": frozenset({"type", "block_id", "text", "fields", "accessory", "expand"}),
    "header": frozenset({"type", "block_id", "text", "level"}),
    "divider": frozenset({"type", "block_id"}),
    "context": frozenset({"type", "block_id", "elements"}),
    "actions": frozenset({"type", "block_id", "elements"}),
    "image": frozenset({"type", "block_id", "image_url", "alt_text", "title", "slack_file"}),
    "input": frozenset({"type", "block_id", "label", "element", "dispatch_action", "hint", "optional"}),
    "markdown": frozenset({"type", "block_id", "text"}),
    "rich_text": frozenset({"type", "block_id", "elements"}),
    "table": frozenset({"type", "block_id", "rows", "column_settings"}),
}
RICH_PARTS: Final = frozenset({"rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"})
RICH_PIECES: Final = frozenset(
    {"text", "link", "emoji", "user", "usergroup", "channel", "broadcast", "date", "color", "rich_text_section"}
)
CELLS: Final = frozenset({"raw_text", "raw_number", "rich_text"})
MAX_CELLS: Final = 20
MAX_ROWS: Final = 100


def known_block_errors(where: str, block: Block) -> Found:
    """Of one block of a kind in `KEYS`."""
    check = _CHECKS.get(str(block["type"]))
    if check is not None:  # a divider is nothing but there
        yield from check(where, block)


def _section(where: str, block: Block) -> Found:
    if "text" not in block and not block.get("fields"):
        yield f"{where}: text or fields is required"
    if "text" in block:
        yield from text_errors(f"{where}/text", block["text"], 3_000)
    if "fields" in block:
        yield from count_errors(f"{where}/fields", block["fields"], 10)
    for number, field in enumerate(as_list(block.get("fields"))):
        yield from text_errors(f"{where}/fields/{number}", field, 2_000)
    if "accessory" in block:
        yield from element_errors(f"{where}/accessory", block["accessory"], IN_SECTION)


def _header(where: str, block: Block) -> Found:
    yield from text_errors(f"{where}/text", block.get("text"), 150, PLAIN)


def _context(where: str, block: Block) -> Found:
    yield from count_errors(f"{where}/elements", block.get("elements"), 10)
    for number, element in enumerate(as_list(block.get("elements"))):
        if isinstance(element, Mapping) and element.get("type") == "image":
            yield from element_errors(f"{where}/elements/{number}", element, {"image"})
        else:
            yield from text_errors(f"{where}/elements/{number}", element, 2_000)


def _actions(where: str, block: Block) -> Found:
    elements = as_list(block.get("elements"))
    yield from count_errors(f"{where}/elements", block.get("elements"), 25)
    for number, element in enumerate(elements):
        yield from element_errors(f"{where}/elements/{number}", element, IN_ACTIONS)
    ids = [one.get("action_id") for one in elements if isinstance(one, Mapping) and one.get("action_id")]
    if len(ids) != len(set(ids)):
        yield f"{where}/elements: an action_id is used twice"


def _image(where: str, block: Block) -> Found:
    yield from length_errors(f"{where}/alt_text", block.get("alt_text"), 2_000)
    if "image_url" not in block and "slack_file" not in block:
        yield f"{where}: image_url or slack_file is required"
    if "image_url" in block:
        yield from length_errors(f"{where}/image_url", block["image_url"], 3_000)
    if "title" in block:
        yield from text_errors(f"{where}/title", block["title"], 2_000, PLAIN)


def _input(where: str, block: Block) -> Found:
    yield from text_errors(f"{where}/label", block.get("label"), 2_000, PLAIN)
    if "hint" in block:
        yield from text_errors(f"{where}/hint", block["hint"], 2_000, PLAIN)
    yield from element_errors(f"{where}/element", block.get("element"), IN_INPUT)


def _markdown(where: str, block: Block) -> Found:
    yield from length_errors(f"{where}/text", block.get("text"), 12_000)


def rich_text_errors(where: str, block: object) -> Found:
    """Of a rich_text block, which is also a cell or the details of a task."""
    if not isinstance(block, Mapping) or block.get("type") != "rich_text":
        yield f"{where}: rich_text is expected"
        return
    yield from keys_errors(where, block, KEYS["rich_text"], ("elements",))
    for number, part in enumerate(as_list(block.get("elements"))):
        there = f"{where}/elements/{number}"
        if not isinstance(part, Mapping) or part.get("type") not in RICH_PARTS:
            yield f"{there}: unsupported type"
            continue
        for place, piece in _pieces(there, part):
            yield from _piece(place, piece)


def _pieces(where: str, part: Block) -> Iterator[tuple[str, Any]]:
    for number, piece in enumerate(as_list(part.get("elements"))):
        place = f"{where}/elements/{number}"
        if isinstance(piece, Mapping) and piece.get("type") == "rich_text_section":
            yield from _pieces(place, piece)
        else:
            yield place, piece


def _piece(where: str, piece: object) -> Found:
    kind = piece.get("type") if isinstance(piece, Mapping) else None
    if not isinstance(piece, Mapping) or kind not in RICH_PIECES:
        yield f"{where}: unsupported type: {kind}"
    elif kind == "text":
        yield from length_errors(f"{where}/text", piece.get("text"), 40_000)
    elif kind == "link":
        yield from length_errors(f"{where}/url", piece.get("url"), 3_000)


def cells_errors(where: str, row: object) -> Found:
    """Of one row of a table."""
    yield from count_errors(where, row, MAX_CELLS)
    for number, cell in enumerate(as_list(row)):
        there = f"{where}/{number}"
        kind = cell.get("type") if isinstance(cell, Mapping) else None
        if not isinstance(cell, Mapping) or kind not in CELLS:
            yield f"{there}: unsupported type: {kind}"
        elif kind == "rich_text":
            yield from rich_text_errors(there, cell)
        elif kind == "raw_text":
            yield from length_errors(f"{there}/text", cell.get("text"), 3_000)
        elif not isinstance(cell.get("value"), int | float):
            yield f"{there}/value: a number is expected"


def _table(where: str, block: Block) -> Found:
    yield from count_errors(f"{where}/rows", block.get("rows"), MAX_ROWS)
    yield from count_errors(f"{where}/column_settings", block.get("column_settings", []), MAX_CELLS, 0)
    for number, row in enumerate(as_list(block.get("rows"))):
        yield from cells_errors(f"{where}/rows/{number}", row)


_CHECKS: Final = {
    "section": _section,
    "header": _header,
    "context": _context,
    "actions": _actions,
    "image": _image,
    "input": _input,
    "markdown": _markdown,
    "rich_text": rich_text_errors,
    "table": _table,
}
