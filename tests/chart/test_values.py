"""Values that cannot work are refused before anything is installed, with the key's name and what is expected."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

import helm_python
import pytest
import yaml

from tests.chart import value_sets
from tests.chart.derived import CHART, ROOT
from tests.chart.rendering import rendered

DOCS = ROOT / "docs" / "kubernetes.md"


def with_value(path: str, value: object) -> dict[str, Any]:
    """The production values with one changed; `path` is dotted."""
    values: dict[str, Any] = copy.deepcopy(value_sets.PRODUCTION)
    section: Any = values
    *above, last = path.split(".")
    for key in above:
        section = section[int(key)] if isinstance(section, list) else section.setdefault(key, {})
    section[last] = value
    return values


def schema_sections(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if "properties" in schema:
        yield path or "the values", schema
    for key, inner in {**schema.get("properties", {}), **schema.get("definitions", {})}.items():
        yield from schema_sections(inner, f"{path}.{key}")
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from schema_sections(schema[key], f"{path}[]")


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("replicaCount", 3, "replicaCount"),
        ("web.replicas", "two", "/web/replicas"),
        ("web.replica", 2, "replica"),
        ("image.tag", "not a tag", "/image/tag"),
        ("image.digest", "sha256:short", "/image/digest"),
        ("roles", "both", "/roles"),
        ("slack.mode", "https", "/slack/mode"),
        ("redis.mode", "cluster", "/redis/mode"),
        ("redis.bundled.maxmemory", "256Mi", "/redis/bundled/maxmemory"),
        ("redis.bundled.password", "p@ss:word/with-signs", "/redis/bundled/password"),
        ("worker.resources.limits.memory", "1 GB", "/worker/resources/limits/memory"),
        ("web.serviceAccount.awsRoleArn", "arn:aws:iam::111122223333:role/x", "awsRoleArn"),
        ("worker.serviceAccount.awsRoleArn", "role/x", "/worker/serviceAccount/awsRoleArn"),
        ("config.accounts.0.id", 111122223333, "/config/accounts/0/id"),
        ("config.accounts.0.region", "us-east-1", "region"),
        ("config.accounts.0.external_id_file", "/etc/elsewhere", "/config/accounts/0/external_id_file"),
        ("config.remediations.mode", "on", "/config/remediations/mode"),
        ("config.remediations.approval_key", "k" * 40, "approval_key"),
        ("config.limits.cache_s", "30", "/config/limits/cache_s"),
        ("config.slack_bot_token", "xoxb-1", "slack_bot_token"),
        ("config.ops_port", 9091, "ops_port"),
        ("config.nonsense", 1, "nonsense"),
        ("pod.extraEnv", [{"name": "SLACK_BOT_TOKEN", "value": "xoxb-1"}], "/pod/extraEnv/0/name"),
        ("pod.extraEnv", [{"name": "ALB502_OPS_PORT", "value": "1"}], "/pod/extraEnv/0/name"),
        ("ingress.host", "https://alb502.example.com", "/ingress/host"),
        ("networkPolicy.enabled", "yes", "/networkPolicy/enabled"),
    ],
)
def test_a_wrong_value_is_refused_by_its_name(path: str, value: object, said: str) -> None:
    with pytest.raises(helm_python.HelmError) as refused:
        rendered(with_value(path, value))

    assert re.search(rf"{re.escape(said)}\b", str(refused.value)), refused.value


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("image.repository", "", "image.repository is not set"),
        ("ingress.host", "", "ingress.host is not set"),
        ("secrets.external.remoteKey", "", "secrets.external.remoteKey"),
        ("executor.serviceAccount.awsRoleArn", "arn:aws:iam::999988887777:role/alb502-worker", "only the executor"),
        ("executor.serviceAccount.name", "alb502-worker", "two roles have the same service account"),
        ("web.autoscaling.minReplicas", 7, "web.autoscaling.minReplicas is more than"),
        ("slack.mode", "socket", "web: Slack allows 10 connections"),
    ],
)
def test_values_that_contradict_one_another_are_refused(path: str, value: object, said: str) -> None:
    values = with_value(path, value)
    if path == "slack.mode":
        values["web"]["autoscaling"]["maxReplicas"] = 20

    with pytest.raises(helm_python.HelmError, match=said):
        rendered(values)


def test_an_ingress_to_nothing_is_refused() -> None:
    with pytest.raises(helm_python.HelmError, match="nothing comes in"):
        rendered({**value_sets.DEFAULTS, "ingress": {"enabled": True, "host": "alb502.example.com"}})


def test_no_section_takes_a_key_that_nobody_knows() -> None:
    schema = yaml.safe_load((CHART / "values.schema.json").read_text(encoding="utf-8"))
    sections = dict(schema_sections(schema))

    assert len(sections) > 40
    assert [path for path, section in sections.items() if section.get("additionalProperties") is not False] == []


def test_every_value_of_the_chart_is_in_the_schema_and_the_other_way_round() -> None:
    def keys(values: object, schema: dict[str, Any], definitions: dict[str, Any], path: str) -> Iterator[str]:
        schema = definitions[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        if path == ".config" or "properties" not in schema or not isinstance(values, dict):
            return
        yield from (f"{path}.{key}" for key in values.keys() ^ schema["properties"].keys())
        for key in values.keys() & schema["properties"].keys():
            yield from keys(values[key], schema["properties"][key], definitions, f"{path}.{key}")

    schema = yaml.safe_load((CHART / "values.schema.json").read_text(encoding="utf-8"))
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    differences = set(keys(values, schema, schema["definitions"], ""))

    # Helm's own key, and amounts that are left out on purpose.
    assert differences == {".global"}


def test_the_docs_show_values_that_work() -> None:
    blocks = re.findall(r"^( *)```yaml\n(.*?)^ *```", DOCS.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)

    assert len(blocks) >= 2
    for _, text in blocks:
        assert rendered(yaml.safe_load(text))


def test_the_trial_of_the_docs_is_the_one_of_the_examples() -> None:
    first = re.search(r"```yaml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)

    assert first is not None
    assert yaml.safe_load(first[1]) == value_sets.TRIAL
