"""The states of a fix and what may follow each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from diagnostics.report import ReportTarget
from remediations.approval import (
    TRANSITIONS,
    IllegalTransitionError,
    State,
    Ticket,
    moved,
    overdue,
    record_of,
)
from remediations.audit import Record, Who
from tests.remediations.cloud import ACCOUNT, REACH, REGION, plan

NOW = datetime(2027, 1, 15, 8, 0, tzinfo=UTC)


def ticket(state: State = "pending", **more: object) -> Ticket:
    given: dict[str, object] = {
        "id": "p-1",
        "state": state,
        "report": "r-1",
        "offer": "two-settings",
        "plan": plan(),
        "target": ReportTarget(
            query="x", kind="ecs-service", account=ACCOUNT, region=REGION, service="checkout", label="l"
        ),
        "reach": REACH,
        "asked_by": Who(id="U1"),
        "asked_at": NOW,
        "expires_at": NOW + timedelta(seconds=600),
    }
    return Ticket.model_validate({**given, **more})


def test_every_state_says_what_may_follow() -> None:
    assert set(TRANSITIONS) == set(get_args(State))
    assert not TRANSITIONS["undone"] | TRANSITIONS["refused"] | TRANSITIONS["expired"]


def test_nothing_else_follows() -> None:
    def follows(before: State, after: State) -> bool:
        try:
            return moved(ticket(before), after).version == 1
        except IllegalTransitionError:
            return False

    found = {before: {after for after in get_args(State) if follows(before, after)} for before in get_args(State)}
    assert found == {before: set(after) for before, after in TRANSITIONS.items()}


def test_what_leads_to_a_write_is_approved_first() -> None:
    assert {state for state, after in TRANSITIONS.items() if "executed" in after} == {"approved"}
    assert {state for state, after in TRANSITIONS.items() if "approved" in after} == {"pending"}


@pytest.mark.parametrize("state", sorted(set(get_args(State)) - {"pending", "approved"}))
def test_only_what_waits_expires(state: State) -> None:
    assert overdue(ticket(state, start_by=NOW), NOW + timedelta(days=1)) is None


def test_the_last_moment() -> None:
    waiting = ticket()
    assert overdue(waiting, NOW + timedelta(seconds=599)) is None
    assert overdue(waiting, NOW + timedelta(seconds=600)) is not None
    agreed = ticket("approved", start_by=NOW + timedelta(seconds=60))
    assert overdue(agreed, NOW + timedelta(seconds=59)) is None
    assert overdue(agreed, NOW + timedelta(seconds=60)) is not None


def test_tickets_and_records_are_kept_as_json() -> None:
    one = ticket("approved", approved_by=Who(id="U2", name="Bob"))
    assert Ticket.model_validate_json(one.model_dump_json()) == one
    record = record_of(one, "approved", NOW, one.approved_by, details={"a": [1]})
    assert Record.model_validate_json(record.model_dump_json()) == record
    assert record.resource == one.plan.resource


@pytest.mark.parametrize(
    ("risk", "undoes", "word"), [("high", None, "checkout"), ("high", "p-0", None), ("medium", None, None)]
)
def test_what_has_to_be_typed(risk: str, undoes: str | None, word: str | None) -> None:
    assert ticket(plan=plan(risk=risk), undoes=undoes).word_to_type == word
