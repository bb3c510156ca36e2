"""All of a plan that somebody may approve: what each of its narrower forms does, and the way back. Nobody approves what
they cannot see, and what people are told of a plan is no proof of what it does: its commands are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from handlers.views.blocks import Block, section, whole_lines
from handlers.views.by_hand import MAX_CHANGES, MAX_COMMAND, MAX_COMMANDS, change_line, commands
from handlers.views.escape import block, words
from remediations.commands import edits_of, lines_of
from remediations.plan import Plan, Write

MAX_BLOCKS: Final = 90
"""Of the hundred of a modal; what stands below these is what the approver fills in."""
MAX_WARNINGS: Final = 5
MAX_SHOWN_VALUE: Final = 300
"""A longer one may be cut where it is shown, since escaping makes it longer."""
MAX_LABEL: Final = 75
MAX_SECTION: Final = 2_900


def in_commands(plan: Plan, region: str) -> list[Block]:
    """The plan, its way back, and each of its narrower forms with what is different there."""
    blocks = _commands("The same with the AWS CLI", plan.writes, region)
    blocks += _commands("The undo with the AWS CLI", plan.undo.writes, region, back=True)
    for one in plan.narrower:
        lines = [
            f"*If you choose* {words(one.label, MAX_LABEL)}",
            *(f"• {change_line(change)}" for change in one.changes),
        ]
        blocks.append(section(whole_lines(lines, MAX_SECTION, total=len(lines))))
        blocks += _commands("", one.writes, region)
        known = [(write.call, write.arguments) for write in plan.undo.writes]
        other = [write for write in one.undo.writes if (write.call, write.arguments) not in known]
        blocks += _commands("Its undo", other, region, back=True)
    return blocks


def is_shown_whole(plan: Plan, region: str, blocks: Sequence[Block]) -> bool:
    """`blocks`: all that would stand above what the approver fills in."""
    return len(blocks) <= MAX_BLOCKS and all(_fits(one, region) for one in (plan, *plan.narrower))


def _commands(title: str, writes: Sequence[Write], region: str, *, back: bool = False) -> list[Block]:
    """The commands; below them, of what is made of a live answer, what is edited in it, which no command says."""
    return [*commands(title, lines_of(writes, region), back=back), *commands("", [*edits_of(writes)])]


def _fits(plan: Plan, region: str) -> bool:
    values = (value for change in plan.changes for value in (change.before, change.after) if value is not None)
    told = len(plan.changes) <= MAX_CHANGES and len(plan.warnings) <= MAX_WARNINGS
    lines = [lines_of(plan.writes, region), lines_of(plan.undo.writes, region)]
    lines += [tuple(edits_of(plan.writes)), tuple(edits_of(plan.undo.writes))]
    return (
        told
        and all(len(str(value)) <= MAX_SHOWN_VALUE for value in values)
        and max(map(len, lines)) <= MAX_COMMANDS
        and all(block(line, MAX_COMMAND) is not None for some in lines for line in some)
    )
