"""Blocks that meet Slack's limits by construction, and the one place that knows the numbers.

https://docs.slack.dev/reference/block-kit/blocks
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from diagnostics import printable

Block = dict[str, Any]

MAX_BLOCKS: Final = 50
MAX_SECTION: Final = 3_000
MAX_CONTEXT_ELEMENTS: Final = 10
MAX_CONTEXT_TEXT: Final = 2_000
MAX_ACTIONS: Final = 25
MAX_BUTTON_TEXT: Final = 75
MAX_BUTTON_VALUE: Final = 2_000
MAX_CONTAINER_TITLE: Final = 150
MAX_CONTAINER_CHILDREN: Final = 10
MAX_FALLBACK: Final = 4_000
MAX_MESSAGE_CHARS: Final = 12_000
"""Slack gives no number for a whole message; this is what its markdown blocks may hold together."""


@dataclass(frozen=True, slots=True)
class Part:
    """Blocks that stay or go together. Of a message that is too large the highest `rank` goes first, which is said if
    the part has a `name`."""

    rank: int
    blocks: tuple[Block, ...]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """What is posted. `text` is the notification and what a screen reader says; it is mrkdwn too.

    `parts`: what it was composed of, so that something can be added to it within the same limits.
    """

    text: str
    blocks: tuple[Block, ...] = ()
    parts: tuple[Part, ...] = field(default=(), compare=False, repr=False)


def compose(text: str, parts: Sequence[Part]) -> Message:
    """A message of `parts` in their order, without the least important ones if all of them would be too much."""
    kept, gone = [part for part in parts if part.blocks], list[Part]()
    while len(kept) > 1 and not _fits([*kept, *_left_out(gone)]):
        number, worst = max(enumerate(kept), key=lambda item: (item[1].rank, item[0]))
        del kept[number]
        gone.append(worst)
    blocks = tuple(block for part in (*kept, *_left_out(gone)) for block in part.blocks)
    return Message(text=whole_lines(text.splitlines(), MAX_FALLBACK), blocks=blocks, parts=tuple(parts))


def parts_of(message: Message) -> tuple[Part, ...]:
    """What a message is made of; one that was not composed is one part for each of its blocks."""
    return message.parts or tuple(Part(0, (block,)) for block in message.blocks)


def _left_out(gone: Sequence[Part]) -> tuple[Part, ...]:
    names = list(dict.fromkeys(part.name for part in reversed(gone) if part.name))
    return (Part(0, (context(f"_Left out, too much for one message: {', '.join(names)}_"),)),) if names else ()


def section(text: str) -> Block:
    return {"type": "section", "text": _mrkdwn(whole_lines(text.splitlines(), MAX_SECTION))}


def in_a_section(text: str) -> Message:
    return Message(text, (section(text),))


def context(*texts: str) -> Block:
    kept = [text for text in texts if text][:MAX_CONTEXT_ELEMENTS]
    return {
        "type": "context",
        "elements": [_mrkdwn(whole_lines(text.splitlines(), MAX_CONTEXT_TEXT)) for text in kept],
    }


def button(label: str, action_id: str, value: str) -> Block:
    """`value` is an opaque id of ours; what the button does is kept on the server. Where the label is too long, the ids
    in brackets go first, which whoever presses it reads next."""
    if not 0 < len(value) <= MAX_BUTTON_VALUE:
        raise ValueError(f"a button's value has 1 to {MAX_BUTTON_VALUE} characters, not {len(value)}")
    short = label if len(label) <= MAX_BUTTON_TEXT else printable.without_ids(label)
    return {
        "type": "button",
        "action_id": action_id,
        "value": value,
        "text": {"type": "plain_text", "text": printable.line(short, MAX_BUTTON_TEXT), "emoji": False},
    }


def actions(*buttons: Block) -> Block:
    return {"type": "actions", "elements": list(buttons[:MAX_ACTIONS])}


def folded(title: str, children: Sequence[Block]) -> tuple[Block, ...]:
    """A container that is closed until it is clicked; nothing when it would be empty."""
    if not children:
        return ()
    if len(children) > MAX_CONTAINER_CHILDREN:
        shown = MAX_CONTAINER_CHILDREN - 1
        children = [*children[:shown], context(f"_showing {shown} of {len(children)}_")]
    return (
        {
            "type": "container",
            "title": {"type": "plain_text", "text": printable.line(title, MAX_CONTAINER_TITLE), "emoji": False},
            "is_collapsible": True,
            "default_collapsed": True,
            "child_blocks": list(children),
        },
    )


def whole_lines(lines: Sequence[str], limit: int, total: int | None = None, separator: str = "\n") -> str:
    """The first lines that fit into `limit` characters. What is missing is said: `showing 12 of 48`.

    `total` is how many there were before the caller left some out. A line is never cut in the middle: that could tear
    a code span or a link apart.
    """
    total = len(lines) if total is None else total
    note = f"_showing {total} of {total}_"  # as long as the note can get
    kept = list(_fitting(lines, limit, len(separator)))
    if len(kept) == total:
        return separator.join(kept)
    kept = list(_fitting(kept, limit - len(note) - 1, len(separator)))
    return separator.join(kept) + f"\n_showing {len(kept)} of {total}_" if kept else f"_showing 0 of {total}_"


def _fitting(lines: Sequence[str], limit: int, between: int) -> Iterable[str]:
    used = -between
    for line in lines:
        used += len(line) + between
        if used > limit:
            return
        yield line


def _mrkdwn(text: str) -> Block:
    """`verbatim`: Slack makes no links or mentions of its own from what looks like one."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _fits(parts: Sequence[Part]) -> bool:
    blocks = [block for part in parts for block in part.blocks]
    return _count(blocks) <= MAX_BLOCKS and sum(map(characters, blocks)) <= MAX_MESSAGE_CHARS


def _count(blocks: Sequence[Block]) -> int:
    """How many blocks there are with those inside of containers; Slack does not say whether it counts these."""
    return len(blocks) + sum(len(block.get("child_blocks", ())) for block in blocks)


def characters(value: object) -> int:
    """How many characters of text a block holds."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(characters(inner) for inner in value.values())
    if isinstance(value, list):
        return sum(map(characters, value))
    return 0
