"""A benchmark that could not say MISS would be worth nothing."""

from __future__ import annotations

import pytest

from benchmarks.scan.__main__ import Measured, judged

ONE = Measured(1.6, 44, 30)


def test_what_is_promised_is_met() -> None:
    assert all(target.met for target in judged([Measured(4.0, 154, 33)], [ONE]))


@pytest.mark.parametrize(
    ("scan", "promise"), [(Measured(4.0, 177, 33), "4 times the calls"), (Measured(61.0, 150, 33), "takes at most")]
)
def test_what_is_worse_is_missed(scan: Measured, promise: str) -> None:
    (missed,) = [target for target in judged([Measured(4.0, 150, 33), scan], [ONE]) if not target.met]
    assert promise in missed.promise
