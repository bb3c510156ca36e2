"""A region that hangs: what is found elsewhere is answered in time, and what is nowhere else is waited for."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from demo.aws.guards import Faults
from diagnostics.aws_access import AccessLimits, AwsAccess
from diagnostics.locate import locate
from diagnostics.question import Progress, Question, Refused, Unknown
from diagnostics.snapshot import Subject
from tests.diagnostics.locate.conftest import DEV_ACCOUNT, PROD, PROD_ACCOUNT, Shop

HANGS_S = 20.0
PATIENCE_S = 0.4
BUDGET_S = 1.2
LIMITS = AccessLimits(read_timeout_s=3.0, attempts=1)


@pytest.fixture
def faults(shop: Shop) -> Iterator[Faults]:
    faults = Faults()
    faults.install(shop.world.layer)
    yield faults
    faults.clear()


@pytest.fixture
def access(shop: Shop) -> AwsAccess:
    """Its roles are assumed already."""
    access = AwsAccess((PROD_ACCOUNT, DEV_ACCOUNT), LIMITS)
    locate(Question(words="nothing-of-that-name"), access)
    return access


def ask(access: AwsAccess, words: str, told: list[str], budget_s: float = BUDGET_S) -> tuple[object, float]:
    def listen(step: Progress) -> None:
        told.append(step.text)

    began_s = time.monotonic()
    located = locate(Question(words=words), access, progress=listen, budget_s=budget_s, patience_s=PATIENCE_S)
    return located.outcome, time.monotonic() - began_s


def test_what_was_found_does_not_wait_for_a_place_that_hangs_and_says_so(access: AwsAccess, faults: Faults) -> None:
    faults.hang(HANGS_S, account=DEV_ACCOUNT.id, times=None)
    found, took_s = ask(access, "checkout", [])
    assert isinstance(found, Subject)
    assert found.account == PROD
    assert found.notes == ("not searched: account dev, us-east-1: OutOfTime (alb502:Locate)",)
    assert took_s < BUDGET_S


def test_what_is_nowhere_else_is_waited_for(access: AwsAccess, faults: Faults) -> None:
    told: list[str] = []
    faults.hang(4 * PATIENCE_S, account=PROD, times=2)  # slow, not gone
    found, _ = ask(access, "prod/checkout", told, budget_s=HANGS_S)
    assert isinstance(found, Subject)
    assert told[-1] == "no answer yet from account prod, us-east-1, asking again"


def test_a_region_that_is_down_is_named_before_the_time_is_up(access: AwsAccess, faults: Faults) -> None:
    told: list[str] = []
    faults.hang(HANGS_S, times=None)
    outcome, took_s = ask(access, "checkout", told)
    assert isinstance(outcome, Refused)
    assert "AWS gave no answer" in outcome.message
    assert any("no answer yet from account dev, us-east-1; account prod, us-east-1" in text for text in told)
    assert took_s < BUDGET_S + 1


def test_a_name_that_does_not_exist_is_not_looked_for_twice(access: AwsAccess) -> None:
    told: list[str] = []
    outcome, _ = ask(access, "chekout", told)
    assert isinstance(outcome, Unknown)
    assert not any("asking again" in text for text in told)
