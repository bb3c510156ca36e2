"""What may be asked in one channel: by the words typed, and again by where they led."""

from __future__ import annotations

from typing import Any

import pytest

from diagnostics.facts import Gap
from diagnostics.locate import Nickname
from diagnostics.question import Ambiguous, Candidate, Question, Refused, Unknown
from diagnostics.report import Report
from handlers.scope import ScopeRule, Scopes
from tests import reports

PROD, TEST = "111122223333", "444455556666"
CHECKOUT = Nickname(service="checkout", cluster="prod", account="prod")
SCOPES = Scopes(
    rules={
        "C-ACCOUNTS": ScopeRule(accounts=frozenset({"prod"})),
        "C-SERVICES": ScopeRule(services=frozenset({"shop", "search", "dev/billing", "resize"})),
    },
    account_ids={"prod": PROD, "test": TEST},
    nicknames={"shop": CHECKOUT, "till": CHECKOUT},
)


def question(words: str, account: str | None = None) -> Question:
    return Question(words=words, account=account)


def candidate(name: str, *, account: str = PROD, cluster: str = "prod", kind: str = "ecs-service") -> Candidate:
    words = f"{cluster}/{name}"
    return Candidate.model_validate(
        {"kind": kind, "name": name, "account": account, "region": "us-east-1", "words": words}
    )


def report_of(**target: Any) -> Report:
    made = reports.report()
    where = {"account": PROD, "account_name": "prod", "service": None, "cluster": None, "function": None}
    return made.model_copy(update={"target": made.target.model_copy(update={**where, **target})})


def test_accounts_are_known_by_name_and_number() -> None:
    assert SCOPES.refusal(question("x", "prod"), "C-ACCOUNTS") is None
    assert SCOPES.refusal(question("x", PROD), "C-ACCOUNTS") is None
    assert SCOPES.refusal(question("x"), "C-ACCOUNTS") is None
    assert "`prod`" in (SCOPES.refusal(question("x", "test"), "C-ACCOUNTS") or "")


@pytest.mark.parametrize("words", ["shop", "search", "checkout", "billing", "till"])
def test_a_listed_service_may_be_asked_for_by_each_of_its_names(words: str) -> None:
    assert SCOPES.refusal(question(words), "C-SERVICES") is None


def test_another_name_is_refused_at_once_with_what_may_be_asked() -> None:
    refusal = SCOPES.refusal(question("payroll"), "C-SERVICES") or ""
    assert "`payroll` is not for this channel" in refusal
    assert "`search`" in refusal
    assert SCOPES.refusal(question("payroll"), "C-OTHER") is None


@pytest.mark.parametrize("words", ["https://shop.example.com/cart", "prod/payroll", "app/public/50dc6c495c0c9188"])
def test_words_that_may_lead_anywhere_are_decided_once_it_is_known_where_to(words: str) -> None:
    assert SCOPES.refusal(question(words), "C-SERVICES") is None


@pytest.mark.parametrize(
    "target",
    [
        {"service": "checkout", "cluster": "prod"},
        {"service": "search", "cluster": "anywhere"},
        {"service": "billing", "cluster": "dev"},
        {"function": "resize"},
        {"function": f"arn:aws:lambda:us-east-1:{PROD}:function:resize:live"},
    ],
)
def test_where_the_words_led_is_in_the_scope(target: dict[str, str]) -> None:
    report = report_of(**target)
    assert SCOPES.within(report, "C-SERVICES") is report


@pytest.mark.parametrize(
    "target",
    [
        {"service": "payroll", "cluster": "prod"},
        {"service": "shop", "cluster": "prod"},  # the nickname means checkout, not whatever is called so
        {"service": "checkout", "cluster": "prod", "account": TEST, "account_name": "test"},
        {"service": "billing", "cluster": "prod"},
        {"function": f"arn:aws:lambda:us-east-1:{PROD}:function:payroll:resize"},
        {"kind": "load-balancer"},  # several services stand behind it
    ],
)
def test_where_the_words_led_is_not_and_nothing_of_it_is_told(target: dict[str, str]) -> None:
    refused = SCOPES.within(report_of(**target), "C-SERVICES")
    assert isinstance(refused, Refused)
    assert "search, shop" in refused.message
    assert "payroll" not in refused.message


def test_a_report_of_another_account_is_not_shown() -> None:
    assert isinstance(SCOPES.within(report_of(account=TEST, account_name="test"), "C-ACCOUNTS"), Refused)
    assert isinstance(SCOPES.within(report_of(), "C-ACCOUNTS"), Report)


def test_candidates_outside_the_scope_are_not_named() -> None:
    answer = Ambiguous(words="x", candidates=(candidate("x"), candidate("x", account=TEST)), more=3)
    seen = SCOPES.within(answer, "C-ACCOUNTS")
    assert isinstance(seen, Ambiguous)
    assert [one.account for one in seen.candidates] == [PROD]
    assert seen.more == 0
    assert SCOPES.within(answer, "C-OTHER") == answer
    assert isinstance(SCOPES.within(answer, "C-SERVICES"), Refused)


def test_nearest_names_outside_the_scope_are_not_named() -> None:
    near = (candidate("search"), candidate("payroll"), candidate("search", kind="target-group"))
    seen = SCOPES.within(Unknown(words="serch", nearest=near), "C-SERVICES")
    assert seen == Unknown(words="serch", nearest=near[:1])


def test_a_refusal_stays_what_it_is() -> None:
    assert SCOPES.within(Refused(message="m"), "C-SERVICES") == Refused(message="m")


def gap(resource: str) -> Gap:
    return Gap(action="ecs:ListClusters", resource=resource, error="AccessDenied", kind="denied")


def test_an_account_outside_the_scope_is_not_named_where_it_could_not_be_searched() -> None:
    hint = "Accounts: prod (111122223333), test (444455556666)."
    found = Unknown(words="x", gaps=(gap("account test, us-east-1"), gap("account prod, us-east-1")), hint=hint)
    shown = SCOPES.within(found.model_copy(update={"searched": ("account test, us-east-1",)}), "C-ACCOUNTS")
    assert isinstance(shown, Unknown)
    assert [one.resource for one in shown.gaps] == ["account prod, us-east-1"]
    assert (shown.hint, shown.searched) == ("not every place could be searched", ())
    assert SCOPES.within(found, "C-OTHER") is found


@pytest.mark.parametrize(
    ("channel", "message", "is_told"),
    [
        ("C-ACCOUNTS", "Accounts: prod (111122223333), test (444455556666).", False),
        ("C-ACCOUNTS", "Role arn:aws:iam::444455556666:role/read could not be assumed.", False),
        ("C-ACCOUNTS", "Role arn:aws:iam::111122223333:role/read could not be assumed.", True),
        ("C-SERVICES", "The target groups of service prod/payroll could not be read.", False),
        ("C-SERVICES", "Service dev/billing registers with no load balancer.", True),
        ("C-SERVICES", "There are no AWS credentials.", True),
    ],
)
def test_a_refusal_names_nothing_outside_the_scope(channel: str, message: str, is_told: bool) -> None:
    shown = SCOPES.within(Refused(message=message, gaps=(gap("account test, us-east-1"),)), channel)
    assert isinstance(shown, Refused)
    assert (shown.message == message) is is_told
    assert not (channel == "C-ACCOUNTS" and shown.gaps)


def test_notes_about_other_accounts_stay_out_of_the_channel() -> None:
    notes = ("not searched: account test, us-east-1: AccessDenied (ecs:ListClusters)", "no listener forwards to it")
    shown = SCOPES.within(report_of(notes=notes), "C-ACCOUNTS")
    assert isinstance(shown, Report)
    assert shown.target.notes == ("no listener forwards to it", "not every place could be searched")
