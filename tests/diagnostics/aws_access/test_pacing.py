"""CloudTrail look-ups keep their distance."""

from __future__ import annotations

from diagnostics.aws_access import LocalRateGate


class Time:
    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_turns_with_one_key_are_spread_out_and_other_keys_are_free() -> None:
    time = Time()
    gate = LocalRateGate(time.monotonic, time.sleep)
    turns = []
    for _ in range(3):
        assert gate.wait("prod", 0.5, timeout_s=30)
        turns.append(time.now)
    assert turns == [100.0, 100.5, 101.0]
    assert gate.wait("stage", 0.5, timeout_s=30)
    assert time.now == 101.0


def test_a_turn_that_would_come_too_late_is_refused_at_once() -> None:
    time = Time()
    gate = LocalRateGate(time.monotonic, lambda _: None)
    assert [gate.wait("prod", 0.5, timeout_s=1) for _ in range(5)] == [True, True, True, False, False]
