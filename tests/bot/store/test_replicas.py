"""What is acknowledged is held by a replica, where there is one, and nobody waits for one that is gone."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

from bot.store.replicas import Replicas
from tests.bot.conftest import eventually
from tests.bot.valkeys import Valkey, valkey

PATIENCE_S = 30.0
WRITES = 50
PATIENT_MS = 4_000


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Valkey, Valkey]]:
    """A primary and its replica."""
    with ExitStack() as stack:
        primary = stack.enter_context(valkey(tmp_path / "primary", "repl-diskless-sync-delay 0"))
        replica = stack.enter_context(valkey(tmp_path / "replica", f"replicaof 127.0.0.1 {primary.port}"))

        eventually(lambda: primary.says(lambda client: client.set("a", "1") and client.wait(1, 1_000)), PATIENCE_S)
        yield primary, replica


def test_what_was_written_is_copied_when_it_returns(
    pair: tuple[Valkey, Valkey], monkeypatch: pytest.MonkeyPatch
) -> None:
    primary, replica = pair
    monkeypatch.setattr("bot.store.replicas.AT_MOST_MS", PATIENT_MS)
    with primary.client as client, replica.client as other:
        replicas = Replicas(client)
        for number in range(WRITES):
            client.set(f"news-{number}", "1")
            assert replicas.have_it()
            assert other.get(f"news-{number}") == b"1"
        assert 0 < client.ttl("alb502:copied") <= 60


def test_a_replica_that_hangs_is_waited_for_a_moment_and_one_that_is_gone_not_at_all(
    pair: tuple[Valkey, Valkey], monkeypatch: pytest.MonkeyPatch
) -> None:
    primary, replica = pair
    clock = Clock()
    with primary.client as client:
        replicas = Replicas(client, clock)
        with monkeypatch.context() as patch:
            patch.setattr("bot.store.replicas.AT_MOST_MS", PATIENT_MS)
            assert replicas.have_it()
        replica.process.send_signal(signal.SIGSTOP)
        assert not replicas.have_it()
        replica.process.kill()
        eventually(lambda: client.info("replication")["connected_slaves"] == 0, PATIENCE_S)
        clock.now_s = 5.0
        assert replicas.have_it()
        primary.process.kill()
        clock.now_s = 10.0
        with pytest.raises(RedisError):
            replicas.have_it()


def test_without_replicas_or_without_the_right_to_wait_nothing_is_in_the_way(
    redis: Redis, pair: tuple[Valkey, Valkey]
) -> None:
    assert Replicas(redis).have_it()
    assert not redis.exists("alb502:copied")
    primary, _ = pair
    with primary.client as client:
        client.acl_setuser("bot", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-wait"])
    with Redis(port=primary.port, username="bot", password="any") as narrow:
        assert not Replicas(narrow).have_it()
