"""Each fault of the store is found, alone, and the doctor sends it nothing that writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.doctor import store
from bot.doctor.finding import Finding
from bot.settings import Settings
from tests.bot.valkeys import Valkey, valkey

LOOKS = {"client|setinfo", "client|setname", "hello", "info", "ping", "select"}
OWN = {"config|resetstat", "config|set", "replicaof"}
"""What the tests themselves send."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    directory = tmp_path_factory.mktemp("doctor") / "store"
    with valkey(directory, "appendonly yes", "maxmemory-policy noeviction") as started:
        yield started


def examined(**settings: Any) -> list[Finding]:
    return list(store.findings(Settings(**settings)))


def wrong(found: list[Finding]) -> list[tuple[str, str]]:
    return [(one.status, one.id) for one in found if one.status != "well"]


def commands(server: Valkey) -> set[str]:
    with server.client as client:
        return {name.removeprefix("cmdstat_") for name in client.info("commandstats")}


def test_nothing_is_wrong_with_a_store_that_keeps(server: Valkey) -> None:
    with server.client as client:
        client.config_resetstat()

    found = examined(redis_url=server.url)

    assert wrong(found) == []
    assert "a primary, noeviction" in found[0].says
    assert commands(server) - OWN <= LOOKS


@pytest.mark.parametrize(
    ("name", "value", "before", "expected", "words"),
    [
        ("maxmemory-policy", "allkeys-lru", "noeviction", ("problem", "redis-evicts"), "maxmemory-policy noeviction"),
        ("maxmemory", "1000000", "0", ("problem", "redis-full"), "raise maxmemory"),
        ("appendonly", "no", "yes", ("less", "redis-forgets"), "appendonly yes"),
    ],
)
def test_a_planted_fault_is_found_alone(
    server: Valkey, name: str, value: str, before: str, expected: tuple[str, str], words: str
) -> None:
    with server.client as client:
        client.config_set(name, value)
        try:
            found = examined(redis_url=server.url)
        finally:
            client.config_set(name, before)

    assert wrong(found) == [expected]
    assert words in found[0].model_dump_json() + found[-1].model_dump_json()


def test_a_store_that_is_nearly_full(server: Valkey) -> None:
    with server.client as client:
        used = int(client.info("memory")["used_memory"])
        client.config_set("maxmemory", int(used / 0.9))
        try:
            found = examined(redis_url=server.url)
        finally:
            client.config_set("maxmemory", 0)

    assert wrong(found) == [("less", "redis-nearly-full")]


def test_a_replica_takes_no_writes(server: Valkey) -> None:
    with server.client as client:
        client.replicaof("127.0.0.1", 1)
        try:
            found = examined(redis_url=server.url)
        finally:
            client.replicaof("NO", "ONE")

    assert wrong(found) == [("problem", "redis-replica")]


def test_a_cluster_is_refused(tmp_path: Path) -> None:
    with valkey(tmp_path / "cluster", "cluster-enabled yes") as clustered:
        found = examined(redis_url=clustered.url)

    assert wrong(found) == [("problem", "redis-cluster")]


def test_nobody_answers_and_the_password_is_not_told() -> None:
    found = examined(redis_url="redis://alb502:hunter2-hunter2@127.0.0.1:1/0")

    assert wrong(found) == [("problem", "redis-unreachable")]
    assert "127.0.0.1:1" in found[0].says
    assert "hunter2" not in str(found)


@pytest.mark.parametrize(
    ("url", "goes_open"),
    [
        ("redis://redis:6379/0", False),
        ("redis://10.1.2.3:6379/0", False),
        ("redis://redis.alb502.svc.cluster.local:6379/0", False),
        ("rediss://master.shop.use1.cache.amazonaws.com:6379/0", False),
        ("redis://master.shop.use1.cache.amazonaws.com:6379/0", True),
        ("redis+sentinel://10.0.0.1,sentinel.example.com/main/0", True),
        ("unix:///run/redis.sock", False),
    ],
)
def test_a_way_that_leaves_private_networks_should_be_encrypted(url: str, goes_open: bool) -> None:
    assert store._goes_open(url) is goes_open


def test_a_private_store_is_not_started_to_find_out(tmp_path: Path) -> None:
    state_dir = tmp_path / "not" / "yet" / "there"

    found = examined(state_dir=state_dir)

    assert wrong(found) == []
    assert "starts a private store" in found[0].says
    assert list(tmp_path.iterdir()) == []


def test_a_state_directory_that_cannot_be_one(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")

    assert wrong(examined(state_dir=tmp_path / "state" / "alb502")) == [("problem", "state-dir")]
    assert wrong(examined(state_dir=tmp_path / ("x" * 120))) == [("problem", "state-dir")]
