"""The short form of `./run chaos`: each kind of fault about once, while people ask and alarms come."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bot import chaos

LEAST_FAULTS = 5
PATIENCE_S = 60.0


@pytest.mark.slow
def test_whatever_breaks_everything_has_one_answer_and_one_effect_in_the_end(tmp_path: Path) -> None:
    done = chaos.run(5.0, tmp_path, seed=7, every_s=0.3, settle_s=PATIENCE_S)
    assert done.undone == []
    assert done.traffic.fixes
    assert done.broken.total() >= LEAST_FAULTS
