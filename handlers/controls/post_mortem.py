"""Post-mortem: the report with its timeline as Markdown, in the thread, ready to be copied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from diagnostics import printable
from handlers.controls.control import Outcome, Visit, control
from handlers.controls.hands import in_the_thread
from handlers.views.blocks import Block, Message, section
from handlers.views.escape import block, code

MAX_CHUNK: Final = 2_700
MAX_CHUNKS: Final = 4
MAX_LINE: Final = 900


@control(
    name="post-mortem",
    label="Post-mortem",
    rank=80,
    reach="thread",
)
def post_mortem(visit: Visit) -> Outcome:
    """Posts it once for each report."""
    markdown = visit.hands.markdown(visit.report)
    if visit.click.private:
        return as_block(markdown, visit.report.id, plain=True)
    posted = visit.hands.post(visit, "post-mortem", lambda plain: as_block(markdown, visit.report.id, plain=plain))
    return in_the_thread(posted, f"alb502 report {visit.report.id} --format markdown")


def as_block(markdown: str, report_id: str, *, plain: bool) -> Message:
    """The first lines that fit, in blocks whose content nobody formats, and how to get all of it."""
    lines = [printable.lines(line, MAX_LINE) for line in markdown.splitlines()]
    chunks = _chunks(lines, MAX_CHUNK if not plain else MAX_CHUNK * 2 // 3)[:MAX_CHUNKS]
    shown = sum(len(chunk) for chunk in chunks)
    command = code(f"alb502 report {report_id} --format markdown")
    cut = f" Showing {shown} of {len(lines)} lines." if shown < len(lines) else ""
    text = f":memo: Post-mortem as Markdown, to be copied.{cut} All of it in a terminal: {command}"
    return Message(text=text, blocks=(section(text), *(_preformatted(chunk, plain=plain) for chunk in chunks)))


def _chunks(lines: Sequence[str], limit: int) -> list[list[str]]:
    """Whole lines in pieces of at most `limit` characters; escaping may make them longer in the plain layout."""
    found: list[list[str]] = [[]]
    used = 0
    for line in lines:
        used += len(line) + 1
        if used > limit and found[-1]:
            found.append([])
            used = len(line) + 1
        found[-1].append(line)
    return [chunk for chunk in found if any(line.strip() for line in chunk)]


def _preformatted(lines: Sequence[str], *, plain: bool) -> Block:
    """Nothing inside is parsed as formatting or mentions: https://docs.slack.dev/reference/block-kit/blocks/rich-text-block"""
    text = "\n".join(lines)
    if plain:
        return section(block(text, MAX_CHUNK) or "_These lines hold too much that has to be escaped to be shown here._")
    inner = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [inner]}
