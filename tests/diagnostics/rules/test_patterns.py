"""Wildcards against a plain reference; regular expressions that are not worth the risk stay undecided."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.rules.patterns import regex_match, wildcard_match


def reference(pattern: str, text: str) -> bool:
    parts = {"*": ".*", "?": "."}
    return re.fullmatch("".join(parts.get(c, re.escape(c)) for c in pattern), text, re.DOTALL) is not None


@given(st.text("ab*?/", max_size=8), st.text("ab/", max_size=10))
def test_wildcards_agree_with_the_reference(pattern: str, text: str) -> None:
    assert wildcard_match(pattern, text) == reference(pattern, text)


def test_many_stars_do_not_take_for_ever() -> None:
    assert not wildcard_match("*a" * 60 + "b", "a" * 300)


def test_an_escaped_star_is_a_star() -> None:
    assert wildcard_match(r"\*a", "*a", escapes=True)
    assert not wildcard_match(r"\*a", "ba", escapes=True)


@pytest.mark.parametrize(
    ("pattern", "text", "verdict"),
    [
        (r"^/api/v[0-9]+/.*$", "/api/v2/cart", "yes"),
        (r"^/api/v[0-9]+/.*$", "/web", "no"),
        (r"/api", "/api/v2", "unclear"),
        (r"^/[^/]+/[^/]+/[^/]+/[^/]+$", "/a/b/c/d", "yes"),
        (r"(a+)+$", "a" * 300, "unclear"),
        (r".*.*.*.*x", "a" * 300, "unclear"),
        (r"(", "/", "unclear"),
        (r"a" * 200, "a", "unclear"),
    ],
)
def test_regular_expressions(pattern: str, text: str, verdict: str) -> None:
    assert regex_match(pattern, text, ignore_case=False) == verdict


@given(st.text(max_size=60), st.text(max_size=100))
def test_no_expression_raises(pattern: str, text: str) -> None:
    assert regex_match(pattern, text, ignore_case=True) in {"yes", "no", "unclear"}
