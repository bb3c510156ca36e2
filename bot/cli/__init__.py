"""The command line: one file for each command. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

import gc
import os
import sys
import threading

SELDOM = (50_000, 20, 100)
"""What is read and judged are many small objects, nearly all without cycles: Python's own thresholds make it look for
cycles among them again and again."""


def main() -> None:
    """The console script `alb502`; ends the process with the status that docs and scripts rely on."""
    gc.set_threshold(*SELDOM)
    from bot.cli.top import run

    status = run(sys.argv[1:])
    if calls_are_left():
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)


def calls_are_left() -> bool:
    """Whether threads still wait for AWS after the answer was printed.

    The interpreter would join them, and a person who has the answer would wait for a call's last timeout.
    """
    return any(not one.daemon and one is not threading.main_thread() for one in threading.enumerate())
