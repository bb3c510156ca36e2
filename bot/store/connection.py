"""Reaching the store: which Redis it is, and whether it can be one."""

from __future__ import annotations

from typing import Final, Protocol
from urllib.parse import urlsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, RedisError, ResponseError
from redis.retry import Retry

CONNECT_TIMEOUT_S: Final = 1.0
COMMAND_TIMEOUT_S: Final = 2.0
RETRIES: Final = 1  # a pooled connection may have been closed by the other side; the second one is new
MAX_CONNECTIONS: Final = 200
HEALTH_CHECK_INTERVAL_S: Final = 15
START_ATTEMPTS: Final = 6
START_PAUSE_S: Final = 1.0
SAFE_POLICY: Final = "noeviction"


class StoreError(Exception):
    """The store cannot be used. The message is one line for people and says what to do."""


class Wait(Protocol):
    def __call__(self, seconds: float, /) -> object:
        """Waits, and is cut short when the program ends."""


def open_client(url: str) -> Redis:
    """A client for `url` (redis://, rediss:// or unix://). Nothing is sent yet.

    Time-outs are short because a person waits for Slack's acknowledgement behind each command.
    """
    return Redis.from_url(
        url,
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        socket_timeout=COMMAND_TIMEOUT_S,
        retry=Retry(NoBackoff(), RETRIES),
        health_check_interval=HEALTH_CHECK_INTERVAL_S,
        max_connections=MAX_CONNECTIONS,
    )


def where(url: str) -> str:
    """The address in `url` without user name and password."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return parts.path
    return f"{parts.hostname}:{parts.port or 6379}"


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


def _reason(error: Exception) -> str:
    """What went wrong, without the address: redis-py repeats host and port, never the password."""
    cause = error.__cause__ or error
    text = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
    return str(text).splitlines()[0][:120].rstrip(".")
