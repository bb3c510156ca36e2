"""`alb502 doctor`: what will not work, why, and what to paste. Writes nothing to find out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from bot.cli import configured, exits, options, output
from bot.cli.serve import Role, missing

if TYPE_CHECKING:
    from bot.doctor.finding import Examination

EXAMPLE: Final = "Example: alb502 doctor --role worker"


def doctor(
    role: Annotated[
        Role | None,
        typer.Option(
            "--role",
            help="Only what this part of the bot uses, run where it runs. Without it: everything, from anywhere.",
        ),
    ] = None,
    as_json: options.AsJson = False,
) -> int:
    """Check tokens, scopes, the store, roles, regions and permissions. Reads only; exit status 1 where it found a
    problem."""
    settings = configured.settings()
    from bot.cli.progress import waiting
    from bot.doctor.examining import examine

    with waiting("looking at Slack, Redis and AWS"):
        found = examine(settings, role, missing(settings, role or "all"))
    show(found, as_json=as_json)
    return exits.OK if found.verdict == "well" else exits.NOT_WELL


def show(found: Examination, *, as_json: bool) -> None:
    if as_json:
        output.write(found.to_json())
        return
    from bot.cli.drawing.doctor import drawn

    output.draw(*drawn(found))
