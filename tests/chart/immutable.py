"""What Kubernetes does not let an upgrade change, and what others refer to: names, selectors, the volume.

``python -m tests.chart.immutable`` writes the record anew. An upgrade from the version before then fails, or leaves
something behind: that belongs into CHANGELOG.md, with what to do.
"""

from __future__ import annotations

import json
from typing import Any, Final

from tests.chart import value_sets
from tests.chart.derived import ROOT
from tests.chart.rendering import Object, rendered

RECORD: Final = ROOT / "tests" / "chart" / "immutable.json"

FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "ConfigMap": ("immutable",),
    "Deployment": ("spec.selector",),
    "ExternalSecret": ("spec.target",),
    "HorizontalPodAutoscaler": ("spec.scaleTargetRef",),
    "Ingress": (),
    "NetworkPolicy": (),
    "Pod": (),
    "PodDisruptionBudget": ("spec.selector",),
    "PrometheusRule": (),
    "Secret": ("type", "immutable"),
    "Service": ("spec.clusterIP", "spec.type", "spec.selector"),
    "ServiceAccount": (),
    "ServiceMonitor": ("spec.selector",),
    "StatefulSet": ("spec.selector", "spec.serviceName", "spec.podManagementPolicy", "spec.volumeClaimTemplates"),
}
"""By kind. The names of all are kept: IAM trusts service accounts by name, and another name is another object."""


def recorded(objects: list[Object]) -> dict[str, dict[str, Any]]:
    """What must not change of these objects, by kind and name."""
    return {
        f"{one['kind']}/{one['metadata']['name']}": {
            field: value for field in FIELDS[one["kind"]] if (value := _at(one, field)) is not None
        }
        for one in objects
    }


def record() -> dict[str, dict[str, dict[str, Any]]]:
    """By the set of values that is rendered."""
    return {name: recorded(rendered(values)) for name, values in value_sets.ALL.items()}


def _at(one: Object, path: str) -> Any:
    value: Any = one
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


if __name__ == "__main__":
    RECORD.write_text(json.dumps(record(), indent=1, sort_keys=True) + "\n", encoding="utf-8")
