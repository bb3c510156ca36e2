"""Lines of real servers are recognised, and hostile ones cost nothing and leak nothing."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.app_logs.recognition import MAX_DETAIL, MAX_KEPT, Recognised, recognise
from diagnostics.app_logs.signs import all_signs
from diagnostics.app_logs.wrapping import MAX_JSON, MAX_LINE, unwrap
from diagnostics.redaction import redact_log_line
from tests.diagnostics.app_logs.lines import Line, all_lines

LINES = list(all_lines())
CUES = sorted({cue for sign in all_signs() for cue in sign.cues})
SLOW_S = 0.1
"""A line takes well under a millisecond; this leaves room for a busy machine and none for a catastrophe."""


def test_a_line_says_what_it_means() -> None:
    def is_right(found: Recognised, line: Line) -> bool:
        _, signature, details = line
        return found.signature == signature and dict(details).items() <= dict(found.details or {}).items()

    found = [(group, line, recognise(line[0])) for group, line in LINES]
    assert [one for one in found if not is_right(one[2], one[1])] == []


@pytest.mark.parametrize("wrap", ["message", "msg", "log"])
def test_a_line_means_the_same_inside_of_json(wrap: str) -> None:
    for _, (text, signature, _) in LINES:
        if not text.lstrip().startswith("{"):
            assert recognise(json.dumps({"level": "error", wrap: text, "logger": "x"})).signature == signature, text


def test_trace_ids_are_found_anywhere() -> None:
    trace = "Root=1-67891233-abcdef012345678912345678"
    assert recognise(f"done trace={trace};Parent=x").trace_id == trace
    assert (
        recognise(json.dumps({"msg": "done", "headers": {"X-Amzn-Trace-Id": f"{trace};Sampled=1"}})).trace_id == trace
    )
    assert recognise("Root=1-short").trace_id is None


def test_a_stack_trace_inside_of_json_is_looked_at() -> None:
    line = json.dumps({"message": "failed", "stack_trace": "java.lang.OutOfMemoryError: Java heap space\n\tat x"})
    assert recognise(line).signature == "out-of-memory"


@given(st.text(max_size=300))
def test_no_text_breaks_it(text: str) -> None:
    found = recognise(text)
    assert len(found.shown()) <= MAX_KEPT
    assert all(len(value) <= MAX_DETAIL for value in (found.details or {}).values())


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=20),
        lambda inner: st.dictionaries(
            st.sampled_from(["message", "msg", "status", "err", "type", "record", "duration_ms", "method"]),
            inner,
            max_size=4,
        ),
    )
)
def test_no_json_breaks_it(value: object) -> None:
    recognise(json.dumps(value))


PIECES = ["a", " ", "/", ".", ":", '"', "\\", "0", "9/", "1.1.1.1:", "[", "{", "a.", "\\x16", "sh: ", "upstream ", "\t"]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(CUES), st.sampled_from(CUES), st.sampled_from(PIECES), st.sampled_from(PIECES))
def test_no_line_costs_more_than_a_moment(cue: str, other: str, piece: str, end: str) -> None:
    for line in ((piece + end) * (MAX_LINE // 2) + cue, cue + " " + (piece + end) * (MAX_LINE // 2) + other):
        began = time.process_time()
        recognise(line).shown()
        assert time.process_time() - began < SLOW_S


def test_deep_and_long_json_is_no_trouble() -> None:
    assert unwrap('{"a":' * 50_000 + "1" + "}" * 50_000).text
    assert unwrap('{"msg":"' + "x" * MAX_JSON + '"}').text
    assert len(recognise(json.dumps({f"k{n}": n for n in range(5_000)})).text) <= MAX_LINE


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("login failed for jane.doe+shop@mail.example.com", "jane"),
        ("charged card 4111 1111 1111 1111 ok", "1111"),
        ("charged card 4111111111111111 ok", "4111"),
        ("GET https://shop.example.com/cart?session=abc123&x=1 200", "abc123"),
        ('upstream: "http://127.0.0.1:3000/cart?coupon=SAVE"', "SAVE"),
        ("password=hunter2 was refused", "hunter2"),
        ("Authorization: Bearer abcdefghijkl", "abcdefghijkl"),
        ("postgres://shop:geheim@db:5432/shop", "geheim"),
        ('{"msg":"x","token":"abcdefgh12345678"}', "abcdefgh"),
        ("AKIAIOSFODNN7EXAMPLE", "IOSFODNN"),
    ],
)
def test_nothing_personal_is_kept(line: str, secret: str) -> None:
    assert secret not in recognise(line).shown()
    assert secret not in redact_log_line(line)


@pytest.mark.parametrize(
    "line",
    [
        "started at 1763695200000 in 12 ms",
        "order 4111111111111112 was shipped",
        "Root=1-67891233-abcdef012345678912345678",
        "why? because of 10.0.1.21:8080",
        "connect ECONNREFUSED 10.0.0.5:5432",
    ],
)
def test_what_is_harmless_stays(line: str) -> None:
    assert recognise(line).shown() == line
