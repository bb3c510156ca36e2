"""CloudTrail's two look-ups a second hold over all replicas."""

from __future__ import annotations

import pytest
from redis import Redis

from bot.store.turns import SharedRateGate

SPACING_S = 0.5


class Replica:
    """A gate as one process has it; `slept` is what it waited for its turns."""

    def __init__(self, redis: Redis) -> None:
        self.slept: list[float] = []
        self.gate = SharedRateGate(redis, self.slept.append)

    def turn(self, key: str = "prod", timeout_s: float = 30.0) -> bool:
        return self.gate.wait(key, SPACING_S, timeout_s)


@pytest.fixture
def replicas(redis: Redis) -> tuple[Replica, Replica]:
    return Replica(redis), Replica(redis)


def test_replicas_take_turns(replicas: tuple[Replica, Replica]) -> None:
    one, other = replicas
    assert all([one.turn(), other.turn(), one.turn(), other.turn()])
    assert other.slept == pytest.approx([SPACING_S, 3 * SPACING_S], abs=0.3)
    assert one.slept == pytest.approx([2 * SPACING_S], abs=0.3)
    assert one.turn("stage"), "another account has turns of its own"
    assert len(one.slept) == 1


def test_a_turn_that_would_come_too_late_is_refused_and_costs_nobody_else_anything(
    replicas: tuple[Replica, Replica],
) -> None:
    one, other = replicas
    assert [one.turn() for _ in range(3)] == [True, True, True]
    assert not any(other.turn(timeout_s=1.0) for _ in range(5))
    assert other.slept == []
    assert other.turn()
    assert other.slept == pytest.approx([3 * SPACING_S], abs=0.3)


def test_turns_are_forgotten_once_they_are_over(redis: Redis, replicas: tuple[Replica, Replica]) -> None:
    assert replicas[0].turn()
    (name,) = redis.keys("alb502:turn:*")
    assert 0 < redis.pttl(name) <= 2_000


def test_without_redis_each_process_keeps_the_spacing_by_itself() -> None:
    asked: list[tuple[str, float, float]] = []

    class Local:
        def wait(self, key: str, spacing_s: float, timeout_s: float) -> bool:
            asked.append((key, spacing_s, timeout_s))
            return True

    with Redis.from_url("redis://127.0.0.1:1", socket_connect_timeout=0.2) as gone:
        assert SharedRateGate(gone, without_redis=Local()).wait("prod", SPACING_S, 30.0)
    assert asked == [("prod", SPACING_S, 30.0)]
