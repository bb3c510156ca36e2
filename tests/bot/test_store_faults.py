"""Redis hangs, is full, fails over, wants TLS and a login: people are answered, and what was accepted is done."""

from __future__ import annotations

import contextlib
import signal
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from redis import Redis
from redis import exceptions as errors

from bot.ops import redis_check
from bot.store.connection import StoreError, open_client, reach
from tests.bot.conftest import Diagnosis, Start, eventually
from tests.bot.valkeys import Valkey, valkey
from tests.certificates import certificate
from tests.slack_fake import SlackFake

SLACK_WAITS_S = 3.0
PATIENCE_S = 30.0
PROBES_WAIT_S = 5.0
PROMETHEUS_WAITS_S = 10.0
SENTINEL = """sentinel monitor alb 127.0.0.1 {port} 1
sentinel down-after-milliseconds alb 600000
sentinel failover-timeout alb 2000"""
RIGHTS = "~alb502:* resetchannels -@all +@read +@write +@connection +@scripting +@transaction +keys +info +time"
WRITE = "return redis.call('SET', KEYS[1], '1')"


@pytest.fixture
def starting(slack: SlackFake) -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_a_redis_that_hangs_keeps_nobody_waiting(start: Start, redis: Redis, slack: SlackFake) -> None:
    bot = start(Diagnosis())
    redis.client_pause(30_000, all=False)
    try:
        began_s = time.monotonic()
        status, text = bot.ask("checkout")
        took_s = time.monotonic() - began_s
        assert (status, "directly" in text) == (200, True)
        (whisper,) = slack.wait_for(lambda: slack.whispers)
        assert "nothing called" in whisper["text"]
    finally:
        redis.client_unpause()
    assert took_s < SLACK_WAITS_S


def test_a_full_redis_is_said_and_people_are_answered_until_it_has_room(
    start: Start, redis: Redis, slack: SlackFake
) -> None:
    bot = start(Diagnosis())
    redis.config_set("maxmemory", 1)
    try:
        assert "directly" in bot.ask("checkout")[1]
        (whisper,) = slack.wait_for(lambda: slack.whispers)
        assert "nothing called" in whisper["text"]
        status, text = bot.ops("/readyz")
        assert (status, "is full" in text) == (503, True)
    finally:
        redis.config_set("maxmemory", 0)
    assert bot.ops("/readyz")[0] == 200
    assert bot.ask("payments") == (200, "")
    slack.wait_for(lambda: [reply for reply in slack.replies() if "nothing called" in reply["text"]])


def test_after_a_fail_over_by_sentinels_the_new_primary_is_used(
    tmp_path: Path, starting: ExitStack, slack: SlackFake
) -> None:
    first = starting.enter_context(valkey(tmp_path / "first"))
    second = starting.enter_context(valkey(tmp_path / "second", f"replicaof 127.0.0.1 {first.port}"))
    watch = starting.enter_context(valkey(tmp_path / "watch", SENTINEL.format(port=first.port), is_sentinel=True))
    eventually(lambda: watch.says(lambda client: client.sentinel_slaves("alb")), PATIENCE_S)
    bot = Start(slack, f"redis+sentinel://127.0.0.1:1,127.0.0.1:{watch.port}/alb", starting)(Diagnosis())
    bot.ask("checkout")
    slack.wait_for(lambda: "nothing called" in str(slack.replies()))
    first.process.kill()
    assert "directly" in bot.ask("orders")[1]
    watch.client.sentinel_set("alb", "down-after-milliseconds", "300")  # only now is it looked for
    eventually(lambda: second.role() == "master", PATIENCE_S)
    eventually(lambda: bot.ops("/readyz")[0] == 200, PATIENCE_S)
    assert bot.ask("payments") == (200, "")
    slack.wait_for(lambda: len(slack.replies()) == 2 and "nothing called" in slack.replies()[-1]["text"], PATIENCE_S)


def test_a_primary_that_became_a_replica_is_left(tmp_path: Path, starting: ExitStack) -> None:
    old, new = (starting.enter_context(valkey(tmp_path / name)) for name in ("old", "new"))
    name = starting.enter_context(_name(old))
    client = open_client(f"redis://127.0.0.1:{name.port}/0")
    write = client.register_script(WRITE)
    client.set("a", "1")
    write(keys=["a"])
    name.leads_to = new.port
    old.client.replicaof("127.0.0.1", str(new.port))
    eventually(lambda: old.role() == "slave", PATIENCE_S)
    assert "is a replica" in str(redis_check(client)())
    write(keys=["b"])  # the connection that stood is left, and the name leads on
    assert new.client.get("b") == b"1"
    assert redis_check(client)() is None
    client.close()


def test_a_replica_is_never_taken_for_a_store_that_works(tmp_path: Path, starting: ExitStack) -> None:
    primary = starting.enter_context(valkey(tmp_path / "primary"))
    replica = starting.enter_context(valkey(tmp_path / "replica", f"replicaof 127.0.0.1 {primary.port}"))
    client = open_client(replica.url)
    with pytest.raises(errors.ConnectionError):
        client.set("a", "1")
    client.close()


def test_tls_and_a_login_that_may_only_do_what_the_bot_does(
    tmp_path: Path, starting: ExitStack, slack: SlackFake
) -> None:
    server = starting.enter_context(valkey(tmp_path / "own", "user default off", f"user bot on >s3:cr/et {RIGHTS}"))
    trusted = certificate(tmp_path)
    door = starting.enter_context(_name(server, trusted.server_side()))
    url = f"rediss://bot:{'{}'}@127.0.0.1:{door.port}/0?ssl_ca_certs={trusted.file}"
    bot = Start(slack, url.format("s3%3Acr%2Fet"), starting)(Diagnosis())
    bot.ask("checkout")
    slack.wait_for(lambda: "nothing called" in str(slack.replies()))
    assert bot.ops("/readyz")[0] == 200
    for wrong, says in (
        (url.format("wrong"), "refuses the login"),
        (url.partition("?")[0].format("x"), "certificate"),
    ):
        with pytest.raises(StoreError, match=says) as refused:
            reach(open_client(wrong), "here", lambda _: None, attempts=1)
        assert "\n" not in str(refused.value)


def test_a_redis_that_refuses_to_write_is_said_to(tmp_path: Path, starting: ExitStack) -> None:
    server = starting.enter_context(valkey(tmp_path / "own", f"user bot on >secret {RIGHTS}"))
    client = open_client(server.url.replace("//", "//bot:secret@"))
    starting.callback(client.close)
    check = redis_check(client)
    assert check() is None
    server.client.config_set("min-replicas-to-write", 1)
    assert "refuses to write (NOREPLICAS" in (check() or "")
    server.client.config_set("min-replicas-to-write", 0)
    server.client.acl_setuser("bot", enabled=True, commands=["-del"])
    assert "no permissions to run the 'del' command" in (check() or "")
    server.client.acl_setuser("bot", enabled=True, commands=["-ping"])
    assert (check() or "").startswith("refuses commands (")
    server.client.acl_setuser("bot", enabled=False)
    server.client.client_kill_filter(user="bot")
    assert "refuses the login" in (check() or "")
    assert server.client.dbsize() == 0


def test_whoever_looks_at_the_ops_port_is_not_kept_waiting_by_a_redis_that_hangs(
    tmp_path: Path, starting: ExitStack, slack: SlackFake
) -> None:
    server = starting.enter_context(valkey(tmp_path / "own"))
    bot = Start(slack, server.url, starting)(Diagnosis())
    server.process.send_signal(signal.SIGSTOP)
    try:
        began_s = time.monotonic()
        assert bot.ops("/readyz")[0] == 503
        ready_s = time.monotonic() - began_s
        began_s = time.monotonic()
        assert 'alb502_ready{part="redis"} 0.0' in bot.ops("/metrics")[1]
        counted_s = time.monotonic() - began_s
    finally:
        server.process.send_signal(signal.SIGCONT)
    assert ready_s < PROBES_WAIT_S
    assert counted_s < PROMETHEUS_WAITS_S


@pytest.mark.parametrize("option", ["db=nine", "ssl_ca_certs=/nowhere/ca.pem", "planted=1"])
def test_an_option_that_cannot_be_used_is_one_line(option: str) -> None:
    with pytest.raises(StoreError, match="REDIS_URL") as refused:
        reach(open_client(f"rediss://u:planted-secret@127.0.0.1:1/0?{option}"), "here", lambda _: None, attempts=1)
    assert "\n" not in str(refused.value)
    assert "planted-secret" not in str(refused.value)


class _Name:
    """What a name does that leads to another server after a fail-over. Connections that stand stay where they are."""

    def __init__(self, server: Valkey, tls: ssl.SSLContext | None) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._tls = tls
        self._open: list[socket.socket] = [self._listening]
        self.port = int(self._listening.getsockname()[1])
        self.leads_to = server.port

    def serve(self) -> None:
        while True:
            try:
                here, _ = self._listening.accept()
            except OSError:
                return
            self._open.append(here)
            try:
                here = self._tls.wrap_socket(here, server_side=True) if self._tls else here
            except OSError:  # it does not trust us
                continue
            there = socket.create_connection(("127.0.0.1", self.leads_to))
            self._open += [here, there]
            for pair in ((here, there), (there, here)):
                threading.Thread(target=_pass_on, args=pair, daemon=True).start()

    def close(self) -> None:
        for connection in reversed(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()


def _pass_on(here: socket.socket, there: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := here.recv(65_536):
            there.sendall(data)
        there.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def _name(server: Valkey, tls: ssl.SSLContext | None = None) -> Iterator[_Name]:
    name = _Name(server, tls)
    thread = threading.Thread(target=name.serve, daemon=True)
    thread.start()
    yield name
    name.close()
    thread.join(5)
