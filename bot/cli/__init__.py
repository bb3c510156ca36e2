"""The command line: one file for each command. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading

SELDOM = (50_000, 20, 100)
"""What is read and judged are many small objects, nearly all without cycles: Python's own thresholds make it look for
cycles among them again and again."""


def main() -> None:
    """The console script `alb502`; ends the process with the status that docs and scripts rely on."""
    heed_sigterm()
    gc.set_threshold(*SELDOM)
    from bot.cli.top import run

    status = run(sys.argv[1:])
    if calls_are_left():
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)


def heed_sigterm() -> None:
    """SIGTERM ends the first process of a container, too, as it ends any other.

    The kernel has no default for that process: a signal that comes before somebody handles it would be lost, and
    whoever sent it would wait until they kill. https://man7.org/linux/man-pages/man7/pid_namespaces.7.html
    """
    if os.getpid() == 1:
        signal.signal(signal.SIGTERM, lambda *_: os._exit(128 + signal.SIGTERM))


def calls_are_left() -> bool:
    """Whether threads still wait for AWS after the answer was printed, or after the bot has ended.

    The interpreter would join them, those of a pool even where they are daemons, and a person who has the answer would
    wait for a call's last timeout.
    """
    return any(one is not threading.main_thread() for one in threading.enumerate())
