"""Objects whose schemas only a cluster has, field by field; and what they take from the project."""

from __future__ import annotations

import json
from typing import Any

import promql_parser
import yaml

from tests.chart import value_sets
from tests.chart.derived import ROOT
from tests.chart.rendering import Object, of_kind, rendered

GIVEN_BY_THE_OPERATOR = {"namespace", "pod", "service", "container", "endpoint", "job", "instance"}


def only(kind: str, values: dict[str, Any]) -> Object:
    (found,) = of_kind(kind, rendered(values)).values()
    return found


def test_the_external_secret_has_each_key_that_some_pod_needs_and_no_other() -> None:
    found = only("ExternalSecret", value_sets.PRODUCTION)

    assert found["spec"].keys() == {"refreshInterval", "secretStoreRef", "target", "data"}
    assert found["spec"]["secretStoreRef"] == {"kind": "ClusterSecretStore", "name": "aws-secrets-manager"}
    assert found["spec"]["target"] == {"name": "alb502", "creationPolicy": "Owner"}
    keys = ["alb502-external-id", "approval-key", "redis-url", "slack-bot-token", "slack-signing-secret"]
    assert found["spec"]["data"] == [
        {"secretKey": key, "remoteRef": {"key": "prod/alb502", "property": key}} for key in keys
    ]


def test_the_service_monitor_finds_the_ops_service_and_its_port() -> None:
    objects = rendered(value_sets.PRODUCTION)
    monitor = only("ServiceMonitor", value_sets.PRODUCTION)
    selected = [
        service
        for service in of_kind("Service", objects).values()
        if monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    ]

    assert monitor["spec"].keys() == {"selector", "endpoints"}
    assert [service["metadata"]["name"] for service in selected] == ["alb502-ops"]
    (endpoint,) = monitor["spec"]["endpoints"]
    assert endpoint == {"port": "ops", "path": "/metrics", "interval": "30s", "scrapeTimeout": "10s"}
    assert endpoint["port"] in {port["name"] for port in selected[0]["spec"]["ports"]}
    assert selected[0]["spec"]["publishNotReadyAddresses"] is True, "who is not ready has the most to say"
    assert monitor["metadata"]["labels"]["release"] == "kube-prometheus-stack"


def test_the_rules_are_those_of_the_project() -> None:
    rule = only("PrometheusRule", value_sets.PRODUCTION)

    assert rule["spec"] == yaml.safe_load((ROOT / "monitoring" / "alerts.yaml").read_text(encoding="utf-8"))
    assert rule["metadata"]["labels"]["release"] == "kube-prometheus-stack"


def test_alerts_select_only_by_labels_that_scraping_leaves_as_they_are() -> None:
    """No relabelling takes away what an alert groups by, and no alert selects by what only the operator gives."""
    monitor = only("ServiceMonitor", value_sets.PRODUCTION)
    assert not {"relabelings", "metricRelabelings", "honorLabels"} & monitor["spec"]["endpoints"][0].keys()
    for group in only("PrometheusRule", value_sets.PRODUCTION)["spec"]["groups"]:
        for alert in group["rules"]:
            nodes: list[promql_parser.Expr] = []
            promql_parser.walk(promql_parser.parse(alert["expr"]), nodes.append)
            for node in nodes:
                if isinstance(node, promql_parser.VectorSelector):
                    assert not {one.name for one in node.matchers.matchers} & GIVEN_BY_THE_OPERATOR, alert["alert"]


def test_the_dashboard_is_that_of_the_project() -> None:
    dashboard = of_kind("ConfigMap", rendered(value_sets.PRODUCTION))["alb502-dashboard"]

    assert dashboard["metadata"]["labels"]["grafana_dashboard"] == "1"
    (name,) = dashboard["data"]
    assert name.endswith(".json")
    assert json.loads(dashboard["data"][name]) == json.loads(
        (ROOT / "monitoring" / "dashboard.json").read_text(encoding="utf-8")
    )
