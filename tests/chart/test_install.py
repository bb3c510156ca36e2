"""What a person sees after `helm install`, and what `helm test` says."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from prometheus_client import CollectorRegistry

from bot.listener import Listener
from bot.ops import Check, make_ops
from tests.chart import value_sets
from tests.chart.rendering import notes, of_kind, rendered


@contextmanager
def ops(checks: dict[str, Check]) -> Iterator[int]:
    """The operators' port of a bot with these checks."""
    listener = Listener(make_ops(checks, CollectorRegistry(), lambda: None), "127.0.0.1", 0, "ALB502_OPS_PORT")
    listener.start()
    try:
        yield listener.port
    finally:
        listener.stop()


def answer_of_the_test(port: int, host: str) -> subprocess.CompletedProcess[str]:
    """What the test's pod runs, with its own command line and variables."""
    (pod,) = of_kind("Pod", rendered(value_sets.DEFAULTS)).values()
    (container,) = pod["spec"]["containers"]
    assert container["command"] == ["python", "-c"]
    assert [entry["name"] for entry in container["env"]] == ["OPS_HOST"]
    environment = {"OPS_HOST": host, "OPS_PORT": str(port)}
    command = [sys.executable, "-c", *container["args"]]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_the_test_asks_the_service_that_has_every_process() -> None:
    objects = rendered(value_sets.DEFAULTS)
    (pod,) = of_kind("Pod", objects).values()
    (container,) = pod["spec"]["containers"]

    assert pod["metadata"]["annotations"]["helm.sh/hook"] == "test"
    assert container["env"][0]["value"] in of_kind("Service", objects)


def test_the_test_passes_when_everything_works() -> None:
    with ops({"redis": lambda: None}) as port:
        done = answer_of_the_test(port, "127.0.0.1")

    assert (done.returncode, '"ready":true' in done.stdout) == (0, True), done


def test_the_test_says_what_does_not_work() -> None:
    with ops({"redis": lambda: "does not answer (ConnectionError)"}) as port:
        done = answer_of_the_test(port, "127.0.0.1")

    assert done.returncode == 1
    assert "does not answer (ConnectionError)" in done.stdout


def test_the_test_fails_in_words_where_nothing_runs() -> None:
    with ops({}) as port:
        pass
    refused, unknown = answer_of_the_test(port, "127.0.0.1"), answer_of_the_test(port, "nowhere.invalid")

    assert refused.returncode == unknown.returncode == 1
    assert "does not answer" in refused.stdout
    assert "no pod of alb502 is found" in unknown.stderr
    assert "Traceback" not in refused.stderr + unknown.stderr


def test_the_notes_name_every_key_that_the_secret_needs() -> None:
    said = notes(value_sets.DEFAULTS)
    keys = re.findall(r"--from-file=([\w-]+)=", said)

    assert keys == ["slack-app-token", "slack-bot-token"]
    assert "kubectl -n ops create secret generic alb502" in said


@pytest.mark.parametrize(
    ("values", "expected", "unexpected"),
    [
        (
            value_sets.DEFAULTS,
            "config.accounts: the account and region of the pods",
            "config.accounts[]",
        ),
        (value_sets.DEFAULTS, "--service-account alb502-worker", "--service-account alb502-executor"),
        (value_sets.DEFAULTS, "aws.region: without accounts", "roles is all"),
        (value_sets.DEFAULTS, "redis.mode is bundled", "/slack/events"),
        (value_sets.EVERYTHING, "exec deploy/why-502-executor -- alb502 doctor --role executor", "alb502-worker"),
        (value_sets.DEFAULTS, "mode is suggest: nothing can be changed", "nobody may approve"),
        ({**value_sets.DEFAULTS, "aws": {"region": "us-east-1"}}, "(us-east-1) of the pods", "aws.region:"),
        (value_sets.TRIAL, "--from-file=alb502-external-id=", "config.accounts:"),
        (value_sets.PRODUCTION, "https://alb502.example.com/slack/events", "create-pod-identity-association"),
        (value_sets.PRODUCTION, "https://alb502.example.com/alarms/sns", "redis.mode is bundled"),
        (value_sets.PRODUCTION, "runs as web, worker, executor", "create secret generic"),
        (value_sets.PRODUCTION, "prod/alb502, which has to hold", "Not configured"),
        (value_sets.ONE_PROCESS, "roles is all", "worker has no awsRoleArn"),
        (value_sets.ONE_PROCESS, "lead your own to the Service alb502", "nobody may approve"),
        (value_sets.ONE_PROCESS, "every pod of the cluster reaches the ops port", "--service-account alb502-web"),
        (
            {**value_sets.ONE_PROCESS, "config": {"remediations": {"mode": "approve"}}},
            "config.remediations.approvers: nobody may approve",
            "nothing can be changed in AWS",
        ),
    ],
)
def test_the_notes_say_what_is_next_and_what_is_not_configured(
    values: dict[str, object], expected: str, unexpected: str
) -> None:
    said = notes(values)

    assert expected in said
    assert unexpected not in said
