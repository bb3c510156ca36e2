"""Reaching the store: which Redis it is, and whether it can be one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import urlencode

from redis import Redis
from redis import exceptions as errors
from redis.backoff import NoBackoff
from redis.connection import Connection, SSLConnection, parse_url
from redis.exceptions import AuthenticationError, RedisError, ResponseError
from redis.retry import Retry
from redis.sentinel import Sentinel

from bot.store.address import Sentinels, sentinels_in
from bot.store.keys import key

RETRIES: Final = 1  # a pooled connection may have been closed by the other side; the second one is new
MAX_CONNECTIONS: Final = 200
START_ATTEMPTS: Final = 6
START_PAUSE_S: Final = 1.0
SAFE_POLICY: Final = "noeviction"
FULL: Final = 0.99
ROOM_AGAIN: Final = 0.97
"""Shares of `maxmemory`."""
NEVER_THERE: Final = key("never-there")


class StoreError(Exception):
    """The store cannot be used. The message is one line for people and says what to do."""


class Wait(Protocol):
    def __call__(self, seconds: float, /) -> object:
        """Waits, and is cut short when the program ends."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a command waits for Redis. One that got no answer is sent a second time where `asks_again`."""

    connect_s: float
    command_s: float
    asks_again: bool
    look_every_s: int
    """A connection that was idle for so long is tried before it is used; 0: never."""


WORKING: Final = Patience(connect_s=1.0, command_s=2.0, asks_again=True, look_every_s=15)
ACKNOWLEDGING: Final = Patience(connect_s=0.5, command_s=0.8, asks_again=False, look_every_s=0)
"""Slack waits three seconds for its acknowledgement. A few commands follow each other before it, and the first that is
not answered is the last."""
LOOKING: Final = Patience(connect_s=1.0, command_s=2.0, asks_again=False, look_every_s=0)
"""Whoever looks at the ops port waits for a few seconds only, also for a Redis that takes connections and hangs."""


def open_client(url: str, patience: Patience = WORKING) -> Redis:
    """A client for `url` (redis://, rediss://, unix:// or `Sentinels`). Nothing is sent yet. Raises `StoreError`."""
    again = (errors.ConnectionError, errors.TimeoutError) if patience.asks_again else (errors.ConnectionError,)
    options = {
        "socket_connect_timeout": patience.connect_s,
        "socket_timeout": patience.command_s,
        "retry": Retry(NoBackoff(), RETRIES, again),
        "health_check_interval": patience.look_every_s,
        "max_connections": MAX_CONNECTIONS,
    }
    try:
        found = sentinels_in(url)
        if found is not None:
            return _behind_sentinels(found, options)
        if (kind := _PRIMARIES.get(url.partition("://")[0])) is not None:
            options["connection_class"] = kind
        return Redis.from_url(url, **options)
    except ValueError as error:
        raise StoreError(f"REDIS_URL has an option that is not understood ({_reason(error)}).") from None


class _Primary(Connection):
    """Leaves a server that was the primary when this connection was made and is not any more.

    After a fail-over the name leads to another server, but connections that stand stay where they are.
    """

    def read_response(self, *args: Any, **options: Any) -> Any:
        try:
            return super().read_response(*args, **options)
        except errors.ReadOnlyError as error:
            self.disconnect()  # type: ignore[no-untyped-call]
            raise errors.ConnectionError("it is a replica, which takes no writes") from error


class _TlsPrimary(_Primary, SSLConnection):
    """The same over TLS."""


_PRIMARIES: Final = {"redis": _Primary, "rediss": _TlsPrimary}


def _behind_sentinels(found: Sentinels, options: dict[str, Any]) -> Redis:
    """The primary that the Sentinels name at each new connection; connections to a former one are left."""
    tls = {"ssl": True} if found.tls else {}
    more = {**tls, **_typed(found.options)}
    timeouts = {name: value for name, value in options.items() if name.startswith("socket_")}
    login = {"username": found.sentinel_username, "password": found.sentinel_password}
    once = {"retry": Retry(NoBackoff(), 0)}  # the next Sentinel is asked instead
    logins = {**timeouts, **once, **login, **more}
    sentinel = Sentinel(found.nodes, sentinel_kwargs=logins)  # type: ignore[no-untyped-call]
    client: Redis = sentinel.master_for(  # type: ignore[no-untyped-call]
        found.name, db=found.db, username=found.username, password=found.password, **options, **more
    )
    return client


def _typed(options: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """The options of a URL as redis-py reads them in the URL of one server."""
    read = parse_url(f"redis://host?{urlencode(options)}")  # type: ignore[no-untyped-call]
    return {name: read[name] for name, _ in options}


def reach(client: Redis, place: str, wait: Wait, attempts: int = START_ATTEMPTS) -> None:
    """Returns once the store answers and is one that works. Raises `StoreError` after `attempts` or if it never can."""
    reason = "no answer"
    for attempt in range(attempts):
        try:
            client.ping()
            refuse_cluster(client, place)
        except AuthenticationError as error:
            raise StoreError(f"Redis at {place} refuses the login; check user and password in REDIS_URL.") from error
        except ResponseError as error:
            raise StoreError(f"Redis at {place} refuses commands ({_reason(error)}); check REDIS_URL.") from error
        except RedisError as error:
            reason = _reason(error)
        except (TypeError, OSError, ValueError) as error:  # an option of the URL, such as a file that is not there
            raise StoreError(f"Redis at {place} cannot be used ({_reason(error)}); check REDIS_URL.") from error
        else:
            return
        if attempt + 1 < attempts:
            wait(START_PAUSE_S)
    raise StoreError(f"Redis at {place} does not answer ({reason}); start it or correct REDIS_URL.")


def refuse_cluster(client: Redis, place: str) -> None:
    """The queue's scripts touch keys that they do not declare, which a cluster does not allow.

    Source: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#implemented-subset
    """
    server = client.info("server")
    mode = server.get("redis_mode", server.get("server_mode"))
    if mode == "cluster" or client.info("cluster").get("cluster_enabled") == 1:
        raise StoreError(
            f"Redis at {place} is a cluster, which is not supported; point REDIS_URL at a single primary "
            "(for ElastiCache: cluster mode disabled, not serverless)."
        )


def eviction_complaint(client: Redis) -> str | None:
    """One line if this Redis may throw away what it holds, else None. Raises `RedisError` if it cannot be reached."""
    policy = client.info("memory").get("maxmemory_policy")
    if policy in {SAFE_POLICY, None}:
        return None
    return f"maxmemory-policy is {policy}: questions and reports can vanish; set it to {SAFE_POLICY}"


def replica_complaint(client: Redis) -> str | None:
    """One line if this server takes no writes. Raises `RedisError` if it cannot be reached."""
    if client.info("replication").get("role") == "master":
        return None
    return "is a replica, which takes no writes; point REDIS_URL at the primary"


def write_complaint(client: Redis) -> str | None:
    """One line if this server answers but takes no writes, as when its disk is full, too few replicas follow it, or the
    login may only read. Nothing is changed to find out. Raises `RedisError` if it cannot be reached."""
    try:
        client.delete(NEVER_THERE)
    except ResponseError as error:
        return f"refuses to write ({_reason(error)})"
    return None


def away_complaint(error: RedisError) -> str:
    """One line about a server that did not answer as it should."""
    if isinstance(error, AuthenticationError):
        return "refuses the login; check user and password in REDIS_URL"
    if isinstance(error, ResponseError):
        return f"refuses commands ({_reason(error)})"
    return f"does not answer ({type(error).__name__})"


def is_full(used: int, limit: int, was_full: bool) -> bool:
    """Whether there is no room for more. A full Redis is now a little above its limit and now a little below, as each
    command comes and goes: it is full from a little below the limit on, and until there is room again."""
    return limit > 0 and used >= limit * (ROOM_AGAIN if was_full else FULL)


def room_complaint(client: Redis, was_full: bool = False) -> str | None:
    """One line if this Redis is full. Raises `RedisError` if it cannot be reached."""
    memory = client.info("memory")
    limit, used = int(memory.get("maxmemory", 0)), int(memory.get("used_memory", 0))
    if not is_full(used, limit, was_full):
        return None
    return f"is full ({used:,} of {limit:,} bytes): nothing is queued and nothing is kept; raise maxmemory"


def _reason(error: Exception) -> str:
    """What went wrong, without the address: redis-py repeats host and port, never the password."""
    cause = error.__cause__ or error
    text = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
    return str(text).splitlines()[0][:120].rstrip(".")
