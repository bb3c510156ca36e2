"""Every cause is found where it is the cause, and is not blamed where it only looks like it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from diagnostics.causes import catalogue
from diagnostics.engine import diagnose
from diagnostics.report import Report
from diagnostics.snapshot import Snapshot
from tests.incidents.cases import Case, all_cases

CASES = sorted(all_cases(), key=lambda case: (case.code, case.kind, case.title))


@dataclass(frozen=True)
class Told:
    """A case and its answer, for all tests of the case."""

    case: Case
    snapshot: Snapshot
    report: Report


@pytest.fixture(scope="module", params=CASES, ids=[f"{case.code}: {case.title}" for case in CASES])
def told(request: pytest.FixtureRequest) -> Told:
    snapshot = request.param.build().snapshot()
    return Told(request.param, snapshot, diagnose(snapshot))


def test_incident(told: Told) -> None:
    case, report = told.case, told.report
    causes = {cause.code: cause for cause in report.causes}
    story = [(cause.code, cause.role, cause.band, cause.summary) for cause in report.causes]
    expected_first = case.first or (case.code if case.kind == "finds" else None)
    if case.kind == "finds":
        assert case.code in causes, story
        assert causes[case.code].role == case.role, story
        assert case.band in (None, causes[case.code].band), story
        if case.summary_says:
            assert case.summary_says in causes[case.code].summary, story
    else:
        assert case.code not in causes, story
        assert (case.code in {risk.code for risk in report.risks}) == case.risk, report.risks
    first = report.causes[0].code if report.causes else None
    assert first == expected_first, story
    assert set(causes) <= {code for code in (case.code, case.first, *case.also) if code}, story
    assert case.verdict in (None, report.verdict), story
    assert not [check for check in report.checks if "the check itself failed" in check.reason]


def test_the_answer_survives_being_saved(told: Told) -> None:
    again = Snapshot.model_validate_json(told.snapshot.model_dump_json())
    assert diagnose(again) == told.report


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_each_cause_has_a_case_and_a_look_alike(code: str) -> None:
    kinds = {case.kind for case in CASES if case.code == code}
    assert kinds == {"finds", "look-alike"}
