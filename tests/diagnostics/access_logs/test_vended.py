"""Messages of CloudWatch Logs become plain lines, however their keys are spelled."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.access_logs.health_checks import parse
from diagnostics.access_logs.row import FIELDS
from diagnostics.access_logs.vended import health_line_of, line_of
from tests.diagnostics.access_logs.reference import parsed

FOUND = {name: f"v-{number}" for number, name in enumerate(FIELDS)} | {
    "time": "2026-11-21T09:00:00.123456Z",
    "elb_status_code": "502",
    "request": 'GET http://shop/"x\\y HTTP/1.1',
}


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


SPELLINGS = [str, str.upper, camel, lambda name: name.replace("_", "-"), lambda name: name.replace("_", ":")]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_any_spelling_of_the_keys_gives_the_same_row(spelling: object) -> None:
    assert callable(spelling)
    line = line_of(json.dumps({spelling(name): value for name, value in FOUND.items()}))
    row = parsed(line or "")
    assert row is not None
    assert {name: row[name] for name in FIELDS} == FOUND


def test_numbers_nulls_and_fields_that_are_absent() -> None:
    row = parsed(line_of('{"time": "2026-11-21T09:00:00.1Z", "elb_status_code": 504, "target": null}') or "")
    assert row is not None
    assert (row.elb_status, row["target"], row["ip_address"]) == (504, "-", "-")


def test_a_plain_line_stays_as_it_is() -> None:
    assert line_of("http 2026-11-21T09:00:00Z app/a/1 …\n") == "http 2026-11-21T09:00:00Z app/a/1 …"


@pytest.mark.parametrize("message", ["", "  ", "{", "[1]}", '{"hello": "world"}', '{"time": "x"}', "{" * 50_000])
def test_what_is_no_row_is_none_or_a_line_that_the_parser_judges(message: str) -> None:
    line = line_of(message)
    assert line is None or parsed(line) is None


@given(st.text(max_size=300), st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=40), max_size=6))
def test_a_message_never_becomes_two_lines(text: str, fields: dict[str, str]) -> None:
    whole = {"time": "2026-11-21T09:00:00.1Z", "elb_status_code": "502"} | fields
    for message in (text, json.dumps(whole)):
        line = line_of(message)
        assert line is None or ("\n" not in line and "\r" not in line)


def test_health_checks_come_as_lines_or_as_json_of_any_spelling() -> None:
    line = "http 2026-11-21T08:59:00.1Z 0.004 10.0.1.11:8080 checkout FAIL 503 TargetError app/shop/1 203.0.113.7"
    row = {
        "type": "http",
        "time": "2026-11-21T08:59:00.1Z",
        "latency": 0.004,
        "targetAddr": "10.0.1.11:8080",
        "Target-Group-Id": "checkout",
        "status": "FAIL",
        "statusCode": 503,
        "reason_code": "TargetError",
        "elb": "app/shop/1",
        "ip_address": "203.0.113.7",
    }
    assert health_line_of(line) == health_line_of(json.dumps(row)) == line
    probe = parse(line)
    assert probe is not None
    assert (probe.passed, probe.group, probe.reason) == (False, "checkout", "TargetError")
    odd = health_line_of(json.dumps({**row, "targetAddr": "a b\nc", "latency": None}))
    assert odd is not None
    assert odd.split()[2:4] == ["-", "a_b_c"]


@pytest.mark.parametrize("message", ["", "{}", "{", '{"status": "FAIL"}', "[1]", '{"time": "x"}'])
def test_what_is_no_health_check_is_left_out(message: str) -> None:
    found = health_line_of(message)
    assert found is None or parse(found) is None
