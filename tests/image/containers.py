"""Containers of the image that `./.ci/image` has built, by the podman that it names in the environment."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import urllib3

PODMAN: Final = "ALB502_TEST_PODMAN"
IMAGE: Final = "ALB502_TEST_IMAGE"
USER: Final = "10001"
LOCKED_DOWN: Final = (
    "--cap-drop",
    "all",
    "--security-opt",
    "no-new-privileges",
    "--memory",
    "512m",
    "--pids-limit",
    "200",
)
READ_ONLY: Final = ("--read-only", "--read-only-tmpfs=false", "--tmpfs", "/tmp")
ANSWER_S: Final = 10.0
CALL_S: Final = 60.0
"""How long podman may take for anything."""


def podman(*arguments: str, timeout_s: float = CALL_S) -> str:
    """What it prints. Raises CalledProcessError, with what it complained of, when it fails."""
    done = called(*arguments, timeout_s=timeout_s)
    assert done.returncode == 0, f"podman {shlex.join(arguments)}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


def called(*arguments: str, timeout_s: float = CALL_S) -> subprocess.CompletedProcess[str]:
    """However it ends."""
    command = [*shlex.split(os.environ[PODMAN]), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)


def image() -> str:
    return os.environ[IMAGE]


def once(*arguments: str, entrypoint: str | None = None) -> str:
    """What a container prints that does one thing and ends."""
    other = () if entrypoint is None else ("--entrypoint", entrypoint)
    return podman("run", "--rm", *READ_ONLY, *LOCKED_DOWN, *other, image(), *arguments)


def asked(
    address: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """The status and the text of an answer over HTTP; 0 where there is none."""
    method = "GET" if body is None else "POST"
    try:
        answer = urllib3.request(
            method, f"http://{address}{path}", body=body, headers=headers, timeout=ANSWER_S, retries=False
        )
    except urllib3.exceptions.HTTPError as error:
        return 0, str(error)
    return answer.status, answer.data.decode()


def is_ready(ops: str) -> bool:
    """Whether the bot whose ops port is there does its work."""
    return asked(ops, "/readyz")[0] == 200


@dataclass(frozen=True, slots=True)
class Container:
    """One that runs, and where its ports are reached."""

    id: str
    http: str
    ops: str

    def is_well(self) -> bool:
        """What its HEALTHCHECK finds."""
        return called("healthcheck", "run", self.id).returncode == 0

    def log(self) -> str:
        return log_of(self.id)

    def status_after_stop(self) -> int:
        return status_after_stop(self.id)


def log_of(container: str) -> str:
    done = called("logs", container)
    return done.stdout + done.stderr


def status_after_stop(container: str) -> int:
    """Its exit status after SIGTERM; 137 when it had to be killed because it did not end."""
    podman("stop", "--time", "40", container)
    return int(inspected(container)["State"]["ExitCode"])


def inspected(container: str) -> dict[str, Any]:
    (found,) = json.loads(podman("inspect", container))
    whole: dict[str, Any] = found
    return whole


@contextmanager
def running(*arguments: str, environment: Mapping[str, str], options: tuple[str, ...]) -> Iterator[Container]:
    """A container that runs until the context is left. Its ports are published on free ones of loopback."""
    given = [part for name, value in environment.items() for part in ("--env", f"{name}={value}")]
    ports = ("--publish", "127.0.0.1::8080", "--publish", "127.0.0.1::9090")
    name = podman("run", "--detach", *LOCKED_DOWN, *options, *ports, *given, image(), *arguments)
    try:
        yield Container(name, *(podman("port", name, port) for port in ("8080", "9090")))
    except BaseException:
        print(log_of(name))
        raise
    finally:
        podman("rm", "--force", "--volumes", "--time", "1", name)
