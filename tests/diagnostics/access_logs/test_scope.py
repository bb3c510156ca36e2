"""Conditions that people write."""

from __future__ import annotations

import pytest

from diagnostics.access_logs.scope import Condition, WhereError, parse_where


def test_conditions() -> None:
    assert parse_where('status=502 and target~10.0.1. AND user_agent!~"two words", rule!=10') == (
        Condition("elb_status_code", "=", "502"),
        Condition("target", "~", "10.0.1."),
        Condition("user_agent", "!~", "two words"),
        Condition("matched_rule_priority", "!=", "10"),
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "missing"),
        ("502", "is not like"),
        ("colour=red", "no field 'colour'; status, target and route are some; `--where list` shows all"),
        ("stauts=502", "did you mean status"),
        ("zone=a", "no field"),
        ("status=502 or status=504", "expected 'and'"),
        ("status=502 and ", "missing"),
        ("status=502,", "missing"),
        (" and ".join(["status=502"] * 9), "at most"),
        ("request~" + "x" * 301, "characters"),
    ],
)
def test_what_is_wrong_is_said(text: str, complaint: str) -> None:
    with pytest.raises(WhereError, match=complaint):
        parse_where(text)
