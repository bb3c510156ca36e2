"""Composed incidents: how often the first cause is right, how often somebody innocent is blamed, how sure it was.

Floors, not targets: `./run bench calibration` prints the figures of many more incidents.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from diagnostics.engine import diagnose
from diagnostics.facts import Fact, Metrics, SecurityGroups, TargetGroups
from diagnostics.report import Band
from diagnostics.snapshot import Snapshot
from tests.calibration import scoring
from tests.calibration.composing import UMBRELLAS, Composed, Truth, composed
from tests.calibration.honesty import could_not_tell
from tests.calibration.scoring import NothingScoredError, Table, answer, tables
from tests.calibration.surroundings import denied
from tests.incidents.building import Incident
from tests.incidents.network.sg_ingress_missing import silent, task_group

SEED, COUNT = 20261121, 200
MIN_ACCURACY = 0.88
MAX_FALSE_BLAME = 0.02
MAX_BRIER = 0.06
MAX_HONEST = 0.12
TRUE_AT_LEAST: Mapping[Band, float] = {"confirmed": 0.98, "likely": 0.95, "possible": 0.7}


@pytest.fixture(scope="module")
def halves() -> tuple[Table, Table]:
    return tables(composed(SEED, COUNT))


def test_both_halves_keep_what_the_bands_promise(halves: tuple[Table, Table]) -> None:
    for table in halves:
        report = "\n".join([*table.lines(), *(f"{a.incident.story} -> {a.blamed}" for a in table.ran if a.blamed)])
        assert table.did_not_run == [], [(a.incident.story, a.why) for a in table.did_not_run]
        assert table.accuracy >= MIN_ACCURACY, report
        assert table.false_blame <= MAX_FALSE_BLAME, report
        assert table.brier <= MAX_BRIER, report
        assert table.honest <= MAX_HONEST, report
        for band, least in TRUE_AT_LEAST.items():
            found = table.reliability()[band]
            assert found.true is not None, report
            assert found.true >= least, report


def test_a_case_is_in_the_same_half_whatever_it_is_composed_with(halves: tuple[Table, Table]) -> None:
    tuned, held_out = ({a.incident.name for a in table.answers if a.incident.case} for table in halves)
    assert not tuned & held_out


def test_the_halves_are_about_equal_and_stay_the_same(halves: tuple[Table, Table]) -> None:
    tuned, held_out = halves
    assert min(len(tuned.answers), len(held_out.answers)) > COUNT / 3
    again = [incident.story for incident in composed(SEED, 20)]
    assert again == [incident.story for incident in composed(SEED, 20)]


def incident(snapshot: Snapshot, truth: Truth, whole: Snapshot | None = None, *denied: type[Fact]) -> Composed:
    return Composed(0, None, snapshot, whole or snapshot, truth, (), denied)


CLOSED = frozenset({"sg-ingress-missing"})
SOMETHING = Truth("sg-ingress-missing", CLOSED, CLOSED | UMBRELLAS)
NOTHING = Truth(None, frozenset(), frozenset())


def test_a_true_code_that_is_not_reported_counts_as_stated_at_nought() -> None:
    found = answer(incident(Incident().snapshot(), SOMETHING))
    assert [(pair.code, pair.stated, pair.true) for pair in found.pairs] == [("sg-ingress-missing", 0.0, True)]
    assert Table("one", [found]).brier == 1.0


def without(closed: Incident, kind: type[Fact]) -> Composed:
    return incident(denied(closed.snapshot(), kind), SOMETHING, closed.snapshot(), kind)


def test_a_code_that_nobody_could_tell_from_what_was_left_is_honest() -> None:
    closed = silent(Incident().security_group(task_group()))
    assert answer(incident(closed.snapshot(), SOMETHING)).honest == ()
    unread = answer(without(closed, TargetGroups))
    assert (unread.honest, unread.in_part, unread.pairs) == (("sg-ingress-missing",), (), ())
    table = Table("one", [unread, answer(incident(closed.snapshot(), SOMETHING))])
    assert (table.honest, table.abstained) == (0.5, 0.0)
    assert table.brier < table.brier_with_honest
    one_of_two = answer(without(closed, SecurityGroups))
    assert (one_of_two.honest, one_of_two.in_part) == (("sg-ingress-missing",), ("sg-ingress-missing",))
    assert Table("part", [one_of_two]).brier < Table("part", [one_of_two]).brier_with_part


def test_what_is_left_to_read_may_still_tell() -> None:
    """The rules are shut and the targets are silent, whatever a denied fact would say that neither of them is."""
    closed = silent(Incident().security_group(task_group())).elb_errors(504, 40, 10)
    unread = answer(without(closed, Metrics))
    assert (unread.first, unread.honest) == ("sg-ingress-missing", ())
    assert not could_not_tell("sg-ingress-missing", without(closed, Metrics))
    assert could_not_tell("sg-ingress-missing", without(closed, SecurityGroups))


def test_a_code_that_is_called_clear_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who could not tell has to say so."""
    closed = silent(Incident().security_group(task_group()))
    unread = without(closed, SecurityGroups)
    report = diagnose(unread.snapshot)
    clear = tuple(one.model_copy(update={"status": "clear"}) for one in report.checks)
    monkeypatch.setattr(scoring, "diagnose", lambda _: report.model_copy(update={"checks": clear}))
    found = answer(unread)
    assert (found.honest, found.left_open) == ((), ())
    assert [pair.stated for pair in found.pairs if pair.code == "sg-ingress-missing"] == [0.0]


def test_what_the_report_states_is_scored() -> None:
    code = frozenset({"target-generated-5xx"})
    snapshot = Incident().target_errors(60, 20).snapshot()
    found = answer(incident(snapshot, Truth("target-generated-5xx", code, code)))
    assert [pair.stated for pair in found.pairs] == [cause.confidence for cause in diagnose(snapshot).causes]


def test_a_reported_code_that_is_not_true_is_blame() -> None:
    found = answer(incident(Incident().target_errors(60, 20).snapshot(), NOTHING))
    assert found.blamed == ("target-generated-5xx",)
    assert not found.first_is_right
    assert Table("one", [found]).false_blame == 1.0


def test_an_answer_that_was_not_made_is_neither_right_nor_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Snapshot) -> None:
        raise RuntimeError("out of order")

    code = frozenset({"target-generated-5xx"})
    truth = Truth("target-generated-5xx", code, code)
    well = answer(incident(Incident().target_errors(60, 20).snapshot(), truth))
    monkeypatch.setattr(scoring, "diagnose", fail)
    broken = answer(incident(Incident().denied(Metrics, "x:Y").snapshot(), SOMETHING))
    table = Table("two", [well, broken])
    assert (table.accuracy, len(table.did_not_run)) == (1.0, 1)
    assert "out of order" in broken.why
    assert "1 did not run" in table.lines()[0]


def test_an_empty_table_is_refused() -> None:
    with pytest.raises(NothingScoredError):
        Table("nobody").lines()
    with pytest.raises(NothingScoredError):
        assert Table("nobody").brier
    with pytest.raises(NothingScoredError):
        Table("broken", [scoring.Answer(incident(Incident().snapshot(), NOTHING), ran=False)]).lines()
