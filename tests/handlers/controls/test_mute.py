"""Mute alarms, from below an answer."""

from __future__ import annotations

import pytest

from handlers.controls.mute import FOR, SPANS
from tests import reports
from tests.handlers.controls.visiting import Hands, options_of, pressed, submitted, words_of


def test_it_asks_for_how_long() -> None:
    opened = pressed("mute")
    assert options_of(opened, FOR) == list(SPANS)
    assert "`checkout`" in words_of(opened)


def test_what_was_chosen_is_muted() -> None:
    hands = Hands()
    assert "for 2 h" in words_of(submitted("mute", {FOR: "7200"}, hands))
    assert hands.muted == [7200]


@pytest.mark.parametrize("values", [{}, {FOR: "99999999"}, {FOR: "-1"}, {FOR: "<!channel>"}])
def test_nothing_else_is(values: dict[str, str]) -> None:
    hands = Hands()
    assert "nothing was muted" in words_of(submitted("mute", values, hands))
    assert hands.muted == []


def test_where_there_are_no_alarms_it_is_said() -> None:
    assert words_of(submitted("mute", {FOR: "7200"}, Hands(mute_refusal="no alarms here"))) == "no alarms here"


def test_a_hostile_name_stays_a_name() -> None:
    named = reports.report(target=reports.target(label="<!channel> `x` " * 60))
    assert "<!channel>" not in words_of(pressed("mute", report=named))
