"""Every cause is found where it is the cause, and is not blamed where it only looks like it."""

from __future__ import annotations

import pytest

from diagnostics.causes import catalogue
from diagnostics.engine import diagnose
from diagnostics.snapshot import Snapshot
from tests.incidents.cases import Case, all_cases

CASES = sorted(all_cases(), key=lambda case: (case.code, case.kind, case.title))


@pytest.mark.parametrize("case", CASES, ids=[f"{case.code}: {case.title}" for case in CASES])
def test_incident(case: Case) -> None:
    report = diagnose(case.build().snapshot())
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


@pytest.mark.parametrize("case", CASES, ids=[f"{case.code}: {case.title}" for case in CASES])
def test_the_answer_survives_being_saved(case: Case) -> None:
    snapshot = case.build().snapshot()
    again = Snapshot.model_validate_json(snapshot.model_dump_json())
    assert diagnose(again) == diagnose(snapshot)


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_each_cause_has_a_case_and_a_look_alike(code: str) -> None:
    kinds = {case.kind for case in CASES if case.code == code}
    assert kinds == {"finds", "look-alike"}
