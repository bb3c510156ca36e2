"""What a server does with idle connections, slow workers and SIGTERM, and what a task definition shows of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from diagnostics.facts import ContainerDefinition, LogLine
from diagnostics.facts.fact import Frozen
from diagnostics.printable import line as one_line

Basis = Literal["configured", "default"]

_OF_A_START = frozenset({"ready", "listening"})
_MAX_QUOTE = 80
_MS_ABOVE = 1000.0
"""Numbers this large in a variable without a unit are milliseconds."""


class KeepAlive(Frozen):
    """`closes`: ``after-idle`` (after `seconds`, None: how long is not known), ``after-each`` answer, or ``never``.

    `where` quotes what it was recognised by. `setting` is what changes it, with ``{s}`` for the seconds.
    """

    runtime: str
    closes: Literal["after-idle", "after-each", "never"] = "after-idle"
    seconds: float | None = None
    basis: Basis = "default"
    where: str = ""
    setting: str = ""

    def races(self, idle_timeout_s: float) -> bool | None:
        """Whether it can close a connection just as the load balancer uses it; None: not known. Equal is a race."""
        if self.closes != "after-idle":
            return False
        return None if self.seconds is None else self.seconds <= idle_timeout_s

    def fix(self, at_least_s: float) -> str:
        """The setting that keeps connections for so long; empty when it is not known."""
        if not self.setting:
            return ""
        more_ms = f"{(at_least_s + 1) * 1000:g}"
        return self.setting.format(s=f"{at_least_s:g}", ms=f"{at_least_s * 1000:g}", more_ms=more_ms)

    def in_words(self) -> str:
        if self.closes == "never":
            return f"{self.runtime} ({self.where}) does not close idle connections by default"
        if self.closes == "after-each":
            return f"{self.runtime} ({self.where}) closes after each answer and says so"
        if self.seconds is None:
            return f"{self.runtime} ({self.where}): how long it keeps idle connections depends on its version"
        if self.basis == "configured":
            return f"{self.where}: {self.runtime} closes idle connections after {self.seconds:g} s"
        return f"{self.runtime} ({self.where}) closes idle connections after {self.seconds:g} s unless set otherwise"


class WorkerTimeout(Frozen):
    """After how many seconds a worker that does not answer is killed."""

    runtime: str
    seconds: float
    basis: Basis
    where: str


class Shutdown(Frozen):
    """What lets a server end without losing a request: `lines` are the settings or the code, `where` what it was
    recognised by. `unheard` says why SIGTERM may not reach it; empty where nothing in the definition speaks for that.
    """

    runtime: str = ""
    lines: str = ""
    where: str = ""
    unheard: str = ""


def goes_on_for_20_s(command: str, signal: str = "TERM", also_caught: str = "") -> str:
    """An entry point for a server that closes its port at once and has no setting to wait before it does.

    A node of the load balancer may send requests for 2-15 s after a target was deregistered. The shell's own end is
    that of the server, also when nobody sent a signal:
    https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#trap
    """
    caught = " ".join(dict.fromkeys(("TERM", *also_caught.split())))
    return (
        f'entryPoint ["sh","-c","trap \'sleep 20; kill -{signal} $p; wait $p; exit $?\' {caught}; '
        f'{command} & p=$!; wait $p"]'
    )


class Seen(Frozen):
    """What a task definition shows of a container."""

    image: str
    tag: str
    path: str
    line: str
    environment: dict[str, str]
    names: frozenset[str]
    ports: frozenset[int]

    @classmethod
    def of(cls, container: ContainerDefinition) -> Seen:
        registry, _, name = container.image.split("@", 1)[0].lower().rpartition("/")
        image, _, tag = name.partition(":")
        more = container.environment.get("GUNICORN_CMD_ARGS", "")
        line = " ".join((*container.entry_point, *container.command, more))
        return cls(
            image=image,
            tag=tag,
            path=f"{registry}/{image}",
            line=line,
            environment=container.environment,
            names=frozenset(container.environment_names) | frozenset(container.environment),
            ports=frozenset(mapping.container_port for mapping in container.port_mappings),
        )

    def runs(self, *programs: str) -> bool:
        return any(re.search(rf"(?:^|[\s/]){re.escape(program)}(?![\w.-])", self.line) for program in programs)

    def keeps_sigterm(self) -> str:
        """What in the command line stands between ECS and the server, and does not pass SIGTERM on; empty for nothing.

        https://docs.docker.com/reference/dockerfile/#shell-form-entrypoint-example
        """
        if re.match(r"(?:/\S*/)?(?:ba|da|a)?sh\s+-\w*c\s", self.line) and not re.search(
            r"\b(?:exec|trap)\b", self.line
        ):
            return 'its command begins with a shell, which may keep SIGTERM to itself: ["sh","-c","exec …"]'
        manager = next((name for name in ("npm", "yarn", "pnpm") if self.runs(name)), "")
        if manager and re.match(rf"(?:\S*/)?{manager}\s", self.line):
            return f'{manager} stands between ECS and the server: "command": ["node","server.js"] instead'
        return ""

    def word(self, program: str) -> str:
        return f"command {program}" if self.runs(program) else f"image {self.image}{f':{self.tag}' if self.tag else ''}"

    def flag(self, name: str) -> tuple[float, str] | None:
        match = re.search(rf"(?:^|\s){re.escape(name)}(?:=|\s+)(\d+(?:\.\d+)?)\b", self.line)
        return (float(match[1]), match[0].strip()) if match else None

    def variable(self, name: str) -> tuple[float, str] | None:
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|m)?", self.environment.get(name, "").strip().lower())
        if match is None:
            return None
        number, unit = float(match[1]), match[2]
        if unit == "ms" or (unit is None and number >= _MS_ABOVE):
            number /= 1000
        elif unit == "m":
            number *= 60
        return number, f"{name}={self.environment[name]}"

    @property
    def major(self) -> int | None:
        match = re.match(r"v?(\d+)", self.tag)
        return int(match[1]) if match else None


def configured(runtime: str, found: tuple[float, str] | None) -> KeepAlive | None:
    return KeepAlive(runtime=runtime, seconds=found[0], basis="configured", where=found[1]) if found else None


class Banner(Frozen):
    """What the first lines of the container's log say: which servers wrote them, in which version, with which kind of
    worker. `quotes` are the lines, by server."""

    versions: dict[str, str] = Field(default_factory=dict)
    worker: str = ""
    quotes: dict[str, str] = Field(default_factory=dict)

    @classmethod
    def of(cls, lines: Iterable[LogLine]) -> Banner:
        versions: dict[str, str] = {}
        quotes: dict[str, str] = {}
        worker = ""
        for line in lines:
            if line.signature not in _OF_A_START or line.runtime is None:
                continue
            quotes.setdefault(line.runtime, one_line(line.text, _MAX_QUOTE))
            worker = line.details.get("worker", worker)
            if line.details.get("version"):
                versions[line.runtime] = line.details["version"]
        return cls(versions=versions, worker=worker, quotes=quotes)

    def major(self, runtime: str) -> int | None:
        match = re.match(r"(\d{1,4})\.", self.versions.get(runtime, ""))
        return int(match[1]) if match else None

    def where(self, runtime: str) -> str:
        return f'log line "{self.quotes[runtime]}"'
