"""The short form of `./run chaos`: each kind of fault about once, while people ask and alarms come."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.bot import chaos

LEAST_FAULTS = 5
PATIENCE_S = 60.0
KEEPS_ONE = """
import subprocess, time
from tests.bot.chaos import keeper
group = keeper()
subprocess.Popen(["sleep", "600"], process_group=group.pid)
print("started", flush=True)
time.sleep(600)
"""


def test_what_the_run_has_started_ends_with_it_when_it_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", KEEPS_ONE], cwd=chaos.ROOT, stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        assert run.stdout.readline()
        run.kill()
        assert run.stdout.read() == b"", "the output is open for as long as anything holds it"


@pytest.mark.slow
def test_whatever_breaks_everything_has_one_answer_and_one_effect_in_the_end(tmp_path: Path) -> None:
    done = chaos.run(5.0, tmp_path, seed=7, every_s=0.3, settle_s=PATIENCE_S)
    assert done.undone == []
    assert done.traffic.fixes
    assert done.broken.total() >= LEAST_FAULTS
