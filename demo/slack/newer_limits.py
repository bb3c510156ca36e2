"""What Slack refuses in its newer blocks, which not every workspace takes.

https://docs.slack.dev/reference/block-kit/blocks
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from demo.slack.block_limits import cells_errors, rich_text_errors
from demo.slack.element_limits import IN_CONTEXT_ACTIONS, element_errors
from demo.slack.text_limits import PLAIN, Found, as_list, count_errors, keys_errors, length_errors, text_errors

Block = Mapping[str, Any]
_CONTAINER: Final = {"title", "rich_text_title", "subtitle", "child_blocks", "width", "icon", "has_header_divider"}
KEYS: Final[Mapping[str, frozenset[str]]] = {
    "container": frozenset({"type", "block_id", "is_collapsible", "default_collapsed", *_CONTAINER}),
    "data_visualization": frozenset({"type", "block_id", "title", "chart"}),
    "data_table": frozenset({"type", "block_id", "caption", "rows", "page_size", "row_header_column_index"}),
    "plan": frozenset({"type", "block_id", "title", "tasks", "plan_id"}),
    "task_card": frozenset({"type", "block_id", "task_id", "title", "details", "output", "sources", "status"}),
    "context_actions": frozenset({"type", "block_id", "elements"}),
    "alert": frozenset({"type", "block_id", "text", "level"}),
}
CHILDREN: Final = frozenset({"actions", "context", "divider", "header", "image", "section", "table", "video"})
"""Slack's page names more, its validator is reported to take these."""
STATES: Final = frozenset({"pending", "in_progress", "complete", "error"})
LEVELS: Final = frozenset({"default", "info", "warning", "error", "success"})
CHARTS: Final = frozenset({"line", "area", "bar", "pie"})
MAX_SERIES: Final = 12
MAX_POINTS: Final = 100


def newer_block_errors(where: str, block: Block) -> Found:
    """Of one block of a kind in `KEYS`, without what stands inside a container."""
    yield from _CHECKS[str(block["type"])](where, block)


def _container(where: str, block: Block) -> Found:
    if "rich_text_title" in block:
        yield from rich_text_errors(f"{where}/rich_text_title", block["rich_text_title"])
    else:
        yield from text_errors(f"{where}/title", block.get("title"), 150, PLAIN)
    if "subtitle" in block:
        yield from text_errors(f"{where}/subtitle", block["subtitle"], 150)
    if block.get("default_collapsed") and not block.get("is_collapsible"):
        yield f"{where}: default_collapsed needs is_collapsible"
    yield from count_errors(f"{where}/child_blocks", block.get("child_blocks"), 10)
    for number, child in enumerate(as_list(block.get("child_blocks"))):
        kind = child.get("type") if isinstance(child, Mapping) else None
        if kind not in CHILDREN:
            yield f"{where}/child_blocks/{number}: unsupported type in a container: {kind}"


def _chart(where: str, block: Block) -> Found:
    yield from length_errors(f"{where}/title", block.get("title"), 50)
    chart = block.get("chart")
    if not isinstance(chart, Mapping) or chart.get("type") not in CHARTS:
        yield f"{where}/chart: a chart of {', '.join(sorted(CHARTS))} is expected"
    elif chart["type"] == "pie":
        yield from keys_errors(f"{where}/chart", chart, ("type", "segments"), ("segments",))
        yield from count_errors(f"{where}/chart/segments", chart.get("segments"), MAX_SERIES)
    else:
        yield from keys_errors(f"{where}/chart", chart, ("type", "series", "axis_config"), ("series", "axis_config"))
        yield from _series(f"{where}/chart", chart)


def _series(where: str, chart: Block) -> Found:
    axis = chart.get("axis_config")
    axis = axis if isinstance(axis, Mapping) else {}
    yield from keys_errors(f"{where}/axis_config", axis, ("categories", "x_label", "y_label"), ("categories",))
    categories = as_list(axis.get("categories"))
    yield from count_errors(f"{where}/axis_config/categories", categories, MAX_POINTS)
    for number, category in enumerate(categories):
        yield from length_errors(f"{where}/axis_config/categories/{number}", category, 20)
    if len(categories) != len(set(map(str, categories))):
        yield f"{where}/axis_config/categories: a label is used twice"
    for name in ("x_label", "y_label"):
        if name in axis:
            yield from length_errors(f"{where}/axis_config/{name}", axis[name], 50)
    series = as_list(chart.get("series"))
    yield from count_errors(f"{where}/series", series, MAX_SERIES)
    names = [one.get("name") for one in series if isinstance(one, Mapping)]
    if len(names) != len(set(names)) or len(names) != len(series):
        yield f"{where}/series: every series needs a name of its own"
    for number, one in enumerate(series):
        yield from _points(f"{where}/series/{number}", one, categories)


def _points(where: str, series: Any, categories: list[Any]) -> Found:
    if not isinstance(series, Mapping):
        return
    yield from keys_errors(where, series, ("name", "data"), ("name", "data"))
    yield from length_errors(f"{where}/name", series.get("name"), 20)
    points = as_list(series.get("data"))
    if [point.get("label") for point in points if isinstance(point, Mapping)] != categories:
        yield f"{where}/data: one point for each category, in its order"
    if not all(_is_number(point.get("value")) for point in points if isinstance(point, Mapping)):
        yield f"{where}/data: a value is no number"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _data_table(where: str, block: Block) -> Found:
    yield from length_errors(f"{where}/caption", block.get("caption"), 2_000)
    rows = as_list(block.get("rows"))
    yield from count_errors(f"{where}/rows", block.get("rows"), 101, 2)
    if not 1 <= int(block.get("page_size", 5)) <= 100:
        yield f"{where}/page_size: 1 to 100"
    for number, row in enumerate(rows):
        yield from cells_errors(f"{where}/rows/{number}", row)
    if len({len(as_list(row)) for row in rows}) > 1:
        yield f"{where}/rows: every row has as many cells as the first"
    if any(isinstance(cell, Mapping) and cell.get("type") == "rich_text" for cell in as_list(rows[0] if rows else [])):
        yield f"{where}/rows/0: the first row is the header and takes no rich_text"


def _plan(where: str, block: Block) -> Found:
    yield from length_errors(f"{where}/title", block.get("title"), 2_000)
    tasks = as_list(block.get("tasks"))
    for number, task in enumerate(tasks):
        there = f"{where}/tasks/{number}"
        if not isinstance(task, Mapping) or task.get("type", "task_card") != "task_card":
            yield f"{there}: a task_card is expected"
        else:
            yield from keys_errors(there, task, KEYS["task_card"])
            yield from _task(there, task)
    ids = [task.get("task_id") for task in tasks if isinstance(task, Mapping)]
    if len(ids) != len(set(ids)):
        yield f"{where}/tasks: a task_id is used twice"


def _task(where: str, block: Block) -> Found:
    yield from length_errors(f"{where}/task_id", block.get("task_id"), 255)
    yield from length_errors(f"{where}/title", block.get("title"), 2_000)
    if block.get("status", "pending") not in STATES:
        yield f"{where}/status: one of {', '.join(sorted(STATES))}"
    for name in ("details", "output"):
        if name in block:
            yield from rich_text_errors(f"{where}/{name}", block[name])


def _context_actions(where: str, block: Block) -> Found:
    yield from count_errors(f"{where}/elements", block.get("elements"), 5)
    for number, element in enumerate(as_list(block.get("elements"))):
        yield from element_errors(f"{where}/elements/{number}", element, IN_CONTEXT_ACTIONS)


def _alert(where: str, block: Block) -> Found:
    yield from text_errors(f"{where}/text", block.get("text"), 200)
    if block.get("level", "default") not in LEVELS:
        yield f"{where}/level: one of {', '.join(sorted(LEVELS))}"


_CHECKS: Final = {
    "container": _container,
    "data_visualization": _chart,
    "data_table": _data_table,
    "plan": _plan,
    "task_card": _task,
    "context_actions": _context_actions,
    "alert": _alert,
}
