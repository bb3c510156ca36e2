"""The file that DuckDB reads holds what was put into it last, in memory and on a disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from diagnostics.access_logs import scratch
from diagnostics.access_logs.scratch import Scratch


@pytest.fixture(params=["in memory", "on a disk"])
def file(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scratch]:
    if request.param == "on a disk":
        monkeypatch.setattr(scratch, "_OPEN_FILES", tmp_path / "none")
    made = Scratch(tmp_path / "scratch")
    yield made
    made.close()


def test_a_shorter_content_leaves_nothing_of_a_longer_one(file: Scratch) -> None:
    for content in (b"a" * 3_000_000, b"bc", b"", b"d" * 10):
        file.put(content)
        assert file.path.read_bytes() == content


def test_pieces_follow_one_another_and_parts_end_with_the_file(file: Scratch) -> None:
    file.put(b"x" * 20)
    file.write(b"12345", 0)
    file.write(b"6789" * 600_000, 5)
    file.cut(9)
    assert file.path.read_bytes() == b"123456789"
    assert (file.part(3, 6), file.part(7, 50)) == (b"456", b"89")
