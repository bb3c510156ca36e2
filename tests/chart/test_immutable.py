"""An upgrade changes nothing that Kubernetes, IAM or the volume hold on to."""

from __future__ import annotations

import copy
import json

from tests.chart import value_sets
from tests.chart.immutable import RECORD, record, recorded
from tests.chart.rendering import rendered


def test_this_version_can_take_the_place_of_the_one_before() -> None:
    """If this fails, people cannot upgrade as they are used to; see `tests.chart.immutable` before writing it anew."""
    before = json.loads(RECORD.read_text(encoding="utf-8"))

    assert record() == before


def test_a_changed_selector_would_be_noticed() -> None:
    objects = rendered(value_sets.DEFAULTS)
    changed = copy.deepcopy(objects)
    for one in changed:
        if one["kind"] == "Deployment":
            one["spec"]["selector"]["matchLabels"]["app.kubernetes.io/version"] = "1"

    assert recorded(objects) != recorded(changed)


def test_nothing_that_is_kept_names_the_version() -> None:
    text = RECORD.read_text(encoding="utf-8")

    assert "helm.sh/chart" not in text
    assert "app.kubernetes.io/version" not in text
