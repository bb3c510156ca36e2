"""The report in the form that was asked for."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from bot.cli import output
from bot.cli.exits import BAD_USAGE, CommandError

if TYPE_CHECKING:
    from diagnostics.report import Report


class Format(StrEnum):
    """`terminal` for people at a terminal, `markdown` for the post-mortem, `json` for programs."""

    TERMINAL = "terminal"
    MARKDOWN = "markdown"
    JSON = "json"


def chosen(wanted: Format | None, as_json: bool) -> Format:
    """Raises `CommandError` when two formats are wanted at once."""
    if as_json and wanted not in {None, Format.JSON}:
        raise CommandError(f"give either --json or --format {wanted}", status=BAD_USAGE)
    return Format.JSON if as_json else wanted or Format.TERMINAL


def show(report: Report, form: Format) -> None:
    if form is Format.JSON:
        output.write(report.to_json())
    elif form is Format.MARKDOWN:
        from bot.cli.drawing.markdown import post_mortem

        output.write(post_mortem(report))
    else:
        from bot.cli.drawing.report import drawn

        output.draw(*drawn(report))
