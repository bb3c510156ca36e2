"""What the Helm chart repeats of the project is what the project says; `tests/chart` has the rest of its tests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

import bot
from tests.chart.derived import CHART, COPIES, SCHEMA, written_schema

WRITE_ANEW = "run: python -m tests.chart.derived"


@pytest.mark.parametrize(("copy", "original"), COPIES.items(), ids=lambda path: path.name)
def test_alerts_and_dashboard_are_the_projects_own(copy: Path, original: Path) -> None:
    assert copy.read_bytes() == original.read_bytes(), WRITE_ANEW


def test_the_values_know_every_setting_and_no_other() -> None:
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == written_schema(), WRITE_ANEW


def test_chart_and_program_have_one_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))

    assert chart["version"] == chart["appVersion"] == bot.__version__
