"""Alerts, dashboard and docs name what the bot exports, and everything that it exports is described."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import promql_parser
import pytest
import yaml
from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase

from bot.telemetry import metrics
from diagnostics.aws_access.observing import CallResult
from diagnostics.question import Outcome
from diagnostics.report import Band, Verdict
from handlers.incidents import Told
from remediations.audit import Event

ROOT = Path(__file__).resolve().parent.parent
OPERATIONS = ROOT / "docs" / "operations.md"
EXPORTED = {
    metric._name: metric for metric in vars(metrics).values() if isinstance(metric, MetricWrapperBase)
}  # without the suffixes
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
GIVEN_BY_PROMETHEUS = {"job", "instance", "namespace", "pod", "service", "container", "endpoint", "node", "cluster"}
IN_QUERIES_BY_TARGET = {"namespace", "instance"}
VARIABLES = {"$__rate_interval": "5m", "$__range": "6h", "$namespace": ".*"}


def _words(of: Any) -> set[str]:
    """The values of a Literal, or of a union of them."""
    return set(get_args(of)) if get_origin(of) is Literal else {word for one in get_args(of) for word in _words(one)}


TYPED = {
    ("alb502_aws_calls", "result"): _words(CallResult),
    ("alb502_reports", "verdict"): _words(Verdict),
    ("alb502_causes", "band"): _words(Band),
    ("alb502_fixes", "event"): _words(Event),
    ("alb502_alarms", "result"): _words(Told),
    ("alb502_diagnosis_seconds", "outcome"): {one.__name__.lower() for one in get_args(Outcome)},
}
COUNTED_ELSEWHERE = {"alb502_slack_calls": ("handlers/slack_calls.py", "handlers/thread.py")}
"""Where the words of a label come from that are not in the module that counts."""


def _alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load((ROOT / "monitoring" / "alerts.yaml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def _panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((ROOT / "monitoring" / "dashboard.json").read_text())["panels"]
    return found


def _queries() -> Iterator[tuple[str, str]]:
    for alert in _alerts():
        yield alert["alert"], alert["expr"]
    for panel in _panels():
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


def _parsed(query: str) -> list[promql_parser.Expr]:
    for variable, value in VARIABLES.items():
        query = query.replace(variable, value)
    nodes: list[promql_parser.Expr] = []
    promql_parser.walk(promql_parser.parse(query), nodes.append)
    return nodes


def _selected(query: str) -> list[promql_parser.VectorSelector]:
    return [node for node in _parsed(query) if isinstance(node, promql_parser.VectorSelector)]


def _family(name: str) -> MetricWrapperBase | None:
    """What exports a series of this name."""
    for metric in EXPORTED.values():
        if name in {metric._name + suffix for suffix in SUFFIXES[str(metric._type)]}:
            return metric
    return None


@cache
def _said_where_counted(metric: MetricWrapperBase) -> set[str]:
    """Every string of the modules that count it."""
    (variable,) = [name for name, value in vars(metrics).items() if value is metric]
    files = [path for path in (ROOT / "bot").rglob("*.py") if re.search(rf"\b{variable}\b", path.read_text())]
    files += [ROOT / path for path in COUNTED_ELSEWHERE.get(str(metric._name), ())]
    return {
        node.value
        for path in files
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


@cache
def _of_python() -> set[str]:
    return {sample.name for family in REGISTRY.collect() for sample in family.samples}


@pytest.mark.parametrize(("where", "query"), tuple(_queries()))
def test_a_query_names_only_what_is_exported(where: str, query: str) -> None:
    labels: set[str] = set(IN_QUERIES_BY_TARGET) | {"le"}
    for selector in _selected(query):
        assert selector.name is not None
        metric = _family(selector.name)
        if metric is None:
            assert selector.name in _of_python(), f"{where}: there is no {selector.name}"
            continue
        labels |= set(metric._labelnames)
        for matcher in selector.matchers.matchers:
            assert matcher.name in {*metric._labelnames, *IN_QUERIES_BY_TARGET}, f"{where}: {matcher.name}"
            if matcher.name in IN_QUERIES_BY_TARGET:
                continue
            known = TYPED.get((metric._name, matcher.name), set()) | _said_where_counted(metric)
            assert set(matcher.value.split("|")) <= known, f"{where}: {matcher.name}={matcher.value}"
    for node in _parsed(query):
        modifier = node.modifier if isinstance(node, promql_parser.AggregateExpr) else None
        assert set(modifier.labels if modifier else ()) <= labels, f"{where}: {query}"


def test_no_label_is_one_that_prometheus_gives_itself() -> None:
    assert not [name for name, metric in EXPORTED.items() if GIVEN_BY_PROMETHEUS & set(metric._labelnames)]


def test_every_alert_says_what_is_wrong_what_to_do_and_where_more_is_said() -> None:
    page = OPERATIONS.read_text()
    for alert in _alerts():
        assert alert["annotations"].keys() == {"summary", "description", "runbook"}, alert["alert"]
        assert alert["annotations"]["runbook"] == f"docs/operations.md#{alert['alert'].lower()}"
        assert alert["labels"]["severity"] in {"critical", "warning"}
    headings = re.findall(r"^#### (Alb502\w+)$", page, re.MULTILINE)
    assert headings == [alert["alert"] for alert in _alerts()]


def test_every_alert_is_tried_with_what_sets_it_off_and_with_what_does_not() -> None:
    tests = yaml.safe_load((ROOT / "monitoring" / "alerts_test.yaml").read_text())["tests"]
    silent = {one["alertname"] for test in tests for one in test.get("alert_rule_test", ()) if "exp_alerts" not in one}
    samples = [
        sample for test in tests for one in test.get("promql_expr_test", ()) for sample in one.get("exp_samples", ())
    ]
    firing = {name for sample in samples for name in re.findall(r'alertname="(\w+)"', sample["labels"])}
    assert silent == firing == {alert["alert"] for alert in _alerts()}


def test_the_docs_describe_every_metric_and_no_other() -> None:
    described = re.findall(r"^\| `(alb502_\w+)`", OPERATIONS.read_text(), re.MULTILINE)
    assert sorted(described) == sorted(
        name + ("_total" if metric._type == "counter" else "") for name, metric in EXPORTED.items()
    )


def test_panels_do_not_overlap_and_fit_one_screen() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in _panels():
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        assert panel["description"]
        taken |= cells
    assert max(x for x, _ in taken) < 24
    assert max(y for _, y in taken) < 26
