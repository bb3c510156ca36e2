"""How long the server in a container keeps an idle connection open, as far as its task definition shows it.

A default is what the server does unless somebody set it otherwise where nobody can look from outside: in code, in a
configuration file inside the image. So only a flag or a variable is certain.
Why it matters: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html
(the application's idle timeout should be larger than the load balancer's).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from diagnostics.facts import ContainerDefinition
from diagnostics.facts.fact import Frozen

Basis = Literal["configured", "default"]

NODE_LONG_SINCE = 26
_STOCK_NGINX_PORTS = frozenset({80, 443})
_MS_ABOVE = 1000.0
"""Numbers this large in a variable without a unit are milliseconds."""


class KeepAlive(Frozen):
    """`closes`: ``after-idle`` (after `seconds`, None: how long is not known), ``after-each`` answer, or ``never``.

    `where` quotes what it was recognised by.
    """

    runtime: str
    closes: Literal["after-idle", "after-each", "never"] = "after-idle"
    seconds: float | None = None
    basis: Basis = "default"
    where: str = ""

    def races(self, idle_timeout_s: float) -> bool | None:
        """Whether it can close a connection just as the load balancer uses it; None: not known. Equal is a race."""
        if self.closes != "after-idle":
            return False
        return None if self.seconds is None else self.seconds <= idle_timeout_s

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


def keep_alive_of(container: ContainerDefinition) -> KeepAlive | None:
    """None: what runs in it cannot be recognised."""
    seen = _Seen.of(container)
    return next((found for recognise in _RECOGNISERS if (found := recognise(seen))), None)


def worker_timeout_of(container: ContainerDefinition) -> WorkerTimeout | None:
    """Gunicorn kills a worker after 30 s without a sign of life unless told otherwise; uWSGI when it was told a time.

    Source: https://docs.gunicorn.org/en/stable/settings.html#timeout
    """
    seen = _Seen.of(container)
    if seen.runs("gunicorn"):
        set_to = seen.flag("--timeout") or seen.flag("-t")
        if set_to is not None:
            return WorkerTimeout(runtime="gunicorn", seconds=set_to[0], basis="configured", where=set_to[1])
        return WorkerTimeout(runtime="gunicorn", seconds=30.0, basis="default", where=seen.word("gunicorn"))
    if seen.runs("uwsgi") and (set_to := seen.flag("--harakiri")):
        return WorkerTimeout(runtime="uWSGI", seconds=set_to[0], basis="configured", where=set_to[1])
    return None


class _Seen(Frozen):
    """What a task definition shows of a container."""

    image: str
    tag: str
    path: str
    line: str
    environment: dict[str, str]
    names: frozenset[str]
    ports: frozenset[int]

    @classmethod
    def of(cls, container: ContainerDefinition) -> _Seen:
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


_Recogniser = Callable[[_Seen], KeepAlive | None]


def _configured(runtime: str, found: tuple[float, str] | None) -> KeepAlive | None:
    return KeepAlive(runtime=runtime, seconds=found[0], basis="configured", where=found[1]) if found else None


def _gunicorn(seen: _Seen) -> KeepAlive | None:
    if not seen.runs("gunicorn"):
        return None
    worker = re.search(r"(?:^|\s)(?:-k|--worker-class)(?:=|\s+)(\S+)", seen.line)
    threads = seen.flag("--threads")
    kind = worker[1] if worker else "gthread" if threads and threads[0] > 1 else "sync"
    if kind == "sync":
        where = worker[0].strip() if worker else "command gunicorn without a worker class"
        return KeepAlive(runtime="gunicorn with sync workers", closes="after-each", where=where)
    set_to = seen.flag("--keep-alive") or seen.flag("--keepalive")
    return _configured("gunicorn", set_to) or KeepAlive(
        runtime=f"gunicorn with {kind.rsplit('.', 1)[-1]} workers", seconds=2, where="command gunicorn"
    )


def _python(seen: _Seen) -> KeepAlive | None:
    if seen.runs("uvicorn", "fastapi"):
        set_to = seen.flag("--timeout-keep-alive") or seen.variable("UVICORN_TIMEOUT_KEEP_ALIVE")
        return _configured("uvicorn", set_to) or KeepAlive(runtime="uvicorn", seconds=5, where="command uvicorn")
    if seen.runs("hypercorn"):
        set_to = seen.flag("--keep-alive")
        return _configured("hypercorn", set_to) or KeepAlive(runtime="hypercorn", seconds=5, where="command hypercorn")
    if seen.runs("waitress-serve"):
        set_to = seen.flag("--channel-timeout")
        return _configured("waitress", set_to) or KeepAlive(runtime="waitress", seconds=120, where="waitress-serve")
    if seen.runs("sanic"):
        return KeepAlive(runtime="Sanic", seconds=120, where="command sanic")
    if seen.runs("daphne"):
        return KeepAlive(runtime="Daphne", closes="never", where="command daphne")
    if re.search(r"\bmanage\.py runserver\b|\bflask run\b", seen.line):
        return KeepAlive(runtime="a development server", closes="after-each", where="command line")
    return None


def _javascript(seen: _Seen) -> KeepAlive | None:
    if seen.runs("bun") or seen.path.endswith("oven/bun"):
        return KeepAlive(runtime="Bun", seconds=10, where=seen.word("bun"))
    own = next((item for name in ("KEEP_ALIVE_TIMEOUT", "KEEPALIVE_TIMEOUT") if (item := seen.variable(name))), None)
    if seen.runs("next") or "--keepAliveTimeout" in seen.line:
        set_to = seen.flag("--keepAliveTimeout")
        if set_to:
            return _configured("Next.js", (set_to[0] / 1000, set_to[1]))
    if seen.runs("fastify"):
        return KeepAlive(runtime="Fastify", seconds=72, where="command fastify")
    if seen.image != "node" and not seen.runs("node", "npm", "yarn", "pnpm", "next", "nodejs"):
        return None
    if own:
        return _configured("Node.js", own)
    version = seen.major if seen.image == "node" else None
    where = seen.word(next((name for name in ("node", "npm", "yarn", "pnpm", "next") if seen.runs(name)), "node"))
    if version is None:
        return KeepAlive(runtime=f"Node.js before {NODE_LONG_SINCE}", seconds=5, where=where)
    seconds = 65 if version >= NODE_LONG_SINCE else 5
    return KeepAlive(runtime=f"Node.js {version}", seconds=seconds, where=f"image node:{seen.tag}")


def _ruby(seen: _Seen) -> KeepAlive | None:
    if seen.runs("unicorn"):
        return KeepAlive(runtime="Unicorn", closes="after-each", where="command unicorn")
    if not seen.runs("puma") and not re.search(r"\brails (?:server|s)\b", seen.line):
        return None
    set_to = seen.variable("PUMA_PERSISTENT_TIMEOUT")
    return _configured("Puma", set_to) or KeepAlive(
        runtime="Puma (20 s before version 7, 65 s since)", where=seen.word("puma")
    )


def _java(seen: _Seen) -> KeepAlive | None:
    for name, runtime in (
        ("SERVER_TOMCAT_KEEP_ALIVE_TIMEOUT", "Tomcat"),
        ("SERVER_JETTY_CONNECTION_IDLE_TIMEOUT", "Jetty"),
        ("SERVER_UNDERTOW_NO_REQUEST_TIMEOUT", "Undertow"),
        ("SERVER_NETTY_IDLE_TIMEOUT", "Netty"),
    ):
        if set_to := seen.variable(name):
            return _configured(runtime, set_to)
    if seen.image == "tomcat":
        return KeepAlive(runtime="Tomcat", seconds=20, where=seen.word("tomcat"))
    if seen.image == "jetty":
        return KeepAlive(runtime="Jetty", seconds=30, where=seen.word("jetty"))
    if seen.image in {"wildfly", "jboss-eap"}:
        return KeepAlive(runtime="Undertow", seconds=60, where=seen.word(seen.image))
    if spring := sorted(name for name in seen.names if name.startswith("SPRING_")):
        return KeepAlive(runtime="Spring Boot's Tomcat", seconds=60, where=f"variable {spring[0]}")
    return None


def _servers(seen: _Seen) -> KeepAlive | None:
    if seen.image in {"nginx", "openresty"}:
        # A stock image listens on 80; on another port it has a configuration of its own, which nobody can see here.
        if seen.ports and not seen.ports & _STOCK_NGINX_PORTS:
            return None
        return KeepAlive(runtime="nginx", seconds=75, where=seen.word(seen.image))
    apache = seen.image == "httpd" or (seen.image == "php" and "apache" in seen.tag)
    if apache or (seen.image == "wordpress" and "fpm" not in seen.tag):
        return KeepAlive(runtime="Apache httpd", seconds=5, where=seen.word(seen.image))
    for image, runtime, after_s in (("caddy", "Caddy", 300), ("traefik", "Traefik", 180), ("envoy", "Envoy", 3600)):
        if seen.image == image:
            return KeepAlive(runtime=runtime, seconds=after_s, where=seen.word(image))
    kestrel = seen.names & {"ASPNETCORE_URLS", "ASPNETCORE_HTTP_PORTS", "DOTNET_URLS"}
    if kestrel or seen.path.endswith("dotnet/aspnet"):
        where = f"variable {min(kestrel)}" if kestrel else seen.word("aspnet")
        return KeepAlive(runtime="Kestrel", seconds=130, where=where)
    return None


def _others(seen: _Seen) -> KeepAlive | None:
    for name in sorted(seen.environment):
        if re.match(r"(?:(?:HTTP|SERVER|APP)_)*KEEP_?ALIVE", name) and (set_to := seen.variable(name)):
            return _configured("the server", set_to)
    return None


# What the command says comes before what the image is called.
_RECOGNISERS: tuple[_Recogniser, ...] = (_gunicorn, _python, _javascript, _ruby, _java, _servers, _others)
