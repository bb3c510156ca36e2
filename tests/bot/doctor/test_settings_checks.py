"""What the settings leave undone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.doctor import settings as checks
from bot.doctor.finding import Role
from bot.settings import Settings

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
ACCOUNT = {"name": "prod", "id": "111122223333", "regions": ["us-east-1"]}
WRITES = {**ACCOUNT, "remediate_role": "arn:aws:iam::111122223333:role/alb502-remediate"}
OTHER = {"name": "dev", "id": "444455556666", "regions": ["us-east-1"]}
APPROVE = {"mode": "approve", "approvers": {"users": ["U0ALICE"]}}
TOPIC = "arn:aws:sns:us-east-1:999999999999:alarms"


def wrong(role: Role | None = None, lacking: tuple[str, ...] = (), **settings: Any) -> list[tuple[str, str]]:
    found = checks.findings(Settings(**settings), role, lacking, NOW)
    return [(one.status, one.id) for one in found if one.status != "well"]


def test_nothing_is_wrong() -> None:
    assert wrong() == []
    assert wrong(accounts=[WRITES], remediations=APPROVE) == []


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"accounts": [WRITES], "remediations": {"mode": "approve"}}, ("problem", "approvers-empty")),
        ({"accounts": [WRITES], "remediations": {**APPROVE, "allow": []}}, ("problem", "no-fix-allowed")),
        ({"accounts": [ACCOUNT], "remediations": APPROVE}, ("problem", "remediate-role-missing")),
        ({"remediations": APPROVE}, ("problem", "remediate-role-missing")),
        ({"accounts": [WRITES, OTHER], "remediations": APPROVE}, ("less", "remediate-role-missing")),
        ({"accounts": [ACCOUNT], "alarms": {"sns_topics": {TOPIC: "C0CHAN"}}}, ("problem", "topic-of-unknown-account")),
    ],
)
def test_a_planted_fault_is_found_alone(settings: dict[str, Any], expected: tuple[str, str]) -> None:
    assert wrong(**settings) == [expected]


def test_an_override_may_name_who_approves() -> None:
    override = {"risk": "low", "approvers": {"groups": ["S0ONCALL"]}}
    assert wrong(accounts=[WRITES], remediations={"mode": "approve", "overrides": [override]}) == []


@pytest.mark.parametrize(("until", "expected"), [("2026-11-22", [("less", "frozen")]), ("2026-11-21T02:00:00", [])])
def test_a_freeze_counts_while_it_lasts(until: str, expected: list[tuple[str, str]]) -> None:
    to = f"{until}T00:00:00Z" if "T" not in until else f"{until}Z"
    freeze = {"from": "2026-11-20T00:00:00Z", "to": to, "why": "the sale"}
    assert wrong(accounts=[WRITES], remediations={**APPROVE, "freeze": [freeze]}) == expected


def test_what_a_role_cannot_start_without_is_a_problem() -> None:
    assert wrong(lacking=("--role web needs REDIS_URL",)) == [("problem", "setting-missing")]


def test_a_worker_needs_no_key_for_approvals() -> None:
    fixes = {**APPROVE, "approval_key": "k" * 40}
    assert wrong("worker", accounts=[WRITES], remediations=fixes) == [("less", "approval-key-in-worker")]
    assert wrong("executor", accounts=[WRITES], remediations=fixes) == []
