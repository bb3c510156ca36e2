"""Each role gets what it needs and nothing else, and the bot's own loader takes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

import bot
from bot.cli.serve import missing
from bot.settings import Settings, shape
from tests.chart import value_sets
from tests.chart.derived import ROOT
from tests.chart.pods import SECRETS, Pod, pods_in
from tests.chart.rendering import of_kind, rendered

MARGIN_S = 10
AWS_AND_REDIS = {"AWS_REGION", "REDIS_PASSWORD"}


def pods(values: dict[str, Any]) -> dict[str, Pod]:
    return pods_in(rendered(values))


def roles_of(account: dict[str, Any]) -> str | None:
    role = account["metadata"].get("annotations", {}).get("eks.amazonaws.com/role-arn")
    return None if role is None else str(role)


@pytest.mark.parametrize("values", value_sets.ALL.values(), ids=value_sets.ALL)
def test_every_role_starts_with_what_it_is_given(values: dict[str, Any], tmp_path: Path) -> None:
    for role, pod in pods(values).items():
        settings = pod.settings(tmp_path)

        assert missing(settings, role) == []  # type: ignore[arg-type]
        assert pod.container["args"] == ["serve", "--role", role]
        assert settings.state_dir == Path("/var/lib/alb502")
        assert settings.redis_url is not None


@pytest.mark.parametrize("values", value_sets.ALL.values(), ids=value_sets.ALL)
def test_every_variable_is_a_setting_or_somebody_elses(values: dict[str, Any]) -> None:
    own = {entry["name"] for entry in values.get("pod", {}).get("extraEnv", ())}
    for pod in pods(values).values():
        names = [entry["name"] for entry in pod.container["env"]]

        assert set(names) <= {*shape.variables(), shape.CONFIG_VARIABLE, *AWS_AND_REDIS, *own}
        assert len(names) == len(set(names))


def test_each_role_sees_only_its_own_secrets() -> None:
    seen = {role: pod.secret_keys for role, pod in pods(value_sets.PRODUCTION).items()}

    assert seen == {
        "web": {"slack-bot-token", "slack-signing-secret", "approval-key", "redis-url"},
        "worker": {"slack-bot-token", "redis-url", "alb502-external-id"},
        "executor": {"approval-key", "redis-url", "alb502-external-id"},
    }


def test_no_secret_stands_in_what_is_rendered() -> None:
    text = json.dumps([one for one in rendered(value_sets.PRODUCTION) if one["kind"] != "Secret"])

    assert not [secret for secret in SECRETS.values() if secret in text]
    assert of_kind("Secret", rendered(value_sets.PRODUCTION)) == {}


def test_in_socket_mode_only_the_door_has_the_app_token() -> None:
    seen = {role: pod.secret_keys for role, pod in pods(value_sets.DEFAULTS).items()}

    assert seen == {
        "web": {"slack-bot-token", "slack-app-token", "password"},
        "worker": {"slack-bot-token", "password"},
    }


def test_who_assumes_no_role_is_told_no_external_id(tmp_path: Path) -> None:
    values = {**value_sets.PRODUCTION, "config": {**value_sets.PRODUCTION["config"]}}
    (account,) = values["config"]["accounts"]
    inline = {key: value for key, value in account.items() if key != "external_id_file"} | {
        "id": "444455556666",
        "name": "stage",
        "external_id": "inline-id",
        "read_role": None,
        "remediate_role": None,
    }
    values["config"]["accounts"] = [account, inline]

    given = {
        role: [one.external_id and one.external_id.get_secret_value() for one in pod.settings(tmp_path).accounts]
        for role, pod in pods(values).items()
    }

    assert given == {
        "web": [None, None],
        "worker": [SECRETS["alb502-external-id"], "inline-id"],
        "executor": [SECRETS["alb502-external-id"], "inline-id"],
    }


def test_each_role_has_a_service_account_of_its_own_and_only_the_executors_may_write() -> None:
    objects = rendered(value_sets.PRODUCTION)
    accounts = of_kind("ServiceAccount", objects)
    used = {role: pod.spec["serviceAccountName"] for role, pod in pods_in(objects).items()}

    assert used == {"web": "alb502-web", "worker": "alb502-worker", "executor": "alb502-executor"}
    assert {name: roles_of(account) for name, account in accounts.items()} == {
        "alb502-web": None,
        "alb502-worker": "arn:aws:iam::999988887777:role/alb502-worker",
        "alb502-executor": "arn:aws:iam::999988887777:role/alb502-executor",
    }


def test_the_roles_in_aws_are_made_for_the_service_accounts_of_the_chart() -> None:
    template = (ROOT / "aws" / "bot-account.yaml").read_text(encoding="utf-8")
    parameters = yaml.safe_load(template)["Parameters"]

    assert set(of_kind("ServiceAccount", rendered(value_sets.PRODUCTION))) == {
        "alb502-web",
        parameters["WorkerServiceAccount"]["Default"],
        parameters["ExecutorServiceAccount"]["Default"],
    }


def test_a_service_account_can_be_somebody_elses() -> None:
    values = {**value_sets.TRIAL, "worker": {"serviceAccount": {"create": False, "name": "reader"}}}
    objects = rendered(values)

    assert pods_in(objects)["worker"].spec["serviceAccountName"] == "reader"
    assert of_kind("ServiceAccount", objects).keys() == {"alb502-web"}


@pytest.mark.parametrize("values", value_sets.ALL.values(), ids=value_sets.ALL)
def test_nobody_gets_a_token_of_kubernetes(values: dict[str, Any]) -> None:
    objects = rendered(values)
    specs = [
        one["spec"] if one["kind"] == "Pod" else one["spec"]["template"]["spec"]
        for one in objects
        if one["kind"] in {"Pod", "Deployment", "StatefulSet"}
    ]

    assert specs
    assert {spec["automountServiceAccountToken"] for spec in specs} == {False}
    assert all(one["automountServiceAccountToken"] is False for one in of_kind("ServiceAccount", objects).values())
    assert not [one for one in objects if one["apiVersion"].startswith("rbac")]


@pytest.mark.parametrize(
    ("mode", "expected"), [("suggest", "suggest"), ("off", "off"), (False, "off"), (None, "suggest")]
)
def test_there_is_no_executor_where_nothing_may_be_approved(mode: object, expected: str, tmp_path: Path) -> None:
    """`off` without quotes is a boolean for Helm."""
    found = pods({"image": value_sets.IMAGE, "config": {"remediations": {"mode": mode}}})

    assert found.keys() == {"web", "worker"}
    assert found["web"].settings(tmp_path).remediations.mode == expected
    assert "approval-key" not in found["web"].secret_keys


def test_the_ports_are_those_that_the_bot_listens_on() -> None:
    defaults = Settings()
    ports = {port["name"]: port["containerPort"] for port in pods(value_sets.PRODUCTION)["web"].container["ports"]}

    assert ports == {"http": defaults.http_port, "ops": defaults.ops_port}


def test_a_pod_is_killed_later_than_it_ends_by_itself() -> None:
    found = pods(value_sets.PRODUCTION)
    stop_s = Settings().limits.stop_s
    (drain_s,) = [int(word) for word in found["web"].container["lifecycle"]["preStop"]["exec"]["command"][1:]]

    assert found["worker"].spec["terminationGracePeriodSeconds"] == stop_s + MARGIN_S
    assert found["web"].spec["terminationGracePeriodSeconds"] == stop_s + drain_s + MARGIN_S
    assert "lifecycle" not in found["worker"].container


def test_more_time_to_stop_is_more_time_until_the_kill(tmp_path: Path) -> None:
    pod = pods({**value_sets.DEFAULTS, "config": {"limits": {"stop_s": 120}}})["worker"]

    assert pod.settings(tmp_path).limits.stop_s + MARGIN_S == pod.spec["terminationGracePeriodSeconds"]


def test_a_change_of_the_settings_replaces_whom_it_concerns() -> None:
    def checksums(values: dict[str, Any]) -> dict[str, str]:
        return {
            role: pod.deployment["spec"]["template"]["metadata"]["annotations"]["checksum/config"]
            for role, pod in pods(values).items()
        }

    one = value_sets.PRODUCTION
    (account,) = one["config"]["accounts"]
    other_id = {**account, "external_id_file": "/run/secrets/other/id"}
    before = checksums(one)

    assert checksums(one) == before
    changed = checksums({**one, "config": {**one["config"], "accounts": [other_id]}})
    assert {role for role in before if before[role] != changed[role]} == {"worker", "executor"}


def test_large_numbers_and_nulls_arrive_as_they_were_written(tmp_path: Path) -> None:
    config = {
        "logs": {"athena": {"max_bytes": 100_000_000_000}, "app_log_scan_bytes": 0},
        "accounts": [{"name": "prod", "id": "012345678901", "regions": ["us-east-1"], "read_role": None}],
        "remediations": {"overrides": [{"account": "prod", "allow": None}], "protect": []},
    }
    settings = pods({**value_sets.DEFAULTS, "config": config})["worker"].settings(tmp_path)

    assert settings.logs.athena.max_bytes == 100_000_000_000
    assert settings.logs.app_log_scan_bytes == 0
    assert settings.accounts[0].id == "012345678901"
    assert settings.remediations.overrides[0].model_fields_set == {"account", "allow"}
    assert settings.remediations.protect == ()


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ({}, f"registry.example.com/alb502:{bot.__version__}"),
        ({"tag": "edge"}, "registry.example.com/alb502:edge"),
        ({"tag": "edge", "digest": f"sha256:{'a' * 64}"}, f"registry.example.com/alb502@sha256:{'a' * 64}"),
    ],
)
def test_the_image_is_the_projects_version_unless_told_otherwise(image: dict[str, str], expected: str) -> None:
    found = pods({"image": {**value_sets.IMAGE, **image}})

    assert {pod.container["image"] for pod in found.values()} == {expected}
