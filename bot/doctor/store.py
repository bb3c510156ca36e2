"""Whether the store is one that keeps what it is given. Sends PING and INFO, and nothing that writes."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from redis import Redis
from redis.exceptions import RedisError

from bot.doctor.finding import Finding, Paste
from bot.settings import Settings
from bot.store.address import sentinels_in, where
from bot.store.connection import (
    SAFE_POLICY,
    StoreError,
    eviction_complaint,
    open_client,
    reach,
    replica_complaint,
    room_complaint,
)
from bot.store.private import MAX_SOCKET_PATH_BYTES, SOCKET_FILE, server_binary, socket_url

OLDEST: Final = (6, 2)
"""XTRIM by id, with which the audit is trimmed, is as old. https://redis.io/docs/latest/commands/xtrim/"""
NEARLY_FULL: Final = 0.8
PRIVATE_NAMES: Final = (".svc", ".local", ".internal", ".lan", ".home.arpa")

_problem = partial(Finding, status="problem", area="redis")
_less = partial(Finding, status="less", area="redis")
_well = partial(Finding, status="well", area="redis")


def findings(settings: Settings) -> Iterator[Finding]:
    if settings.redis_url is None:
        yield from _private(settings.state_dir)
        return
    url = settings.redis_url.get_secret_value()
    place = where(url)
    try:
        client = open_client(url)
    except StoreError as unusable:
        yield _problem(id="redis-unreachable", where=place, says=str(unusable))
        return
    with client:
        found = list(_server(client, place))
    yield from found
    if any(one.id == "redis-unreachable" for one in found):
        return
    if _goes_open(url):
        yield _less(
            id="redis-without-tls",
            where=place,
            says="Questions, answers and the password go to Redis unencrypted over a network that may not be yours",
            to_do="begin REDIS_URL with rediss:// (rediss+sentinel:// for Sentinels)",
        )


def _server(client: Redis, place: str) -> Iterator[Finding]:
    try:
        reach(client, place, _never, attempts=1)
        told = {part: client.info(part) for part in ("server", "persistence", "memory")}
        complaints = (replica_complaint(client), room_complaint(client), eviction_complaint(client))
    except (RedisError, StoreError) as error:
        what = str(error) if isinstance(error, StoreError) else f"Redis at {place} does not answer: check REDIS_URL."
        yield _problem(id="redis-cluster" if "is a cluster" in what else "redis-unreachable", where=place, says=what)
        return
    version = str(told["server"].get("valkey_version") or told["server"].get("redis_version") or "")
    found = [*_of_complaints(place, *complaints), *_old(place, told["server"])]
    yield from found
    yield from _kept(place, told["persistence"])
    yield from _filling(place, told["memory"]) if complaints[1] is None else ()
    if not found:
        name = "Valkey" if told["server"].get("valkey_version") else "Redis"
        yield _well(id="redis", says=f"{name} {version} at {place}: a primary, {SAFE_POLICY}")


def _never(_: float) -> None:
    """One attempt needs no pause."""


def _of_complaints(place: str, replica: str | None, full: str | None, evicts: str | None) -> Iterator[Finding]:
    if replica is not None:
        yield _problem(id="redis-replica", where=place, says=f"Nothing is answered: Redis at {place} {replica}")
    if full is not None:
        yield _problem(id="redis-full", where=place, says=f"Redis at {place} {full}")
    if evicts is not None:
        yield _problem(
            id="redis-evicts",
            where=place,
            says=f"Redis at {place}: {evicts}",
            paste=(
                Paste(into="the configuration of Redis", text=f"maxmemory-policy {SAFE_POLICY}"),
                Paste(into="a shell, until it restarts", text=f"redis-cli CONFIG SET maxmemory-policy {SAFE_POLICY}"),
            ),
        )


def _old(place: str, server: Mapping[str, Any]) -> Iterator[Finding]:
    version = str(server.get("redis_version") or "")
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if len(numbers) == len(OLDEST) and numbers < OLDEST:
        needed = ".".join(map(str, OLDEST))
        yield _problem(
            id="redis-old",
            where=place,
            says=f"Redis at {place} is version {version}: the audit needs {needed} or newer",
        )


def _kept(place: str, persistence: Mapping[str, Any]) -> Iterator[Finding]:
    """https://redis.io/docs/latest/commands/info/"""
    failing = [
        name for name in ("rdb_last_bgsave_status", "aof_last_write_status") if persistence.get(name, "ok") != "ok"
    ]
    if failing:
        says = f"Redis at {place} cannot write to its disk ({', '.join(failing)}): it takes no questions, or loses them"
        yield _problem(id="redis-disk", where=place, says=says)
    if not persistence.get("aof_enabled"):
        yield _less(
            id="redis-forgets",
            where=place,
            says="A restart of Redis loses every question, report and audit line since its last snapshot",
            why="appendonly is no",
            to_do="let Redis write an append-only file",
            paste=(Paste(into="the configuration of Redis", text="appendonly yes\nappendfsync always"),),
        )


def _filling(place: str, memory: Mapping[str, Any]) -> Iterator[Finding]:
    limit, used = int(memory.get("maxmemory", 0)), int(memory.get("used_memory", 0))
    if limit and used >= limit * NEARLY_FULL:
        yield _less(
            id="redis-nearly-full",
            where=place,
            says=f"Redis at {place} is nearly full: {used:,} of {limit:,} bytes; once it is, nothing is kept",
            to_do="raise maxmemory, or lower limits.reports_days",
        )


def _goes_open(url: str) -> bool:
    """Whether the way to it is unencrypted and may leave networks that are private."""
    if url.startswith(("unix:", "rediss")):
        return False
    sentinels = sentinels_in(url)
    hosts = [host for host, _ in sentinels.nodes] if sentinels else [urlsplit(url).hostname or ""]
    return not all(map(_is_private, hosts))


def _is_private(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith(PRIVATE_NAMES)


def _private(state_dir: Path) -> Iterator[Finding]:
    """Looks at what is there; whether the server starts shows when the bot does."""
    found: list[Finding] = []
    try:
        server_binary()
    except StoreError as missing:
        found.append(_problem(id="store-server-missing", says=str(missing)))
    at = next((one for one in (state_dir, *state_dir.parents) if one.exists()), state_dir)
    if not (at.is_dir() and os.access(at, os.W_OK | os.X_OK)):
        says = f"The bot cannot keep anything: {at} is no directory that this process may write to"
        found.append(
            _problem(
                id="state-dir",
                where="state_dir",
                says=says,
                to_do="change its owner, or set ALB502_STATE_DIR or REDIS_URL",
            )
        )
    if len(os.fsencode(state_dir / SOCKET_FILE)) > MAX_SOCKET_PATH_BYTES:
        says = f"The bot cannot start its store: {state_dir} is too long a path for a unix socket"
        found.append(
            _problem(id="state-dir", where="state_dir", says=says, to_do="set ALB502_STATE_DIR to a shorter path")
        )
    yield from found
    if not found:
        yield _well(id="private-store", says=_private_store(state_dir))


def _private_store(state_dir: Path) -> str:
    with open_client(socket_url(state_dir)) as client:
        try:
            client.ping()
        except RedisError:
            return f"no REDIS_URL: the bot starts a private store in {state_dir}"
    return f"no REDIS_URL: a bot runs here with a private store in {state_dir}"
