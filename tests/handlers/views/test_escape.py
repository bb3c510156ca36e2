"""Hostile words in Slack's markup."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.views.escape import block, code, instruction, link, words
from tests.hostile import names


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("<!channel> all", "&lt;!channel&gt; all"),
        ("path /_status_/ fails", "path `/_status_/` fails"),
        ("*.example.com, (a_b)", "`*.example.com`, (`a_b`)"),
        ("arn:aws:ecs:us-east-1", "`arn:aws:ecs:us-east-1`"),
        ("at 03:12:40 now :fire:", "at 03:12:40 now `:fire:`"),
        ("rule 1 (path-pattern /_*): fixed", "rule 1 (path-pattern `/_*`): fixed"),
        ("a `b` c", "a 'b' c"),
        ("one\ntwo\x1b[31m\u202e", "one two[31m"),
        ("***", "`***`"),
    ],
)
def test_a_word_that_slack_would_format_is_shown_as_it_is(said: str, shown: str) -> None:
    assert words(said, 200) == shown


def test_text_is_cut_between_words() -> None:
    assert words("the security group no longer lets the load balancer in", 30) == "the security group no longer…"


def test_a_name_without_anything_visible_says_so() -> None:
    assert code("\u200b\u202e") == "(no name)"


def test_a_command_is_given_as_code_that_can_be_copied() -> None:
    text = instruction("a later steady state: aws ecs describe-services --query 'services[].events[:5]'", 400)

    assert text == "a later steady state: `aws ecs describe-services --query 'services[].events[:5]'`"


def test_half_a_statement_is_not_shown() -> None:
    assert block("{" + " " * 3_000 + "}", 900) is None
    assert block('{"a": 1}', 900) == '```{"a": 1}```'


@pytest.mark.parametrize(
    "url", ["ftp://x.example", "https://x.example/a b", "https://", "//x.example", "mailto:a@b.example"]
)
def test_only_web_addresses_become_links(url: str) -> None:
    assert link(url, "Runbook") is None


@given(text=names, limit=st.integers(20, 400))
def test_nothing_is_longer_than_it_may_be(text: str, limit: int) -> None:
    assert len(words(text, limit)) <= limit
    assert len(code(text, limit)) <= limit
    assert len(instruction(f"{text}: aws {text}", limit)) <= limit
