"""What people report is answered honestly: what the code means here, and whether it came from here."""

from __future__ import annotations

import pytest

from diagnostics.digest import observed
from diagnostics.engine import diagnose
from diagnostics.facts import AccessLogs, Metrics
from diagnostics.report import Report
from diagnostics.rules.seen_code import all_rows_read
from tests.incidents.building import Incident, ago
from tests.incidents.guards import asked, blocked
from tests.incidents.rows import answered, by_balancer, closed, fixed, gave_up, logged

CODES = (400, 403, 408, 413, 414, 431, 460, 463, 464, 500, 501, 502, 503, 504, 505, 507, 560, 561, 562)
FITS_INTO_A_NOTE = 200


def notes(incident: Incident, code: int) -> tuple[str, ...]:
    return _diagnosed(incident, code).target.notes


def _diagnosed(incident: Incident, code: int) -> Report:
    return diagnose(asked(incident, code).snapshot())


def test_nobody_reports_anything_and_nothing_is_said() -> None:
    assert diagnose(Incident().snapshot()).target.notes == ()


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_a_meaning_and_an_answer(code: int) -> None:
    for incident in (Incident(), logged(Incident()), Incident().denied(AccessLogs, "s3:GetObject")):
        means, whether = notes(incident, code)
        assert means.startswith(f"{code} ")
        assert str(code) in whether
        assert max(len(means), len(whether)) <= FITS_INTO_A_NOTE


@pytest.mark.parametrize("code", CODES)
def test_what_was_not_read_is_never_told_as_not_there(code: int) -> None:
    blind = Incident().denied(AccessLogs, "s3:GetObject").denied(Metrics, "cloudwatch:GetMetricData")
    report = _diagnosed(blind, code)
    assert "is not known" in report.target.notes[1]
    assert "edge-generated-5xx" not in {cause.code for cause in report.causes}


@pytest.mark.parametrize("code", [431, 560])
def test_codes_that_no_load_balancer_makes(code: int) -> None:
    assert "not a code that an application load balancer makes" in notes(logged(Incident()), code)[0]


def test_463_is_counted_and_told_though_no_cause_has_its_name() -> None:
    report = _diagnosed(logged(Incident(), by_balancer(400, 463, group=None)), 463)
    assert "more than 30 addresses" in report.target.notes[0]
    assert "400 by the load balancer itself" in report.target.notes[1]
    assert (report.verdict, report.causes[0].code) == ("inconclusive", "insufficient-evidence")
    assert "more than 30 addresses" in report.causes[0].summary
    assert "X-Forwarded-For" in (report.causes[0].advice or "")
    assert {item.source for item in report.causes[0].evidence} == {"s3:GetObject"}


def test_463_that_did_not_come_from_here() -> None:
    report = _diagnosed(logged(Incident()), 463)
    assert "did not come from this load balancer" in report.target.notes[1]
    assert report.verdict == "no_fault_found"


def test_rows_say_who_sent_it() -> None:
    both = logged(Incident(), closed(40, (0.001, 0.02)), answered(60, 502))
    assert "40 by the load balancer itself, 60 by targets" in notes(both, 502)[1]
    assert "7 by the load balancer itself" in notes(logged(Incident(), gave_up(7, 5.0)), 460)[1]
    assert "3 by the load balancer itself" in notes(logged(Incident(), blocked(3, group=None)), 403)[1]


def test_without_rows_a_counter_tells_of_the_load_balancer_alone() -> None:
    assert "whether a target sent it" in notes(Incident(), 502)[1]


def test_what_the_counter_says_above_is_not_told_twice() -> None:
    incident = Incident().elb_errors(502, 60, 10)
    (means,) = notes(incident, 502)
    assert means.startswith("502 from a load balancer")
    assert "502: 600" in observed(_diagnosed(incident, 502))
    assert len(notes(logged(Incident(), fixed(5)), 503)) == 1


def test_a_part_of_the_rows_is_not_all_of_them() -> None:
    assert "only a part of the access logs was read" in notes(logged(Incident(), share_read=0.4), 561)[1]


def test_answers_of_targets_below_500_are_not_in_the_rows() -> None:
    assert "answers of targets below 500 were not looked at" in notes(logged(Incident()), 403)[1]


def test_the_headline_says_that_it_is_not_from_here() -> None:
    assert "502 reported, and not from this load balancer" in _diagnosed(logged(Incident()), 502).headline


def test_rows_of_the_newest_minutes_are_never_there_yet() -> None:
    incident = logged(Incident())
    logs, window = incident.known(AccessLogs), incident.snapshot().window
    assert all_rows_read(logs, window)
    assert not all_rows_read(logs.model_copy(update={"covered_to": ago(30)}), window)
