"""What the workspace refuses, block by block. A check that lets everything pass checks nothing."""

from __future__ import annotations

from typing import Any

import pytest

from demo.slack.limits import NEWER, message_errors, view_errors

Block = dict[str, Any]


def plain(text: str = "hello") -> Block:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str = "hello") -> Block:
    return {"type": "mrkdwn", "text": text}


def section(text: str = "hello", **more: Any) -> Block:
    return {"type": "section", "text": mrkdwn(text), **more}


def button(**changes: Any) -> Block:
    return {"type": "button", "action_id": "a", "value": "v", "text": plain("Refresh")} | changes


def actions(*elements: Block) -> Block:
    return {"type": "actions", "elements": list(elements)}


def option(text: str = "one", value: str = "1") -> Block:
    return {"text": plain(text), "value": value}


def select(count: int = 2, **changes: Any) -> Block:
    options = [option(str(number), str(number)) for number in range(count)]
    return {"type": "static_select", "action_id": "s", "options": options} | changes


def overflow(count: int) -> Block:
    return {"type": "overflow", "action_id": "o", "options": [option(str(n), str(n)) for n in range(count)]}


def confirm(**changes: Any) -> Block:
    return {"title": plain(), "text": plain(), "confirm": plain("Yes"), "deny": plain("No")} | changes


def container(*children: Block, **changes: Any) -> Block:
    return {"type": "container", "title": plain("Evidence"), "child_blocks": list(children) or [section()]} | changes


def series(name: str = "504", labels: tuple[str, ...] = ("03:10", "03:11")) -> Block:
    return {"name": name, "data": [{"label": label, "value": 3} for label in labels]}


def chart(*lines: Block, kind: str = "bar", title: str = "Errors", **axis: Any) -> Block:
    config = {"categories": ["03:10", "03:11"], "x_label": "UTC", "y_label": "errors"} | axis
    drawn = {"type": kind, "series": list(lines) or [series()], "axis_config": config}
    return {"type": "data_visualization", "title": title, "chart": drawn}


def rich(*pieces: Block) -> Block:
    part = {"type": "rich_text_preformatted", "elements": list(pieces) or [{"type": "text", "text": "x"}]}
    return {"type": "rich_text", "elements": [part]}


def task(number: int = 1, **changes: Any) -> Block:
    return {"type": "task_card", "task_id": str(number), "title": "Reading", "status": "in_progress"} | changes


def cell(text: str = "x") -> Block:
    return {"type": "raw_text", "text": text}


def data_table(count: int = 2, **changes: Any) -> Block:
    return {"type": "data_table", "caption": "Targets", "rows": [[cell(), cell()]] * count, "page_size": 5} | changes


def feedback(**changes: Any) -> Block:
    pressed = {"text": plain("Yes"), "value": "yes"}
    return {
        "type": "feedback_buttons",
        "action_id": "f",
        "positive_button": pressed,
        "negative_button": pressed,
    } | changes


def alert(**changes: Any) -> Block:
    return {"type": "alert", "text": mrkdwn("Careful"), "level": "warning"} | changes


def field(element: Block, **changes: Any) -> Block:
    return {"type": "input", "block_id": "i", "label": plain("Which"), "element": element} | changes


def modal(*blocks: Block, **changes: Any) -> Block:
    return {
        "type": "modal",
        "title": plain("Fix"),
        "submit": plain("Ask"),
        "blocks": list(blocks) or [section()],
    } | changes


TAKEN = (
    section(accessory=button()),
    section(fields=[mrkdwn()] * 10),
    {"type": "header", "text": plain("x" * 150)},
    {"type": "divider"},
    {"type": "context", "elements": [mrkdwn()] * 10},
    actions(button(), select(100), overflow(5)),
    actions(button(confirm=confirm(), style="danger")),
    {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a picture"},
    {"type": "markdown", "text": "x" * 12_000},
    rich({"type": "text", "text": "x"}, {"type": "link", "url": "https://example.com/"}),
    {"type": "table", "rows": [[cell()] * 20] * 100},
    container(section(), actions(button()), is_collapsible=True, default_collapsed=True),
    chart(series("502"), series("504"), kind="line"),
    {"type": "plan", "title": "Diagnosis", "tasks": [task(1), task(2, status="complete", details=rich())]},
    task(),
    {"type": "context_actions", "elements": [feedback()]},
    data_table(101),
)
REFUSED = (
    section(""),
    section("x" * 3_001),
    section(fields=[mrkdwn()] * 11),
    section(colour="red"),
    {"type": "section"},
    {"type": "section", "text": mrkdwn() | {"emoji": True}},
    {"type": "section", "text": "hello"},
    {"type": "section", "text": plain() | {"verbatim": True}},
    {"type": "header", "text": plain("x" * 151)},
    {"type": "header", "text": mrkdwn()},
    {"type": "context", "elements": []},
    {"type": "context", "elements": [mrkdwn()] * 11},
    actions(),
    actions(*(button(action_id=str(number)) for number in range(26))),
    actions(button(), button()),
    actions(button(text=plain("x" * 76))),
    actions(button(text=mrkdwn())),
    actions(button(value="x" * 2_001)),
    actions(button(action_id="x" * 256)),
    actions(button(style="green")),
    actions(button(colour="red")),
    actions(button(confirm=confirm(title=plain("x" * 101)))),
    actions(button(confirm=confirm(text=plain("x" * 301)))),
    actions(button(confirm=confirm(deny=plain("x" * 31)))),
    actions(select(101)),
    actions(select(0)),
    actions(select(options=[option("x" * 76)])),
    actions(select(options=[option(), option("two")])),
    actions(select(initial_option=option("other", "9"))),
    actions(overflow(6)),
    actions({"type": "plain_text_input", "action_id": "p"}),
    {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "x" * 2_001},
    {"type": "markdown", "text": "x" * 12_001},
    {"type": "rich_text", "elements": [{"type": "rich_text_bold", "elements": []}]},
    {"type": "table", "rows": [[cell()]] * 101},
    {"type": "table", "rows": [[cell()] * 21]},
    container(*[section()] * 11),
    container(container()),
    container(rich()),
    container(section("")),
    container(title=plain("x" * 151)),
    container(subtitle=mrkdwn("x" * 151)),
    container(default_collapsed=True),
    chart(title="x" * 51),
    chart(*(series(str(number)) for number in range(13))),
    chart(series(), series()),
    chart(series(labels=("03:11", "03:10"))),
    chart(series(labels=("03:10",))),
    chart(categories=["x" * 21, "03:11"]),
    chart(x_label="x" * 51),
    chart(kind="radar"),
    {"type": "plan", "title": "Diagnosis", "tasks": [task(1), task(1)]},
    task(status="running"),
    task(details="words"),
    {"type": "context_actions", "elements": [button()]},
    {"type": "context_actions", "elements": [feedback(positive_button={"text": plain("x" * 76), "value": "v"})]},
    data_table(1),
    data_table(102),
    data_table(page_size=101),
    data_table(rows=[[cell()], [cell(), cell()]]),
    data_table(rows=[[rich()], [rich()]]),
    alert(),
    {"type": "marquee", "text": plain()},
    section(block_id="x" * 256),
    "no block at all",
)


def test_what_slack_takes_passes() -> None:
    found = {str(block): message_errors({"text": "hello", "blocks": [block]}) for block in TAKEN}
    assert {block: errors for block, errors in found.items() if errors} == {}


def test_what_slack_refuses_is_found() -> None:
    assert [block for block in REFUSED if not message_errors({"text": "hello", "blocks": [block]})] == []


def test_a_finding_says_where_it_is() -> None:
    (found,) = message_errors({"text": "hello", "blocks": [section(), container(section("x" * 3_001))]})
    assert found.startswith("/blocks/1/child_blocks/0/text/text: must be less than 3001 characters")


def test_whole_messages_have_limits() -> None:
    assert not message_errors({"text": "hello"})
    assert not message_errors({"text": "hello", "blocks": [section()] * 50})
    assert message_errors({"text": "hello", "blocks": [section()] * 51})
    assert message_errors({"text": "x" * 40_001})
    assert message_errors({"text": "hello", "blocks": [section(block_id="a"), container(section(block_id="a"))]})
    assert message_errors({"text": "hello", "blocks": [chart()] * 3})
    assert message_errors({"text": "hello", "blocks": [{"type": "markdown", "text": "x" * 7_000}] * 2})


@pytest.mark.parametrize("kind", sorted(NEWER - {"alert"}))
def test_a_plain_workspace_knows_none_of_the_newer_blocks(kind: str) -> None:
    (block,) = (one for one in TAKEN if one["type"] == kind)
    assert message_errors({"text": "hello", "blocks": [block]}, plain=True)


def test_a_good_view_passes() -> None:
    views: list[Block] = [
        modal(),
        modal(alert(), field({"type": "plain_text_input", "action_id": "p", "max_length": 300})),
        modal(field(select())),
        modal(*[section()] * 100),
        {"type": "home", "blocks": [section()]},
    ]
    assert [(view, errors) for view in views if (errors := view_errors(view))] == []


def test_what_slack_refuses_in_a_view_is_found() -> None:
    views: list[Block | None] = [
        {"type": "modal", "title": plain("Fix")},
        modal(title=plain("x" * 25)),
        modal(submit=plain("x" * 25)),
        modal(private_metadata="x" * 3_001),
        modal(*[section()] * 101),
        modal(alert(text=mrkdwn("x" * 201))),
        modal(alert(level="loud")),
        modal(field(button())),
        modal(field(select(), label=plain("x" * 2_001))),
        modal(colour="red"),
        {"type": "modal", "title": plain("Fix"), "blocks": [field(select())]},
        {"type": "window", "blocks": [section()]},
        {"type": "home", "blocks": [task()]},
        None,
    ]
    assert [view for view in views if not view_errors(view)] == []
