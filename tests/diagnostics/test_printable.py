"""Foreign text before anybody looks at it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics import printable
from tests.hostile import names


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("a\x1b[31mb\x07", "a[31mb"),
        ("one\r\ntwo\u2028three\tfour", "one two three four"),
        ("\u202egnp.exe\u200b\ufeff", "gnp.exe"),
        ("  naïve 日本 ✓ ", "naïve 日本 ✓"),
    ],
)
def test_nothing_invisible_is_left(said: str, shown: str) -> None:
    assert printable.line(said, 100) == shown


def test_line_breaks_and_indentation_stay_where_they_are_wanted() -> None:
    assert printable.lines("{\n\t'a': 1\x1b\n}", 100) == "{\n    'a': 1\n}"


def test_a_cut_falls_between_words() -> None:
    assert printable.line("the rule was removed yesterday", 22) == "the rule was removed…"


def test_a_long_word_is_cut_where_it_must_be() -> None:
    assert printable.line("a" * 4_000, 10) == "aaaaaaaaa…"


@pytest.mark.parametrize(("number", "words"), [(0, "0 checks"), (1, "1 check"), (1_200, "1,200 checks")])
def test_counts_in_words(number: int, words: str) -> None:
    assert printable.counted(number, "check") == words


@given(text=names, limit=st.integers(0, 200))
def test_a_line_is_one_line_bounded_and_visible(text: str, limit: int) -> None:
    line = printable.line(text, limit)

    assert len(line) <= limit
    assert len(line.splitlines()) <= 1
    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs"} for char in line)


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.0, "0 %"), (0.0004, "under 0.1 %"), (0.003, "0.3 %"), (0.04, "4 %"), (0.996, "100 %"), (1.0, "100 %")],
)
def test_a_share_is_told_in_one_style(share: float, words: str) -> None:
    assert printable.percent(share) == words


@pytest.mark.parametrize(
    ("number", "total", "words"),
    [(1, 1, "the only target"), (1, 2, "1 of 2 targets"), (1200, 3400, "1,200 of 3,400 targets")],
)
def test_a_part_of_one_is_no_part(number: int, total: int, words: str) -> None:
    assert printable.part_of(number, total, "target") == words
