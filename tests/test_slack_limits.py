"""The validator itself: a check that lets everything pass checks nothing."""

from __future__ import annotations

from typing import Any

from tests.slack_limits import violations

Block = dict[str, Any]


def section(text: str = "hello", **more: Any) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}, **more}


def button(**changes: Any) -> Block:
    label = {"type": "plain_text", "text": "Refresh"}
    return {"type": "button", "action_id": "refresh", "value": "a-1", "text": label} | changes


def container(**changes: Any) -> Block:
    title = {"type": "plain_text", "text": "Evidence"}
    return {"type": "container", "title": title, "is_collapsible": True, "child_blocks": [section()]} | changes


def actions(*buttons: Block) -> Block:
    return {"type": "actions", "elements": list(buttons)}


def test_a_good_message_passes() -> None:
    times = (
        "since <!date^1763694720^{time}|03:12 UTC> by <@U0123>: <https://wiki.example.com/a?b&amp;c|Runbook> `x` &lt;"
    )

    assert violations("hello", [section(times), {"type": "divider"}, actions(button()), container()]) == []


def test_what_slack_refuses_is_found() -> None:
    blocks: list[Block] = [
        section("x" * 3_001),
        section(""),
        section("<!channel>"),
        section("<#C0123456|general>"),
        section("a & b"),
        section("a &am"),
        section("`torn"),
        section("zero\u200bwidth"),
        section(colour="red"),
        {"type": "section", "text": {"type": "mrkdwn", "text": "links https://x.example"}},
        {"type": "section"},
        {"type": "markdown", "text": "x"},
        {"type": "context", "elements": []},
        {"type": "context", "elements": [section()["text"]] * 11},
        actions(),
        actions(button(), button()),
        actions(button(value="x" * 2_001)),
        actions(button(style="green")),
        actions(button(text={"type": "plain_text", "text": "x" * 76})),
        actions(button(colour="red")),
        container(child_blocks=[]),
        container(child_blocks=[section()] * 11),
        container(child_blocks=[container()]),
        container(title={"type": "plain_text", "text": "x" * 151}),
        container(is_collapsible=False, default_collapsed=True),
        {"type": "header", "text": {"type": "plain_text", "text": "x" * 151}},
    ]
    assert [block for block in blocks if not violations("hello", [block])] == []


def test_whole_messages_have_limits_too() -> None:
    assert violations("", [section()])
    assert violations("x" * 4_001, [section()])
    assert violations("hello", [])
    assert violations("hello", [section()] * 51)
    assert violations("hello", [section(block_id="a"), section(block_id="a")])
