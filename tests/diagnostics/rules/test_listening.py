"""Which port the settings of a container name, and which task is behind a target."""

from __future__ import annotations

import pytest

from diagnostics.facts import (
    ContainerDefinition,
    ContainerInstance,
    ContainerInstances,
    NotApplicable,
    RunningTasks,
    Target,
    Task,
)
from diagnostics.rules.listening import declared_ports, loopback_setting, tasks_behind
from tests.incidents.building import task
from tests.incidents.on_hosts import bound, container_instance


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


def on_host(number: int, instance_id: str, port: int = 32801) -> Task:
    placed = container_instance(instance_id)
    return task(number, "", private_ips=(), container_instance_arn=placed, containers=bound(port))


def instances(*ids: str) -> ContainerInstances:
    known = (
        ContainerInstance(arn=container_instance(item), ec2_instance_id=item, status="ACTIVE", agent_connected=True)
        for item in ids
    )
    return ContainerInstances(items=tuple(known))


def behind(target: str, *tasks: Task, known: tuple[str, ...] | None = ("i-0a", "i-0b")) -> list[Task]:
    hosts = NotApplicable(reason="no host") if known is None else instances(*known)
    return list(tasks_behind(Target(id=target, port=32801, state="healthy"), RunningTasks(items=tasks), hosts))


A, B, OTHER_PORT = on_host(1, "i-0a"), on_host(2, "i-0b"), on_host(3, "i-0b", 32802)
OWN_ADDRESS = task(4, "10.0.1.21")


def test_a_task_is_behind_its_own_address_or_the_port_of_its_own_instance() -> None:
    everybody = (A, OTHER_PORT, OWN_ADDRESS, B)
    assert behind("i-0b", *everybody) == [B]
    assert behind("10.0.1.21", *everybody) == [OWN_ADDRESS]
    assert behind("i-0b", A, OTHER_PORT) == []


def test_tasks_of_unknown_instances_may_all_be_behind_the_port() -> None:
    assert behind("i-0b", A, B, OTHER_PORT, known=None) == [A, B]
    assert behind("i-0b", A, B, known=("i-0a",)) == [B]
