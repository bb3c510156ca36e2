"""In a container the program is the first process, for which the kernel ignores what nobody handles."""

from __future__ import annotations

import subprocess
import sys

import pytest

AT_ONCE = """
import os, signal
own = os.getpid()
os.getpid = lambda: {pid}
from bot.cli import heed_sigterm
heed_sigterm()
os.kill(own, signal.SIGTERM)
signal.pause()
"""


@pytest.mark.parametrize(("pid", "status"), [("1", 143), ("own", -15)])
def test_sigterm_ends_it_before_any_command_handles_it(pid: str, status: int) -> None:
    ended = subprocess.run([sys.executable, "-c", AT_ONCE.format(pid=pid)], timeout=30, check=False)
    assert ended.returncode == status
