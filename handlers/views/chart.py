"""Errors over time: Slack's own chart, and where a workspace refuses it, sparklines in a code block.

Slack's chart has no vertical lines, so the onset and deployments stand in its labels and in words below it.
https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block
"""

from __future__ import annotations

from typing import Final

from diagnostics.picture import Mark, Picture, mark_in_words, picture, spelled, stamp, text_lines
from diagnostics.report import Report
from handlers.views.blocks import Block, context, section

MAX_COLUMNS: Final = 20
MAX_SERIES: Final = 6
MAX_LABEL: Final = 20
_SHORT: Final = {"onset": "onset", "deployment": "deploy"}


def chart(report: Report, *, plain: bool) -> tuple[Block, ...]:
    """The picture of a report; nothing where it counts no error."""
    shown = picture(report, MAX_COLUMNS)
    if shown is None:
        return ()
    if plain:
        return (section("```" + "\n".join(text_lines(shown)) + "```"),)
    return _native(shown), context(_caption(shown))


def _native(shown: Picture) -> Block:
    labels = [_label(shown, column) for column in range(shown.columns)]
    return {
        "type": "data_visualization",
        "title": f"Errors over time, {spelled(shown.step)} each",
        "chart": {
            "type": "bar",
            "series": [
                {
                    "name": row.name[:MAX_LABEL],
                    "data": [{"label": label, "value": count} for label, count in zip(labels, row.counts, strict=True)],
                }
                for row in shown.rows[:MAX_SERIES]
            ],
            "axis_config": {"categories": labels, "x_label": "UTC", "y_label": "errors"},
        },
    }


def _label(shown: Picture, column: int) -> str:
    """``03:12 onset, deploy``: when a column begins, and what happened in it as far as there is room."""
    time = stamp(shown, shown.begins(column))
    what = list(dict.fromkeys(_SHORT[mark.what] for mark in _of(shown, column)))
    told = (f"{time} {', '.join(what[:number])}" for number in range(len(what), 0, -1))
    return next((label for label in told if len(label) <= MAX_LABEL), time)


def _of(shown: Picture, column: int) -> list[Mark]:
    """What happened in a column, the onset first."""
    return sorted((mark for mark in shown.marks if mark.column == column), key=lambda mark: mark.what != "onset")


def _caption(shown: Picture) -> str:
    """What the labels say, for whoever cannot see the chart or not all of its labels."""
    happened = [f"{mark_in_words(shown, mark)} UTC" for mark in shown.marks]
    left_out = [f"showing {len(shown.rows)} of {len(shown.rows) + shown.left_out} kinds"] if shown.left_out else []
    most = f"at most {shown.highest:,} of a kind in {spelled(shown.step)}"
    return f"{stamp(shown, shown.start)} to {stamp(shown, shown.end)} UTC: " + ", ".join([*happened, most, *left_out])
