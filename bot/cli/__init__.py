"""The command line: one file for each command. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

import sys


def main() -> None:
    """The console script `alb502`; ends the process with the status that docs and scripts rely on."""
    from bot.cli.top import run

    sys.exit(run(sys.argv[1:]))
