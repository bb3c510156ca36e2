"""The row of controls below an answer."""

from __future__ import annotations

import re
from typing import Any

import pytest

from handlers.controls import catalogue
from handlers.controls.control import MORE, control
from handlers.views.blocks import actions
from handlers.views.controls import MAX_MENU, SHOWN, chosen, controls
from tests import reports, slack_limits

ABOUT = "b-0123456789abcdef0123"


def ids(elements: Any) -> list[str]:
    return [element["action_id"] for element in elements]


def in_menu(elements: Any) -> list[str]:
    return [chosen(option["value"])[0] for one in elements if one["type"] == "overflow" for option in one["options"]]


def test_the_most_important_are_buttons_and_the_rest_is_one_menu() -> None:
    made = controls(reports.report(), ABOUT)
    assert ids(made) == ["refresh", "control-watch", "control-was-it-right", MORE]
    assert in_menu(made) == ["not-this", "why-not", "mute", "share", "post-mortem"]
    slack_limits.check("text", [actions(*made)])


def test_what_makes_no_sense_below_an_answer_is_not_offered() -> None:
    made = controls(reports.well(), ABOUT)
    offered = {*ids(made), *in_menu(made)}
    assert "control-watch" not in offered
    assert "not-this" not in offered
    slack_limits.check("text", [actions(*made)])


@pytest.mark.parametrize("shown", [0, 1, 3, 8, 20])
def test_every_control_is_there_however_few_are_buttons(shown: int) -> None:
    made = controls(reports.report(), ABOUT, shown=shown)
    names = [one.removeprefix("control-") for one in ids(made) if one != MORE] + in_menu(made)
    assert names == [name for name, spec in catalogue().items() if spec.offered(reports.report())]
    assert len(in_menu(made)) <= MAX_MENU
    assert len(in_menu(made)) != 1


def test_a_control_carries_an_opaque_id_and_nothing_else() -> None:
    for element in controls(reports.report(), ABOUT):
        if element["type"] == "button":
            assert element["value"] == ABOUT
        else:
            assert all(chosen(option["value"])[1] == ABOUT for option in element["options"])


def test_metadata_is_complete() -> None:
    offered = [spec for spec in catalogue().values() if spec.offered(reports.report())]
    assert len(offered) <= SHOWN + MAX_MENU
    assert len({spec.rank for spec in offered}) == len(offered)
    for spec in catalogue().values():
        assert re.fullmatch(r"[A-Z]", spec.label[0])
        assert (spec.submitted is None) or spec.opens


@pytest.mark.parametrize(
    "wrong",
    [{"name": "Watch"}, {"name": "watch"}, {"name": "more"}, {"label": ""}, {"label": "x" * 31}],
    ids=str,
)
def test_metadata_that_is_malformed_or_taken_is_refused(wrong: dict[str, str]) -> None:
    catalogue()
    given: dict[str, Any] = {"name": "something", "label": "Something", "rank": 99, **wrong}
    with pytest.raises(ValueError, match="control"):
        control(**given)(lambda _: None)
