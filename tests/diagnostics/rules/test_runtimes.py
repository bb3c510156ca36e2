"""What a task definition shows of the server in it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from diagnostics.app_logs.recognition import recognise
from diagnostics.facts import ContainerDefinition, LogLine, PortMapping
from diagnostics.rules.runtimes import keep_alive_of, worker_timeout_of


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
