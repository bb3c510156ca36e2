"""What a REDIS_URL names: one server, or the Sentinels that know which server is the primary."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

SENTINEL_SCHEMES: Final = frozenset({"redis+sentinel", "rediss+sentinel"})
SENTINEL_PORT: Final = 26_379
SERVER_PORT: Final = 6_379
MAX_SENTINELS: Final = 16

_NODE: Final = re.compile(r"(\[[0-9A-Fa-f:.%]+\]|[^\[\]:@/\s]+)(?::([0-9]{1,5}))?")
_PRIMARY: Final = re.compile(r"/([^/]+)(?:/([0-9]{1,3})?)?")


@dataclass(frozen=True, slots=True)
class Sentinels:
    """``redis+sentinel://[user:password@]host:port,host:port/NAME[/DB]``; with ``rediss`` everything goes over TLS.

    User and password are those of the Redis servers. Options: ``sentinel_username`` and ``sentinel_password`` are for
    the Sentinels; the rest, such as ``ssl_ca_certs``, go to every connection.
    """

    nodes: tuple[tuple[str, int], ...]
    name: str
    db: int
    tls: bool
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    sentinel_username: str | None = None
    sentinel_password: str | None = field(default=None, repr=False)
    options: tuple[tuple[str, str], ...] = ()


def is_redis_url(value: str) -> bool:
    """Whether it can be the URL of a store."""
    try:
        parts = urlsplit(value)
        if parts.scheme in SENTINEL_SCHEMES:
            return bool(sentinels_in(value))
        port = parts.port
    except ValueError:
        return False
    if parts.scheme == "unix":
        return bool(parts.path)
    return parts.scheme in {"redis", "rediss"} and bool(parts.hostname) and port != 0


def sentinels_in(url: str) -> Sentinels | None:
    """None for the URL of one server. Raises ValueError, which repeats nothing of the URL."""
    parts = urlsplit(url)
    if parts.scheme not in SENTINEL_SCHEMES:
        return None
    login, _, hosts = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    primary = _PRIMARY.fullmatch(parts.path)
    nodes = tuple(_node(host) for host in hosts.split(","))
    if primary is None or len(nodes) > MAX_SENTINELS:
        raise ValueError("no name of a primary, or too many Sentinels")
    options = dict(parse_qsl(parts.query))
    return Sentinels(
        nodes=nodes,
        name=unquote(primary.group(1)),
        db=int(primary.group(2) or 0),
        tls=parts.scheme.startswith("rediss"),
        username=unquote(user) or None,
        password=unquote(password) or None,
        sentinel_username=options.pop("sentinel_username", None),
        sentinel_password=options.pop("sentinel_password", None),
        options=tuple(sorted(options.items())),
    )


def where(url: str) -> str:
    """The address in `url` without user name and password."""
    found = sentinels_in(url)
    if found is not None:
        return f"{found.name} of the Sentinels {', '.join(f'{host}:{port}' for host, port in found.nodes)}"
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return parts.path
    return f"{parts.hostname}:{parts.port or SERVER_PORT}"


def _node(text: str) -> tuple[str, int]:
    found = _NODE.fullmatch(text)
    port = int(found.group(2) or SENTINEL_PORT) if found else 0
    if found is None or not 0 < port < 65_536:
        raise ValueError("no host of a Sentinel")
    return found.group(1).strip("[]"), port
