"""What people type, and what is understood."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.question import Question
from handlers.asking import HelpWanted, Mistake, parse, shown, without_mention


@pytest.mark.parametrize("text", ["", "   ", "help", "HELP", " help "])
def test_nothing_or_help_asks_for_help(text: str) -> None:
    assert parse(text) == HelpWanted()


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("checkout", Question(words="checkout")),
        ("prod/checkout since 2h", Question(words="prod/checkout", since_s=7_200)),
        ("checkout SINCE 30m IN prod", Question(words="checkout", since_s=1_800, account="prod")),
        ("checkout region eu-west-1 seeing 504", Question(words="checkout", region="eu-west-1", seen=504)),
        ("checkout in 111122223333", Question(words="checkout", account="111122223333")),
        ("checkout --since 2h --seen 502", Question(words="checkout", since_s=7_200, seen=502)),
        ("checkout --account=prod --region eu-west-1", Question(words="checkout", account="prod", region="eu-west-1")),
        (
            "checkout \u2014since 2h \u2013SEEN=504 in prod",
            Question(words="checkout", account="prod", since_s=7_200, seen=504),
        ),
        ('"Checkout 5xx is high" since 1d', Question(words="Checkout 5xx is high", since_s=86_400)),
        ("“Checkout 5xx” since 1d", Question(words="Checkout 5xx", since_s=86_400)),
        ("<https://shop.example.com/cart>", Question(words="https://shop.example.com/cart")),
        ("<http://shop.example.com|shop.example.com>", Question(words="shop.example.com")),
        ("<https://a.example.com/?x=1&amp;y=2>", Question(words="https://a.example.com/?x=1&y=2")),
        ("\u200bcheckout\u00a0since\u00a02h\n", Question(words="checkout", since_s=7_200)),
    ],
)
def test_a_question_is_understood(text: str, question: Question) -> None:
    assert parse(text) == question


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x" * 4_000, "4,000 characters"),
        ("x" * 301, "301 characters"),
        ("checkout\nsince 2h", "one line"),
        ("checkout\u2028since 2h", "one line"),
        ("checkout \x07", "cannot be shown"),
        ('"checkout', "quote is not closed"),
        ('"a"b', "space is expected"),
        ('""', "name is empty"),
        ("checkout now", "`now`"),
        ("my service", "quotes"),
        ("checkout since", "`since 2h`"),
        ("checkout since yesterday", "no duration"),
        ("checkout since 2", "no duration"),
        ("checkout since 0m", "out of range"),
        ("checkout since 15d", "out of range"),
        ("checkout since 99999999999h", "no duration"),
        ("checkout since 1h since 2h", "twice"),
        ("checkout since 1h --since 2h", "twice"),
        ("checkout --since", "`since 2h`"),
        ("checkout --since=soon", "no duration"),
        ("checkout --json", "`--json`"),
        ("--since 2h checkout", "name comes first"),
        ("checkout region everywhere", "no region"),
        ("checkout in a,b", "no account"),
        ("checkout seeing 200", "no error code"),
        ("checkout seeing five", "no error code"),
    ],
)
def test_a_mistake_is_told_in_one_line(text: str, says: str) -> None:
    mistake = parse(text)
    assert isinstance(mistake, Mistake)
    assert says in mistake.message
    assert "\n" not in mistake.message
    assert len(mistake.message) < 300


def test_what_a_person_typed_is_shown_without_becoming_a_mention_or_formatting() -> None:
    mistake = parse("checkout <!channel>`*<@U1>")
    assert isinstance(mistake, Mistake)
    assert "<!" not in mistake.message
    assert "<@" not in mistake.message
    assert shown("a`b\u202ec") == "`a'bc`"


def test_the_bots_own_name_is_not_part_of_the_question() -> None:
    assert without_mention("<@U0BOT> checkout", "U0BOT").strip() == "checkout"
    assert without_mention("hey <@U0BOT> checkout", "U0BOT").strip() == "checkout"
    assert without_mention("checkout <@U0BOT>", "U0BOT").strip() == "checkout"


@given(st.text(max_size=2_000))
def test_whatever_is_typed_gives_a_question_help_or_one_line(text: str) -> None:
    asked = parse(text)
    if isinstance(asked, Mistake):
        assert "\n" not in asked.message
        assert len(asked.message) < 400
    elif isinstance(asked, Question):
        assert 0 < len(asked.words) <= 300
        assert asked.words.isprintable()
