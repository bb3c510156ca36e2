"""A region that hangs: what is found elsewhere is answered in time, and what is nowhere else is waited for."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from demo.aws.layer import Call
from diagnostics.aws_access import AccessLimits, AwsAccess, CallMeter
from diagnostics.facts import Gap
from diagnostics.locate import finder, locate, search
from diagnostics.question import Ambiguous, Progress, Question, Refused, Unknown
from diagnostics.snapshot import Subject
from tests.diagnostics.locate.conftest import DEV, DEV_ACCOUNT, PROD, PROD_ACCOUNT, Shop
from tests.diagnostics.standstill import Standstill

PATIENCE_S = 0.4
SLOW_S = 1.6
BUDGET_S = 1.2
LONG_S = 20.0
Ask = Callable[..., tuple[object, list[str]]]
LIMITS = AccessLimits(read_timeout_s=60, attempts=1)


class SlowPlaces(Standstill):
    """Accounts whose calls are answered after a while only."""

    def __init__(self) -> None:
        super().__init__()
        self._slow: dict[str, float] = {}

    def slow(self, account: str, seconds: float = math.inf) -> None:
        self._slow[account] = seconds

    def __call__(self, call: Call) -> None:
        if call.account in self._slow:
            self.hold(self._slow[call.account])


@pytest.fixture
def places(shop: Shop) -> Iterator[SlowPlaces]:
    places = SlowPlaces()
    shop.world.layer.outside.append(places)
    yield places
    places.release()
    shop.world.layer.outside.remove(places)


@pytest.fixture
def access(shop: Shop) -> AwsAccess:
    """Its roles are assumed already."""
    access = AwsAccess((PROD_ACCOUNT, DEV_ACCOUNT), LIMITS)
    locate(Question(words="nothing-of-that-name"), access)
    return access


@pytest.fixture
def ask(access: AwsAccess, places: SlowPlaces, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Asks by the clock of the slow places."""

    def asked(words: str, budget_s: float = BUDGET_S) -> tuple[object, list[str]]:
        told: list[str] = []

        def listen(step: Progress) -> None:
            told.append(step.text)

        question = Question(words=words)
        located = locate(question, access, progress=listen, budget_s=budget_s, patience_s=PATIENCE_S)
        return located.outcome, told

    monkeypatch.setattr(search, "wait", places.wait)
    monkeypatch.setattr(search, "time", places.clock)
    monkeypatch.setattr(finder, "time", places.clock)
    return asked


def test_what_was_found_does_not_wait_for_a_place_that_hangs_and_says_so(ask: Ask, places: SlowPlaces) -> None:
    places.slow(DEV)
    found, _ = ask("checkout")
    assert isinstance(found, Subject)
    assert found.account == PROD
    assert found.notes == ("not searched: account dev, us-east-1: OutOfTime (alb502:Locate)",)
    assert places.took_s == PATIENCE_S


def test_what_is_nowhere_else_is_waited_for(ask: Ask, places: SlowPlaces) -> None:
    places.slow(PROD, SLOW_S)
    found, told = ask("prod/checkout", budget_s=LONG_S)
    assert isinstance(found, Subject)
    assert told[-1] == "no answer yet from account prod, us-east-1, asking again"
    assert places.took_s == PATIENCE_S + 2 * SLOW_S  # its target group is read as slowly


def test_a_cluster_of_that_name_is_answered_once_nothing_else_can_have_it(ask: Ask, places: SlowPlaces) -> None:
    places.slow(DEV, SLOW_S)
    found, told = ask("prod", budget_s=LONG_S)
    assert isinstance(found, Ambiguous)
    assert found.is_cluster
    assert "no answer yet from account dev, us-east-1, asking again" in told
    assert {one.account for one in found.candidates} == {PROD, DEV}


def test_a_region_that_is_down_is_named_before_the_time_is_up(ask: Ask, places: SlowPlaces) -> None:
    places.slow(DEV)
    places.slow(PROD)
    outcome, told = ask("checkout")
    assert isinstance(outcome, Refused)
    assert "AWS gave no answer" in outcome.message
    assert any("no answer yet from account dev, us-east-1; account prod, us-east-1" in text for text in told)
    assert places.took_s < BUDGET_S


def test_an_answer_that_cannot_be_read_is_not_waited_for(access: AwsAccess) -> None:
    def broken(_: search.Place) -> search.Looked[str]:
        raise KeyError("clusterArns")

    scopes = access.scopes()
    assert not isinstance(scopes, Gap)
    with search.Search(access, scopes, CallMeter()) as looking:
        assert looking.together([(looking.places[0], broken)]) == ()
        assert [gap.error for gap in looking.gaps] == ["MalformedAnswer"]
        assert looking.late == ()


def test_a_name_that_does_not_exist_is_not_looked_for_twice(ask: Ask) -> None:
    outcome, told = ask("chekout")
    assert isinstance(outcome, Unknown)
    assert not any("asking again" in text for text in told)


def test_only_what_is_waited_for_alone_takes_room(
    access: AwsAccess, places: SlowPlaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is asked together with others holds nobody up for long."""
    entered: list[tuple[str, ...]] = []

    @contextmanager
    def room(accounts: Sequence[str]) -> Iterator[None]:
        entered.append(tuple(accounts))
        yield

    monkeypatch.setattr(search, "wait", places.wait)
    monkeypatch.setattr(search, "time", places.clock)
    monkeypatch.setattr(finder, "time", places.clock)
    places.slow(PROD, SLOW_S)
    locate(Question(words="prod/checkout"), access, budget_s=LONG_S, patience_s=PATIENCE_S, room=room)
    locate(Question(words="checkout", account="prod"), access, budget_s=LONG_S, patience_s=PATIENCE_S, room=room)
    assert entered == [(), (PROD,), (PROD,)]
