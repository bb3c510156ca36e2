"""Settings, variables, metrics, files and modules that a page names are there."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase

from bot.settings import Settings
from bot.settings.shape import CONFIG_VARIABLE, fields_of, kind_at, variables
from bot.telemetry import metrics
from tests.docs.reading import DOCS, ROOT, Fence, Page, page_at, present_pages

_VARIABLE: Final = re.compile(r"\b(?:ALB502|SLACK|REDIS)_[A-Z0-9_]+\b")
CHART_PAGE: Final = DOCS / "kubernetes.md"
CHART: Final = ROOT / "helm" / "alb502" / "values.yaml"
_SETTING: Final = re.compile(r"(?P<path>[a-z_]+(?:(?:\.[a-z_]+)|\.\*|\[\d*\])+)")
_METRIC: Final = re.compile(r"(?P<name>alb502_[a-z_]+)(?:\{.*\})?")
_FILE: Final = re.compile(r"[\w.*-]+(?:/[\w.*-]+)*(?:\.(?:py|md|yaml|yml|json|toml|lock|sh|css|tf|in)|/)")
_MODULE: Final = re.compile(r"(?:bot|handlers|remediations|diagnostics|demo|tests|benchmarks)(?:\.\w+)+")
SUFFIXES: Final = {"counter": ("_total",), "gauge": ("",), "histogram": ("", "_bucket", "_sum", "_count")}
NO_METRIC: Final = frozenset({"alb502_access_logs_", "alb502_effect"})
"""Names that begin like a metric: of Athena's tables, and of the metadata of messages."""
SECTIONS: Final = frozenset(name for name in fields_of(Settings))
PACKAGES: Final = ("bot", "handlers", "remediations", "diagnostics", "demo", "tests", "benchmarks")


def _exported() -> set[str]:
    return {
        metric._name + suffix
        for metric in vars(metrics).values()
        if isinstance(metric, MetricWrapperBase)
        for suffix in SUFFIXES[str(metric._type)]
    } | _of_gauges()


def _of_gauges() -> set[str]:
    """Those that are looked up when somebody asks have no object of their own."""
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "bot").rglob("*.py"))
    return set(re.findall(r'"(alb502_[a-z_]+)"', text))


def test_every_variable_is_a_setting() -> None:
    known = {*variables(), CONFIG_VARIABLE}
    unknown = [
        f"{page.name}: {name}" for page in present_pages() for name in _VARIABLE.findall(page.text) if name not in known
    ]

    assert unknown == []


def _path_of(written: str) -> tuple[str | int, ...]:
    steps = re.findall(r"[a-z_]+|\*|\[\d*\]", written)
    return tuple(0 if step.startswith("[") else step for step in steps)


def _is_value_of_the_chart(path: tuple[str | int, ...]) -> bool:
    """The chart's page names values of the chart in the same way."""
    value = yaml.safe_load(CHART.read_text(encoding="utf-8"))
    for step in path:
        if not isinstance(value, dict) or step not in value:
            return False
        value = value[step]
    return True


def test_every_setting_that_is_named_is_there() -> None:
    unknown = [
        f"{page.name}:{span.line}: {span.text}"
        for page in present_pages()
        for span in page.code_spans
        if (found := _SETTING.fullmatch(span.text.partition(":")[0]))
        and (path := _path_of(found["path"]))[0] in SECTIONS
        and kind_at(path) is None
        and not (_MODULE.fullmatch(span.text) and _exists(span.text))
        and not (page.path == CHART_PAGE and _is_value_of_the_chart(path))
    ]

    assert unknown == []


def test_every_setting_is_told_of() -> None:
    """By its own name: in the table of variables, in the file, or on the page of its section."""
    told = "\n".join(page_at(DOCS / f"{name}.md").text for name in ("settings", "alarms", "access-logs"))
    unsaid = [
        variable
        for variable, path in variables().items()
        if variable not in told and not re.search(rf"\b{re.escape(str(path[-1]))}\b", told)
    ]

    assert unsaid == []


def test_every_metric_is_exported() -> None:
    exported = _exported()
    unknown = [
        f"{page.name}:{span.line}: {span.text}"
        for page in present_pages()
        for span in page.code_spans
        if (found := _METRIC.fullmatch(span.text)) and found["name"] not in exported | NO_METRIC
    ]

    assert unknown == []


def _blocks(language: str) -> Iterator[tuple[Page, Fence]]:
    for page in present_pages():
        for block in page.blocks:
            if block.language == language:
                yield page, block


def test_every_block_of_json_is_json() -> None:
    found = 0
    for page, block in _blocks("json"):
        found += 1
        try:
            json.loads(block.text)
        except ValueError as error:
            pytest.fail(f"{page.name}:{block.line}: {error}")

    assert found > 0


def _documents() -> Iterator[tuple[Page, Fence, Any]]:
    for page, block in _blocks("yaml"):
        try:
            documents = list(yaml.safe_load_all(block.text))
        except yaml.YAMLError as error:
            pytest.fail(f"{page.name}:{block.line}: {error}")
        for document in documents:
            yield page, block, document


def test_every_block_of_yaml_is_yaml_and_settings_in_it_are_settings() -> None:
    found = 0
    for page, block, document in _documents():
        if isinstance(document, dict) and document.keys() <= SECTIONS:
            found += 1
            try:
                Settings.model_validate(document)
            except ValueError as error:
                pytest.fail(f"{page.name}:{block.line}: {error}")

    assert found > 2


def _is_there(page: Page, written: str) -> bool:
    """A file or folder by its path from the top, from the page, or from anywhere in a package, as in `causes/x.py`."""
    pattern = re.sub(r"<[^>]*>", "*", written).rstrip("/")
    places = [ROOT, page.path.parent]
    return any(_matches(place, pattern) for place in places) or any(_below(ROOT / name, pattern) for name in PACKAGES)


def _matches(place: Path, pattern: str) -> bool:
    return next(place.glob(pattern), None) is not None


def _below(place: Path, pattern: str) -> bool:
    return next(place.glob(f"**/{pattern}"), None) is not None


@pytest.mark.parametrize("name", ["docs/architecture.md", "docs/adding-a-cause.md", "CONTRIBUTING.md", "README.md"])
def test_every_file_that_is_named_is_there(name: str) -> None:
    page = page_at(ROOT / name)
    missing = [
        f"{page.name}:{span.line}: {span.text}"
        for span in page.code_spans
        if _FILE.fullmatch(re.sub(r"<[^>]*>", "*", span.text)) and not _is_there(page, span.text)
    ]

    assert missing == []


def _exists(dotted_name: str) -> bool:
    """A module, or something in one."""
    module, _, last = dotted_name.rpartition(".")
    try:
        importlib.import_module(dotted_name)
    except ModuleNotFoundError:
        return bool(module) and hasattr(importlib.import_module(module), last)
    return True


def test_every_module_that_is_named_is_there() -> None:
    missing = [
        f"{page.name}:{span.line}: {span.text}"
        for page in present_pages()
        for span in page.code_spans
        if _MODULE.fullmatch(span.text) and kind_at(_path_of(span.text)) is None and not _exists(span.text)
    ]

    assert missing == []
