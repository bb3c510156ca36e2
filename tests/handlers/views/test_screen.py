"""The screen of a phone: what is measured, and what goes first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from handlers.views.screen import COLUMNS, Line, fit, rows_of, rows_of_buttons, seen

lines = st.lists(
    st.builds(
        Line,
        place=st.sampled_from(("answer", "others")),
        rank=st.integers(0, 5),
        text=st.text("ab ", max_size=300),
        of=st.sampled_from(("", "risks", "notes")),
    ),
    max_size=12,
)


def test_text_is_measured_as_it_is_seen() -> None:
    text = "*Since* <!date^1795230720^{time}|03:12 UTC> `a` &amp; <https://wiki.example.com/x|Runbook> :red_circle:"

    assert seen(text) == "Since 03:12 UTC a & Runbook o"
    assert rows_of("x" * COLUMNS) == 1
    assert rows_of("x" * (COLUMNS + 1) + "\n\ny") == 4
    assert rows_of("") == 0


def test_buttons_share_a_row_while_there_is_room() -> None:
    assert rows_of_buttons(()) == 0
    assert rows_of_buttons(("Refresh", "Watch until recovery")) == 2
    assert rows_of_buttons(("Restore the rule of the security group…", "Refresh")) == 4


def test_the_least_important_goes_first_and_the_last_of_its_rank() -> None:
    shown = fit(
        (
            Line("answer", 0, "the cause"),
            Line("answer", 1, "• first"),
            Line("answer", 3, "• second"),
            Line("others", 3, "a rival", "what else is possible"),
            Line("others", 5, "a risk", "1 risk"),
            Line("others", 6, "a note", "a note"),
        ),
        rows=5,
    )

    assert shown.of("answer") == ("the cause", "• first", "• second")
    assert shown.of("others") == ("a rival",)
    assert shown.fits
    assert shown.note == "_Left out here: 1 risk, a note_"


def test_it_says_when_what_must_stay_is_too_much() -> None:
    assert not fit((Line("answer", 0, "x" * 300), Line("answer", 1, "y")), rows=4).fits


@given(lines, st.integers(1, 40))
def test_what_may_go_goes_until_it_fits_and_what_must_stay_stays(given_lines: list[Line], rows: int) -> None:
    shown = fit(given_lines, rows)
    used = sum(rows_of(line.text) for line in shown.lines) + rows_of(shown.note)

    assert [line for line in given_lines if not line.rank] == [line for line in shown.lines if not line.rank]
    assert used <= rows or not any(line.rank for line in shown.lines)
    assert [line for line in given_lines if line in shown.lines] == list(shown.lines) or len(set(given_lines)) < len(
        given_lines
    )
    assert all(name in shown.note for line in given_lines if line not in shown.lines and (name := line.of))
