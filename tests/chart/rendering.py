"""The chart as the real Helm engine renders it; no cluster, no network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import helm_python
import yaml
from helm_python import _native

from tests.chart.derived import CHART

RELEASE: Final = "alb502"
NAMESPACE: Final = "ops"
KUBERNETES: Final = "1.30"

Object = dict[str, Any]


def rendered_files(
    values: Mapping[str, Any] | None = None, kubernetes: str = KUBERNETES, release: str = RELEASE
) -> dict[str, str]:
    """Template -> text. Raises `helm_python.HelmError` with Helm's own words."""
    return _rendered_files(json.dumps(values or {}), kubernetes, release)


@cache
def _rendered_files(values: str, kubernetes: str, release: str) -> dict[str, str]:
    options = {"name": release, "namespace": NAMESPACE, "kube_version": f"v{kubernetes}.0"}
    with helm_python.Chart.load(CHART) as chart:
        # The engine's Python face leaves the version of Kubernetes out.
        text = _native.call_string("helm_render", chart._raw(), values, json.dumps(options))
    files: dict[str, str] = json.loads(text)
    return files


def rendered(
    values: Mapping[str, Any] | None = None, kubernetes: str = KUBERNETES, release: str = RELEASE
) -> list[Object]:
    """Every object, in the order of the templates' names."""
    return [
        one
        for name, text in sorted(rendered_files(values, kubernetes, release).items())
        if name.endswith((".yaml", ".yml"))
        for one in yaml.load_all(text, yaml.CSafeLoader)
        if one
    ]


def notes(values: Mapping[str, Any] | None = None) -> str:
    """What `helm install` prints."""
    (text,) = [text for name, text in rendered_files(values).items() if name.endswith("NOTES.txt")]
    return text


def of_kind(kind: str, objects: list[Object]) -> dict[str, Object]:
    """By name."""
    return {one["metadata"]["name"]: one for one in objects if one["kind"] == kind}


def read_values(path: Path) -> dict[str, Any]:
    """As Helm reads them: `off` is a boolean, a time is text."""
    values: dict[str, Any] = helm_python.values_from_yaml(path.read_text(encoding="utf-8"))
    return values
