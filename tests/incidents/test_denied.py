"""What could not be read makes an answer weaker, never surer and never reassuring.

One incident of each code, and one fact denied at a time: those that the code or its rivals look at. tests/calibration
denies up to three of any facts in any incident.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from diagnostics.causes import catalogue
from diagnostics.engine import diagnose
from diagnostics.facts import Fact, Gap
from diagnostics.report import Report
from diagnostics.snapshot import Snapshot
from tests.incidents.cases import Case, all_cases

SAME_ANSWER = {
    "health-check-grpc-mismatch": frozenset({"health-check-app-error"}),
    "health-check-path-mismatch": frozenset({"health-check-app-error", "health-check-auth-required"}),
    "health-check-grace-period-too-short": frozenset({"port-not-listening"}),
    "health-check-host-rejected": frozenset({"health-check-auth-required"}),
    "health-check-protocol-mismatch": frozenset({"health-check-host-rejected"}),
}
"""What an answer means when nobody can tell any more that the path was changed before, or how long a start took."""
GENERAL = {"insufficient-evidence", "no-registered-targets"}
"""Umbrella codes that remain when the reason cannot be seen any more."""


def _one_of_each() -> Iterator[Case]:
    seen: set[str] = set()
    for case in sorted(all_cases(), key=lambda case: (case.code, case.title)):
        if case.kind == "finds" and case.code not in seen:
            seen.add(case.code)
            yield case


CASES = tuple(_one_of_each())


def _rivals(code: str) -> frozenset[str]:
    """Codes that could take its place or that it takes the place of."""
    specs = catalogue()
    own = specs[code]
    over = {other for other, spec in specs.items() if code in spec.replaces | spec.leads_to}
    return own.replaces | own.leads_to | SAME_ANSWER.get(code, frozenset()) | over


def _looked_at(code: str, snapshot: Snapshot) -> Iterator[type[Fact]]:
    """Facts of the incident that this code or a rival declares."""
    specs = catalogue()
    declared = {kind for one in {code, *_rivals(code)} for kind in (*specs[one].needs, *specs[one].uses)}
    return (kind for kind in Fact.registry.values() if kind in declared and isinstance(snapshot.get(kind), kind))


def _without(snapshot: Snapshot, kind: type[Fact]) -> Snapshot:
    gap = Gap(action=f"test:{kind.__name__}", resource="*", error="AccessDenied", kind="denied")
    return snapshot.model_copy(update={"facts": {**snapshot.facts, kind.name: gap}})


@pytest.mark.parametrize("case", CASES, ids=[f"{case.code}: {case.title}" for case in CASES])
def test_a_denied_fact_neither_blames_nor_acquits(case: Case) -> None:
    snapshot = case.build().snapshot()
    whole = diagnose(snapshot)
    looked_at = tuple(_looked_at(case.code, snapshot))
    assert looked_at, "nothing to deny"
    for kind in looked_at:
        less = diagnose(_without(snapshot, kind))
        assert not _new_blame(whole, less), (kind.__name__, _story(whole), _story(less))
        assert not _acquitted(whole, less), kind.__name__


def test_every_code_has_an_incident() -> None:
    assert {case.code for case in CASES} == set(catalogue())


def _new_blame(whole: Report, less: Report) -> set[str]:
    """Codes that are new and more than a guess. General and special codes of one fault may take each other's place."""
    specs = catalogue()
    before = {cause.code for cause in whole.causes}
    kin = frozenset().union(*(specs[code].replaces | SAME_ANSWER.get(code, frozenset()) for code in before)) | GENERAL
    named = {cause.code for cause in less.causes if cause.band != "possible"} - before - kin
    return {code for code in named if not specs[code].replaces & before}


def _acquitted(whole: Report, less: Report) -> set[str]:
    found = {check.code for check in whole.checks if check.status == "found"}
    return {
        check.code
        for check in less.checks
        if check.code in found and check.status == "clear" and "more specific" not in check.reason
    }


def _story(report: Report) -> list[tuple[str, str]]:
    return [(cause.code, cause.band) for cause in report.causes]
