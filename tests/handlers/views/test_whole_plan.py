"""Nobody approves what they cannot see, whoever put it into the plan."""

from __future__ import annotations

import json
from typing import Any

import pytest

from handlers.views import fixes as drawn
from remediations.plan import FROM, PLAN, Plan, Write
from tests import slack_limits
from tests.handlers.views.test_fixes import NOW, ticket
from tests.remediations.cloud import plan, redeploy, set_path


def shown(one: Plan) -> dict[str, Any]:
    view = drawn.plan_modal(ticket(plan=one), drawn.Viewer(None), drawn.Looked(NOW), None, NOW)
    assert slack_limits.view_violations(view) == []
    return view


def text_of(view: dict[str, Any]) -> str:
    return json.dumps(view, ensure_ascii=False)


def undoing(*writes: Write, **more: Any) -> Plan:
    return plan(undo=plan().undo.model_copy(update={"writes": writes}), **more)


def test_the_way_back_is_shown_as_it_would_be_done() -> None:
    view = shown(undoing(set_path("/somewhere-else")))
    assert "/somewhere-else" in text_of(view)
    assert "submit" in view


def test_a_narrower_form_is_shown_with_what_it_does_and_undoes() -> None:
    part = undoing(set_path("/back-to"), label="the path alone", writes=(set_path("/narrow"),))
    view = shown(plan(narrower=(part,)))
    for told in ("*If you choose* the path alone", "/narrow", "/back-to"):
        assert told in text_of(view)
    assert "submit" in view


def test_the_same_way_back_is_not_shown_twice() -> None:
    whole = plan(narrower=(plan(label="the path alone", writes=(set_path("/narrow"),)),))
    assert "Its undo" not in text_of(shown(whole))


@pytest.mark.parametrize("where", ["write", "undo", "narrower", "undo of the narrower"])
def test_what_is_too_long_to_be_shown_cannot_be_approved(where: str) -> None:
    long = set_path("/" + "x" * 3_000)
    part = {
        "write": plan(writes=(long,)),
        "undo": undoing(long),
        "narrower": plan(narrower=(plan(label="less", writes=(long,)),)),
        "undo of the narrower": plan(narrower=(undoing(long, label="less"),)),
    }[where]
    view = shown(part)
    assert "submit" not in view
    assert "alb502 fix r-1" in text_of(view)


def test_a_window_that_would_be_too_full_is_none() -> None:
    parts = tuple(plan(label=f"part {n}", writes=tuple(redeploy() for _ in range(8))) for n in range(9))
    assert "submit" in shown(plan(narrower=parts[:5]))
    assert "submit" not in shown(
        plan(
            narrower=tuple(
                one.model_copy(update={"undo": undoing(*(set_path(f"/{n}-{k}") for k in range(8))).undo})
                for n, one in enumerate(parts)
            )
        )
    )


def prepared(**arguments: Any) -> Write:
    return set_path("/").model_copy(update={"prepared_by": "weight", "arguments": {"plan": {FROM: PLAN}, **arguments}})


@pytest.mark.parametrize("where", ["write", "undo", "narrower"])
def test_what_is_made_of_a_live_answer_says_what_is_edited_in_it(where: str) -> None:
    """The changes that a plan tells of are somebody's words."""
    one = prepared(group="payments", to=0)
    view = shown(
        {
            "write": plan(writes=(one,)),
            "undo": undoing(one),
            "narrower": plan(narrower=(plan(label="less", writes=(one,)),)),
        }[where]
    )
    assert "payments" in text_of(view)
    assert "submit" in view
    long = plan(writes=(prepared(group="x" * 3_000),))
    assert "submit" not in shown(long)
