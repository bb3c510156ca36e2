"""Which port the settings of a container name."""

from __future__ import annotations

import pytest

from diagnostics.facts import ContainerDefinition
from diagnostics.rules.listening import declared_ports, loopback_setting


def container(environment: dict[str, str] | None = None, *command: str) -> ContainerDefinition:
    return ContainerDefinition(name="web", image="shop:1", environment=environment or {}, command=command)


@pytest.mark.parametrize(
    ("found", "ports"),
    [
        (container({"PORT": "3000"}), {3000}),
        (container({"SERVER_PORT": "9000", "NODE_ENV": "production"}), {9000}),
        (container({"ASPNETCORE_URLS": "http://+:5000;https://+:5001"}), {5000, 5001}),
        (container({"ASPNETCORE_HTTP_PORTS": "8080;8081"}), {8080, 8081}),
        (container(None, "gunicorn", "-b", "0.0.0.0:8000", "shop"), {8000}),
        (container(None, "gunicorn", "--bind=:8000", "shop"), {8000}),
        (container(None, "java", "-jar", "shop.jar", "--server.port=9090"), {9090}),
        (container(None, "sh", "-c", "exec npm start -- --port 4000"), {4000}),
        (container({"PORT": "http"}), set()),
        (container({"PORT": "99999"}), set()),
        (container({"DB_PORT": "5432", "REDIS_PORT": "6379", "METRICS_PORT": "9100", "GRPC_PORT": "50051"}), set()),
    ],
    ids=str,
)
def test_declared_ports(found: ContainerDefinition, ports: set[int]) -> None:
    assert {item.port for item in declared_ports(found)} == ports


@pytest.mark.parametrize(
    ("found", "setting"),
    [
        (container({"HOST": "127.0.0.1"}), "HOST=127.0.0.1"),
        (container({"BIND": "localhost:8080"}), "BIND=localhost:8080"),
        (container(None, "uvicorn", "--host", "127.0.0.1"), "--host 127.0.0.1"),
        (container({"HOST": "0.0.0.0"}), None),
        (container({"DB_HOST": "127.0.0.1"}), None),
    ],
    ids=str,
)
def test_loopback(found: ContainerDefinition, setting: str | None) -> None:
    assert loopback_setting(found) == setting
