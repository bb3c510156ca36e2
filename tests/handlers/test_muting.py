"""`/alb502 mute` and `/alb502 unmute`: what the words wish for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.question import Question
from handlers.asking import Mistake
from handlers.muting import HOW_LONG, OF_WHAT, Muting, parse_muting


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("mute checkout 2h", Muting("mute", Question(words="checkout"), 7_200)),
        ("Mute checkout for 30m", Muting("mute", Question(words="checkout"), 1_800)),
        ("mute checkout 1d in prod region us-east-1",
         Muting("mute", Question(words="checkout", account="prod", region="us-east-1"), 86_400)),
        ("mute checkout in prod 1d", Muting("mute", Question(words="checkout", account="prod"), 86_400)),
        ('mute "an alarm, 5m" 1h', Muting("mute", Question(words="an alarm, 5m"), 3_600)),
        ("unmute checkout", Muting("unmute", Question(words="checkout"))),
        ("mute", Muting("list")),
    ],
)  # fmt: skip
def test_words_to_a_wish(text: str, wish: Muting) -> None:
    assert parse_muting(text) == wish


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mute checkout", HOW_LONG),
        ("mute 2h", HOW_LONG),
        ("unmute", OF_WHAT),
        ("mute checkout 8d", "out of range"),
        ("mute checkout 30s", HOW_LONG),
        ("mute checkout 2h since 1h", "belong to a question"),
    ],
)
def test_what_is_wrong_is_said(text: str, said: str) -> None:
    wish = parse_muting(text)
    assert isinstance(wish, Mistake)
    assert said in wish.message


@pytest.mark.parametrize("text", ["checkout", "muted", "mute-service since 2h", "", "help"])
def test_other_words_are_questions(text: str) -> None:
    assert parse_muting(text) is None


@given(text=st.text(max_size=60))
def test_whatever_is_typed_is_answered(text: str) -> None:
    assert isinstance(parse_muting(f"mute {text}"), Muting | Mistake)
