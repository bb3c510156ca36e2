"""The bot from the manifests that the Helm chart renders: three pods, as Kubernetes would start them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

import pytest
import yaml

import bot
from tests.bot.conftest import eventually
from tests.chart.rendering import of_kind, rendered
from tests.image.containers import USER, asked, called, image, inspected, is_ready, log_of, podman, status_after_stop
from tests.image.outside import CAUSE, Outside
from tests.slack_fake import ALICE, sign

ROLES: Final = ("web", "worker", "executor")
START_S: Final = 60.0
ANSWER_S: Final = 90.0
LEFT_OUT: Final = ("startupProbe", "livenessProbe", "readinessProbe", "ports")
"""podman would run curl inside for the probes, and publish the ports of all pods on one machine."""


@pytest.fixture(scope="module")
def pods(around: Outside, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The address of each role's pod."""
    file = tmp_path_factory.mktemp("rendered") / "objects.yaml"
    file.write_text(yaml.safe_dump_all(manifests(around)), encoding="utf-8")
    try:
        podman("play", "kube", "--network", "podman", str(file), timeout_s=120)
        yield {role: address(role) for role in ROLES}
    except BaseException:
        for role in ROLES:
            print(role, log_of(container(role)))
        raise
    finally:
        podman("pod", "rm", "--force", "--ignore", *(pod(role) for role in ROLES))


def manifests(around: Outside) -> list[dict[str, Any]]:
    """The pods that the rendered Deployments make, one of each role, and what they are configured with."""
    name, _, tag = image().rpartition(":")
    values = {
        "image": {"repository": name, "tag": tag, "pullPolicy": "Never"},
        "slack": {"mode": "http"},
        "redis": {"mode": "external"},
        "config": {
            "slack_api_url": around.environment["ALB502_SLACK_API_URL"],
            "remediations": {"mode": "approve", "approvers": {"users": [ALICE]}},
        },
        "pod": {
            "extraEnv": [
                {"name": name, "value": value} for name, value in around.environment.items() if name.startswith("AWS_")
            ]
        },
        **{role: {"replicas": 1} for role in ROLES},
    }
    objects = rendered(values)
    deployments = of_kind("Deployment", objects)
    assert set(deployments) == {pod(role) for role in ROLES}
    made = [
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": one["spec"]["template"]["spec"]}
        for name, one in deployments.items()
    ]
    for one in (one for whole in made for one in whole["spec"]["containers"]):
        assert all(one.pop(part) for part in LEFT_OUT)
        one["env"] = [resolved(variable, secrets(around)) for variable in one["env"]]
    return [*of_kind("ConfigMap", objects).values(), *made]


def secrets(around: Outside) -> dict[str, str]:
    """What the user of the chart puts into its Secret."""
    return {
        "slack-bot-token": around.environment["SLACK_BOT_TOKEN"],
        "slack-signing-secret": around.environment["SLACK_SIGNING_SECRET"],
        "approval-key": "k" * 32,
        "redis-url": around.redis_url,
    }


def resolved(variable: dict[str, Any], of_secret: Mapping[str, str]) -> dict[str, Any]:
    """With the value that it refers to: each version of podman wants Secrets in another way."""
    if "valueFrom" not in variable:
        return variable
    reference = variable["valueFrom"]["secretKeyRef"]
    assert reference["name"] == "alb502"
    return {"name": variable["name"], "value": of_secret[reference["key"]]}


def pod(role: str) -> str:
    return f"alb502-{role}"


def container(role: str) -> str:
    return f"{pod(role)}-alb502"


def address(role: str) -> str:
    infra = json.loads(podman("pod", "inspect", pod(role)))["InfraContainerID"]
    return str(inspected(infra)["NetworkSettings"]["Networks"]["podman"]["IPAddress"])


def test_each_role_is_up_and_ready(pods: dict[str, str]) -> None:
    for host in pods.values():
        eventually(partial(is_ready, f"{host}:9090"), START_S)
        assert asked(f"{host}:9090", "/healthz") == (200, f"ok {bot.__version__}\n")


@pytest.mark.parametrize("role", ROLES)
def test_each_role_runs_with_as_few_rights_as_the_manifest_says(role: str, pods: dict[str, str]) -> None:
    status = dict(
        line.split(":", 1) for line in podman("exec", container(role), "cat", "/proc/1/status").splitlines() if line
    )
    assert status["Uid"].split() == [USER] * 4
    assert {int(status[name], 16) for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    assert status["NoNewPrivs"].strip() == "1"
    assert inspected(container(role))["HostConfig"]["ReadonlyRootfs"] is True
    assert called("exec", container(role), "touch", "/opt/alb502/here").returncode != 0


def test_a_command_goes_through_all_of_them(around: Outside, pods: dict[str, str]) -> None:
    eventually(partial(is_ready, f"{pods['web']}:9090"), START_S)
    seen = len(around.slack.calls)
    body = around.slack.command(around.target)
    assert asked(f"{pods['web']}:8080", "/slack/events", body, sign(body))[0] == 200
    around.slack.wait_for(
        lambda: [call for call in around.slack.calls[seen:] if CAUSE in json.dumps(call.body)], timeout_s=ANSWER_S
    )


def test_each_role_ends_in_order(pods: dict[str, str]) -> None:
    assert {role: status_after_stop(container(role)) for role in ROLES} == dict.fromkeys(ROLES, 0)
