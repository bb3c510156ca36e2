"""What a task definition shows of the server in it."""

from __future__ import annotations

import json
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from diagnostics.app_logs.recognition import recognise
from diagnostics.facts import ContainerDefinition, LogLine, PortMapping
from diagnostics.rules.runtimes import (
    _groups,
    host_lines_of,
    keep_alive_of,
    shutdown_of,
    worker_lines_of,
    worker_timeout_of,
)
from diagnostics.rules.runtimes.server import goes_on_for_20_s
from handlers.views.summary import MAX_SENTENCE


def container(image: str, command: str = "", port: int = 8080, **environment: str) -> ContainerDefinition:
    return ContainerDefinition(
        name="web",
        image=image,
        command=tuple(command.split()),
        environment=environment,
        environment_names=tuple(environment),
        port_mappings=(PortMapping(container_port=port),),
    )


@pytest.mark.parametrize(
    ("it", "seconds", "basis"),
    [
        (container("node:20-alpine"), 5, "default"),
        (container("node:26"), 65, "default"),
        (container("111122223333.dkr.ecr.us-east-1.amazonaws.com/shop:7", "node server.js"), 5, "default"),
        (container("registry:5000/shop", "npm start"), 5, "default"),
        (container("shop:7", "node server.js", KEEP_ALIVE_TIMEOUT="65000"), 65, "configured"),
        (container("web:7", "next start --keepAliveTimeout 70000"), 70, "configured"),
        (container("oven/bun:1"), 10, "default"),
        (container("api:7", "uvicorn main:app --host 0.0.0.0"), 5, "default"),
        (container("api:7", "uvicorn main:app --timeout-keep-alive 75"), 75, "configured"),
        (container("api:7", "uvicorn main:app", UVICORN_TIMEOUT_KEEP_ALIVE="75"), 75, "configured"),
        (container("api:7", "hypercorn app"), 5, "default"),
        (container("api:7", "gunicorn -k uvicorn.workers.UvicornWorker app"), 2, "default"),
        (container("api:7", "gunicorn --threads 8 app"), 2, "default"),
        (container("api:7", "gunicorn -k gthread app", GUNICORN_CMD_ARGS="--keep-alive 75"), 75, "configured"),
        (container("api:7", "waitress-serve app"), 120, "default"),
        (container("shop:7", "bundle exec puma", PUMA_PERSISTENT_TIMEOUT="75"), 75, "configured"),
        (container("tomcat:10"), 20, "default"),
        (container("shop:7", "java -jar app.jar", SPRING_PROFILES_ACTIVE="prod"), 60, "default"),
        (container("shop:7", "java -jar app.jar", SERVER_TOMCAT_KEEP_ALIVE_TIMEOUT="75s"), 75, "configured"),
        (container("httpd:2.4", port=80), 5, "default"),
        (container("php:8-apache", port=80), 5, "default"),
        (container("nginx:1.29", port=80), 75, "default"),
        (container("mcr.microsoft.com/dotnet/aspnet:8.0"), 130, "default"),
        (container("shop:7", ASPNETCORE_URLS="http://+:8080"), 130, "default"),
    ],
)
def test_how_long_idle_connections_are_kept(it: ContainerDefinition, seconds: float, basis: str) -> None:
    found = keep_alive_of(it)
    assert found is not None
    assert (found.seconds, found.basis) == (seconds, basis)
    assert found.races(60) == (seconds <= 60)


@pytest.mark.parametrize(
    ("it", "closes"),
    [
        (container("api:7", "gunicorn app:app"), "after-each"),
        (container("api:7", "gunicorn -k sync app:app"), "after-each"),
        (container("shop:7", "bundle exec unicorn -c unicorn.rb"), "after-each"),
        (container("api:7", "python manage.py runserver 0.0.0.0:8080"), "after-each"),
        (container("api:7", "daphne app.asgi:application"), "never"),
    ],
)
def test_servers_without_a_race(it: ContainerDefinition, closes: str) -> None:
    found = keep_alive_of(it)
    assert found is not None
    assert found.closes == closes
    assert found.races(60) is False


@pytest.mark.parametrize(
    "it",
    [
        container("checkout:7"),
        container("nginx:1.29", port=8080),
        container("wordpress:6-fpm", port=9000),
        container("shop:7", "java -jar app.jar"),
        container("worker:7", "nodemon-like-thing", REDIS_KEEPALIVE="5"),
    ],
)
def test_what_cannot_be_recognised_is_not_guessed(it: ContainerDefinition) -> None:
    assert keep_alive_of(it) is None


def test_puma_depends_on_its_version() -> None:
    found = keep_alive_of(container("shop:7", "bundle exec puma"))
    assert found is not None
    assert found.races(60) is None


@pytest.mark.parametrize(
    ("command", "seconds", "basis"),
    [
        ("gunicorn app", 30, "default"),
        ("gunicorn --timeout 120 app", 120, "configured"),
        ("gunicorn -t=45 app", 45, "configured"),
    ],
)
def test_when_workers_are_killed(command: str, seconds: float, basis: str) -> None:
    found = worker_timeout_of(container("api:7", command))
    assert found is not None
    assert (found.seconds, found.basis) == (seconds, basis)


def test_keep_alive_is_no_worker_time_out() -> None:
    assert worker_timeout_of(container("api:7", "uvicorn app --timeout-keep-alive 5")) is None


def heard(*texts: str) -> list[LogLine]:
    """Lines of a container's log, recognised as they would be."""
    lines = []
    for text in texts:
        found = recognise(text)
        lines.append(
            LogLine(
                at=datetime(2026, 11, 21, tzinfo=UTC),
                text=text,
                log_group="/ecs/shop",
                signature=found.signature,
                runtime=found.runtime,
                details=dict(found.details or {}),
            )
        )
    return lines


@pytest.mark.parametrize(
    ("text", "runtime", "seconds", "closes"),
    [
        ("* Puma version: 5.6.5 (ruby 3.1.2)", "Puma 5", 20, "after-idle"),
        ("* Puma version: 7.0.0 (ruby 3.3.0)", "Puma 7", 65, "after-idle"),
        ("[INFO] Using worker: sync", "gunicorn with sync workers", None, "after-each"),
        ("[INFO] Using worker: gthread", "gunicorn with gthread workers", 2, "after-idle"),
        ("Uvicorn running on http://0.0.0.0:8080 (Press CTRL+C to quit)", "uvicorn", 5, "after-idle"),
        ("Tomcat started on port 8080 (http)", "Spring Boot's Tomcat", 60, "after-idle"),
        ('Starting ProtocolHandler ["http-nio-8080"]', "Tomcat", 20, "after-idle"),
        ("Now listening on: http://[::]:8080", "Kestrel", 130, "after-idle"),
        ("Server listening at http://0.0.0.0:8080", "Fastify", 72, "after-idle"),
    ],
)
def test_a_banner_tells_what_an_image_hides(text: str, runtime: str, seconds: float, closes: str) -> None:
    found = keep_alive_of(container("shop:7"), heard(text))
    assert found is not None
    assert (found.runtime, found.seconds, found.closes, found.basis) == (runtime, seconds, closes, "default")
    assert closes != "after-idle" or "75" in found.fix(75)


def test_what_was_set_counts_for_more_than_a_banner() -> None:
    told = container("api:7", "uvicorn main:app --timeout-keep-alive 90")
    found = keep_alive_of(told, heard("Uvicorn running on http://0.0.0.0:80"))
    assert found is not None
    assert (found.seconds, found.basis) == (90, "configured")


def test_a_proxy_in_front_hides_the_server_behind_it() -> None:
    lines = heard("2026/11/21 03:20:00 [notice] 1#1: nginx/1.25.3", "[INFO] Using worker: gthread")
    assert keep_alive_of(container("shop:7"), lines) is None


@pytest.mark.parametrize(
    ("it", "runtime", "says"),
    [
        (container("node:20", "node server.js"), "Node.js", "server.close(() => process.exit(0)), 20000)"),
        (container("web:7", "next start"), "Next.js", "node_modules/.bin/next start & p=$!"),
        (container("api:7", "gunicorn -k gthread app"), "gunicorn", "--graceful-timeout 30"),
        (container("api:7", "uvicorn main:app"), "uvicorn", "--timeout-graceful-shutdown 30"),
        (container("api:7", "uwsgi --ini uwsgi.ini"), "uWSGI", "unix_signal:15 gracefully_kill_them_all"),
        (container("shop:7", "java -jar app.jar", SPRING_PROFILES_ACTIVE="prod"), "Spring Boot", "ContextClosedEvent"),
        (container("shop:7", SERVER_TOMCAT_KEEP_ALIVE_TIMEOUT="75s"), "Spring Boot", "server.shutdown=graceful"),
        (container("tomcat:10"), "Tomcat", 'gracefulStopAwaitMillis="30000"'),
        (container("shop:7", "bundle exec puma"), "Puma", "force_shutdown_after 30"),
        (container("shop:7", "bundle exec unicorn -c unicorn.rb"), "Unicorn", "kill -QUIT $p"),
        (container("nginx:1.29", port=8080), "nginx", "trap 'sleep 20; kill -QUIT $p; wait $p; exit $?' TERM QUIT"),
        (container("php:8-apache", port=80), "Apache httpd", "kill -WINCH $p"),
        (container("php:8-fpm", port=9000), "php-fpm", "process_control_timeout = 30s"),
        (container("shop:7", ASPNETCORE_URLS="http://+:8080"), "Kestrel", "ShutdownTimeout"),
        (container("golang:1.25", "go run ."), "Go", "srv.Shutdown"),
        (container("traefik:3"), "Traefik", "requestAcceptGraceTimeout=20s"),
    ],
)
def test_how_a_server_ends_without_losing_a_request(it: ContainerDefinition, runtime: str, says: str) -> None:
    found = shutdown_of(it)
    assert found.runtime == runtime
    assert says in found.lines


def test_a_server_that_its_log_names_has_lines_too() -> None:
    assert shutdown_of(container("shop:7"), heard("* Puma version: 6.4.0 (ruby 3.3.0)")).runtime == "Puma"
    assert shutdown_of(container("shop:7"), heard("http: panic serving 10.0.0.1:1: boom")).runtime == "Go"


def test_nothing_is_said_of_a_server_that_nobody_recognises() -> None:
    assert shutdown_of(container("shop:7")).lines == ""
    both = heard("2026/11/21 03:20:00 [notice] 1#1: nginx/1.25.3", "[INFO] Using worker: gthread")
    assert shutdown_of(container("shop:7"), both).lines == ""


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (("sh", "-c", "node server.js"), "begins with a shell"),
        (("/bin/bash", "-ec", "gunicorn app"), "begins with a shell"),
        (("npm", "start"), "npm stands between"),
        (("sh", "-c", "exec node server.js"), ""),
        (("node", "server.js"), ""),
        (("node", "npm-proxy.js"), ""),
    ],
)
def test_what_may_keep_sigterm_from_the_server(command: tuple[str, ...], says: str) -> None:
    found = shutdown_of(ContainerDefinition(name="web", image="shop:7", command=command))
    assert says in found.unheard
    assert bool(found.unheard) == bool(says)


@pytest.mark.parametrize("signal", ["TERM", "USR1"])
def test_the_entry_point_that_waits_passes_the_signal_and_the_exit_code_on(signal: str, tmp_path: Path) -> None:
    listens, waits = tmp_path / "listens", tmp_path / "waits"
    server = f'sh -c "trap \\"exit 7\\" {signal}; touch {listens}; while :; do sleep 0.01; done"'
    shell, option, script = without_the_wait(server, signal)
    with subprocess.Popen([shell, option, script.replace("p=$!;", f"p=$!; touch {waits};")]) as task:
        while not (listens.exists() and waits.exists()) and task.poll() is None:
            time.sleep(0.005)
        task.terminate()
        assert task.wait(timeout=20) == 7


def test_the_entry_point_that_waits_ends_with_a_server_that_crashes() -> None:
    assert subprocess.run(without_the_wait('sh -c "exit 3"'), check=False, timeout=20).returncode == 3


def without_the_wait(command: str, signal: str = "TERM") -> list[str]:
    text = goes_on_for_20_s("SERVER", signal).removeprefix("entryPoint ").replace("sleep 20; ", "")
    return [str(part).replace("SERVER", command) for part in json.loads(text)]


def test_advice_for_a_slow_worker_stays_below_the_idle_timeout() -> None:
    assert "--worker-class gthread --threads 8 --timeout 55" in worker_lines_of("gunicorn", 55)
    assert "--harakiri 55" in worker_lines_of("uWSGI", 55)
    assert worker_lines_of("", 55) == ""


@pytest.mark.parametrize(
    ("it", "refused_by", "framework", "says"),
    [
        (container("shop:7", "gunicorn app", DJANGO_SETTINGS_MODULE="shop"), None, "Django", "ECS_CONTAINER_METADATA"),
        (container("shop:7"), "Django", "Django", "ALLOWED_HOSTS.append"),
        (container("shop:7", RAILS_ENV="production"), None, "Rails", 'request.path == "/up"'),
        (container("shop:7", SPRING_PROFILES_ACTIVE="prod"), None, "Spring", "setAllowedHostnames"),
        (container("shop:7", "next start"), None, "Next.js", "middleware.ts, which must let /up through"),
        (container("shop:7"), "Kestrel", "Kestrel", '"AllowedHosts": "*"'),
        (container("shop:7"), None, "", ""),
        (None, "Rails", "Rails", "config.host_authorization"),
    ],
)
def test_how_a_framework_accepts_the_health_checks_host(
    it: ContainerDefinition | None, refused_by: str | None, framework: str, says: str
) -> None:
    name, lines = host_lines_of(it, refused_by, "/up")
    assert name == framework
    assert says in lines


def test_what_is_known_of_each_server_fits_what_a_person_reads_at_night() -> None:
    tables = [getattr(group, table, {}) for group in _groups() for table in ("SHUTDOWNS", "WORKERS", "HOSTS")]
    assert all(len(text) <= MAX_SENTENCE for table in tables for text in table.values())


def test_keep_alive_lines_are_whole() -> None:
    node = keep_alive_of(container("node:20", "node server.js"))
    caddy = keep_alive_of(container("caddy:2", port=80))
    assert node
    assert caddy
    assert node.fix(65) == "server.keepAliveTimeout = 65000; server.headersTimeout = 66000"
    following = keep_alive_of(container("web:7", "next start"))
    assert following
    assert following.fix(65) == "next start --keepAliveTimeout 65000"
    assert "servers { timeouts { idle 65s } }" in caddy.fix(65)
