"""The short form of `./run chaos`: each kind of fault once, while people ask."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bot import chaos

KINDS = 7


@pytest.mark.slow
def test_whatever_breaks_everybody_has_one_answer_in_the_end(tmp_path: Path) -> None:
    done = chaos.run(5.0, tmp_path, seed=7, every_s=0.3)
    assert done.asked
    assert done.open_questions() == []
    assert done.broken.total() >= KINDS - 2
