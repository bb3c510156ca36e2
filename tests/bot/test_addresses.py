"""What a REDIS_URL can say, and that nothing of its secrets is said."""

from __future__ import annotations

import pytest
from redis.connection import SSLConnection
from redis.sentinel import SentinelConnectionPool

from bot.store.address import Sentinels, is_redis_url, sentinels_in, where
from bot.store.connection import open_client

URL = "rediss+sentinel://bot:pl%40nted@a.example,[2001:db8::1]:26380/alb/2?sentinel_password=planted2&ssl_ca_certs=/ca.pem"


def test_sentinels_with_everything() -> None:
    found = sentinels_in(URL)
    assert found == Sentinels(
        nodes=(("a.example", 26_379), ("2001:db8::1", 26_380)),
        name="alb",
        db=2,
        tls=True,
        username="bot",
        password="pl@nted",
        sentinel_password="planted2",
        options=(("ssl_ca_certs", "/ca.pem"),),
    )
    assert "nted" not in f"{found!r} {where(URL)}"
    assert where(URL) == "alb of the Sentinels a.example:26379, 2001:db8::1:26380"


def test_every_connection_gets_its_own_login_and_the_options() -> None:
    client = open_client(URL)
    kwargs = client.connection_pool.connection_kwargs
    assert (kwargs["username"], kwargs["password"], kwargs["db"]) == ("bot", "pl@nted", 2)
    assert kwargs["ssl_ca_certs"] == "/ca.pem"
    assert issubclass(client.connection_pool.connection_class, SSLConnection)
    pool = client.connection_pool
    assert isinstance(pool, SentinelConnectionPool)
    first = pool.sentinel_manager.sentinels[0]
    asked = first.connection_pool.connection_kwargs
    assert (asked["username"], asked["password"], asked["ssl_ca_certs"]) == (None, "planted2", "/ca.pem")
    client.close()


@pytest.mark.parametrize(
    "url",
    [
        "redis://h",
        "rediss://:p@h:1/0",
        "unix:///s.sock",
        "redis+sentinel://h/alb",
        "redis+sentinel://:p@h:1,i:2/alb/15",
    ],
)
def test_what_is_taken(url: str) -> None:
    assert is_redis_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://h",
        "redis+sentinel://h/",
        "redis+sentinel:///alb",
        "redis+sentinel://h:0/alb",
        "redis+sentinel://h:70000/alb",
        "redis+sentinel://h,,i/alb",
        "redis+sentinel://h/alb/x",
        "redis+sentinel://h/alb/1/2",
        f"redis+sentinel://{','.join('h' * 17)}/alb",
        "redis+cluster://h",
        "redis://h:0",
        "redis://",
        "http://h",
    ],
)
def test_what_is_refused(url: str) -> None:
    assert not is_redis_url(url)
