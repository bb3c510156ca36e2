"""Why not …?"""

from __future__ import annotations

import pytest

from diagnostics import causes
from diagnostics.report import Check
from handlers.controls.control import Window
from handlers.controls.why_not import CHECK
from tests import reports
from tests.handlers.controls.visiting import options_of, pressed, submitted, words_of


def test_every_check_of_the_answer_can_be_asked_about() -> None:
    report = reports.report()
    assert sorted(options_of(pressed("why-not"), CHECK)) == sorted(check.code for check in report.checks)


@pytest.mark.parametrize("status", ["found", "risk", "unknown", "clear", "not_applicable"])
def test_hundreds_of_checks_fit_into_the_menu(status: str) -> None:
    many = tuple(Check.model_validate({"code": f"check-{one}", "status": status, "reason": ""}) for one in range(250))
    assert len(options_of(pressed("why-not", report=reports.report(checks=many)), CHECK)) == 250


def test_it_says_what_became_of_it_what_decides_it_and_what_would_change_it() -> None:
    checks = (Check(code="nacl-blocked", status="clear", reason="rule 100 of acl-1 lets 8080 through"),)
    text = words_of(submitted("why-not", {CHECK: "nacl-blocked"}, report=reports.report(checks=checks)))
    assert "It is *clear*" in text
    assert "rule 100 of `acl-1` lets 8080 through" in text or "rule 100 of acl-1 lets 8080 through" in text
    assert "*What decides it*" in text
    assert "network acls" in text


def test_of_one_that_was_found_it_says_what_would_overturn_it() -> None:
    checks = (Check(code="sg-ingress-missing", status="found", reason="found"),)
    text = words_of(submitted("why-not", {CHECK: "sg-ingress-missing"}, report=reports.report(checks=checks)))
    assert "*is* named" in text
    assert "*What would change it*: a connection from the load balancer's subnet" in text


def test_of_one_that_could_not_be_decided_it_says_what_to_let_it_read() -> None:
    gap = reports.GAPS[0]
    code = gap.affects[0]
    checks = (Check(code=code, status="unknown", reason="no rows"),)
    text = words_of(submitted("why-not", {CHECK: code}, report=reports.report(checks=checks)))
    assert "could *not be decided*" in text
    assert f"`{gap.action}`" in text


def test_another_can_be_asked_about_in_the_same_window() -> None:
    answered = submitted("why-not", {CHECK: reports.report().checks[0].code})
    assert options_of(answered, CHECK)
    assert isinstance(answered, Window)
    assert answered.view["private_metadata"] == "click-1"


@pytest.mark.parametrize("chosen", ["", "made-up", "<!channel>"])
def test_a_check_that_there_is_not_is_no_reason_to_fail(chosen: str) -> None:
    assert "Choose one of the checks" in words_of(submitted("why-not", {CHECK: chosen}))


def test_every_cause_of_the_catalogue_can_be_told_about() -> None:
    for code in causes.catalogue():
        checks = (Check(code=code, status="clear", reason="fine"),)
        assert "*Looked at*" in words_of(submitted("why-not", {CHECK: code}, report=reports.report(checks=checks)))
