"""One line at a time: what is a row, what is damaged, and that nothing makes the parser fail."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.access_logs.row import (
    FIELDS,
    MAX_LINE_CHARS,
    Row,
    instant,
    joined,
    seconds,
    split_fields,
)
from tests.diagnostics.access_logs.lines import hostile_lines, line
from tests.diagnostics.access_logs.reference import parsed


def row(text: str) -> Row:
    found = parsed(text)
    assert found is not None
    return found


@pytest.mark.parametrize("fields", [25, 29, 30, 33, 34])
def test_older_and_newer_lines_are_rows(fields: int) -> None:
    found = row(line(fields))
    assert found["error_reason"] == "-"
    assert (found["ip_address"] is None) == (fields < len(FIELDS))


@pytest.mark.parametrize(
    ("logged", "meant"),
    [
        (r'"say \"hi\" twice"', 'say "hi" twice'),
        (r'"ends in \\"', "ends in \\"),
        (r'"a\x22b"', "ax22b"),
        (r'"\n"', "n"),
        ('""', ""),
        ("-", "-"),
        ('it"s', 'it"s'),
    ],
)
def test_quotes_and_escapes(logged: str, meant: str) -> None:
    assert split_fields(f"before {logged} after") == ["before", meant, "after"]


@pytest.mark.parametrize(
    ("logged", "meant"),
    [
        (r"a\x22b\x5C", 'a"b\\'),
        (r"caf\xc3\xA9", "café"),
        (r"half \xc3", "half \N{REPLACEMENT CHARACTER}"),
        (r"line\x0abreak\x1b[1m", "line\N{REPLACEMENT CHARACTER}break\N{REPLACEMENT CHARACTER}[1m"),
        (r"not \\x22 and \xZZ", r"not \x22 and xZZ"),
    ],
)
def test_escaped_bytes_in_what_a_client_sent(logged: str, meant: str) -> None:
    assert row(line().replace("curl/8.14.1", logged))["user_agent"] == meant


@pytest.mark.parametrize("text", ['a "b', 'a "b"c d', r'a "b\" c', '"'])
def test_quotes_that_make_no_sense(text: str) -> None:
    assert split_fields(text) is None


def test_websockets_ipv6_and_dashes() -> None:
    found = row(line(type="wss", client="[2001:db8::1]:443", target="[2001:db8::5]:9000", target_status_code="101"))
    assert (found["client"], found.target_status) == ("[2001:db8::1]:443", 101)
    assert row(line(target_status_code="-")).target_status is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        line(24),
        line(time="yesterday"),
        line(elb_status_code="-"),
        line(elb_status_code="\u0663\u0664\u0665"),
        line(user_agent="x" * MAX_LINE_CHARS),
        f'{line()} "never closed',
    ],
    ids=["empty", "24 fields", "no time", "no status", "no ASCII status", "too long", "an open quote"],
)
def test_damaged_lines_are_no_rows(text: str) -> None:
    assert parsed(text) is None


def test_the_time_between_request_and_response() -> None:
    assert row(line()).elapsed_s == 0.042
    assert row(line(request_creation_time="-")).elapsed_s is None


def test_times_that_are_none() -> None:
    assert instant("2026-03-14T03:12:04.186641Z") == datetime(2026, 3, 14, 3, 12, 4, 186_000, UTC)
    assert [instant(text) for text in (None, "-", "2026-02-30T03:12:04.186641Z", "2026-03-14")] == [None] * 4
    assert [seconds(text) for text in ("-1", "-1.000", "0.041", "7")] == [-1.0, -1.0, 0.041, 7.0]
    assert [seconds(text) for text in ("-", "1e3", "nan", None)] == [None] * 4


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n")), min_size=1, max_size=70))
def test_what_is_joined_splits_into_the_same_fields(fields: list[str]) -> None:
    assert split_fields(joined(fields)) == fields


@given(hostile_lines())
def test_nothing_raises(text: bytes) -> None:
    parsed(text.decode("utf-8", "replace"))
