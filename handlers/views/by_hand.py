"""What a fix changes, and the commands that do it by hand, as Slack draws them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from diagnostics import printable
from diagnostics.by_hand import blanks
from diagnostics.fix_wording import name_of, values_in_words
from diagnostics.report import SettingChange
from handlers.views.blocks import Block, context, section, whole_lines
from handlers.views.escape import block, code, words

MAX_CHANGES: Final = 12
MAX_COMMAND: Final = 2_600
MAX_COMMANDS: Final = 8
MAX_BLANKS: Final = 5
MAX_BLANK: Final = 400
MAX_VALUE: Final = 400
MAX_LINE: Final = 300


def table(changes: Sequence[SettingChange]) -> list[Block]:
    lines = [f"• {change_line(change)}" for change in changes[:MAX_CHANGES]]
    return [section(whole_lines(["*Changes*", *lines], 2_900, total=len(changes) + 1))] if lines else []


def change_line(change: SettingChange) -> str:
    before, after = (_value(value) for value in values_in_words(change))
    where = code(name_of(change.resource), MAX_VALUE)
    return f"{words(change.setting, MAX_LINE)} of {where}: {before} → {after}"


def _value(value: str | None) -> str:
    return "nothing" if value is None else code(printable.line(value, MAX_VALUE), MAX_VALUE)


def commands(title: str, lines: Sequence[str], *, back: bool = False) -> list[Block]:
    made = [found for line in lines[:MAX_COMMANDS] if (found := block(line, MAX_COMMAND)) is not None]
    if not made:
        return []
    head = [section(f"*{title}*")] if title else []
    notes = [words(f"Fill in {blank}.", MAX_BLANK) for blank in blanks(lines, back=back)]
    return [*head, *(section(text) for text in made), *([context(*notes[:MAX_BLANKS])] if notes else [])]
