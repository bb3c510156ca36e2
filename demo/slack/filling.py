"""Gives blocks and elements the ids that Slack makes where the bot names none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from demo.slack.text_limits import as_list

NewId = Callable[[str], str]
INTERACTIVE: Final = frozenset({"button", "overflow", "checkboxes", "feedback_buttons", "icon_button", "radio_buttons"})


def filled(blocks: object, new_id: NewId) -> list[dict[str, Any]]:
    """The blocks with a block_id each, and an action_id for everything that can be pressed."""
    return [_block(block, new_id) for block in as_list(blocks) if isinstance(block, Mapping)]


def _block(block: Mapping[str, Any], new_id: NewId) -> dict[str, Any]:
    made = {**block, "block_id": block.get("block_id") or new_id("b")}
    if "child_blocks" in made:
        made["child_blocks"] = filled(made["child_blocks"], new_id)
    if made.get("type") in {"actions", "context_actions"}:
        made["elements"] = [_element(one, new_id) for one in as_list(made.get("elements"))]
    for place in ("accessory", "element"):
        if place in made:
            made[place] = _element(made[place], new_id)
    return made


def _element(element: Any, new_id: NewId) -> Any:
    if not isinstance(element, Mapping):
        return element
    kind = str(element.get("type"))
    needs = kind in INTERACTIVE or kind.endswith(("_select", "_input", "picker"))
    return {**element, "action_id": element.get("action_id") or new_id("a")} if needs else dict(element)
