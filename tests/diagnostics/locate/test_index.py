"""The index that a bot keeps: a name costs no call, one refresher at a time, old entries are not trusted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from diagnostics.aws_access import AwsAccess, CallMeter
from diagnostics.locate import Stored, refresh
from diagnostics.locate.index import MAX_AGE_S, index_key
from diagnostics.locate.seen import Where
from diagnostics.question import Ambiguous, Unknown
from diagnostics.snapshot import Subject
from tests.diagnostics.locate.conftest import DEV_ACCOUNT, PROD, PROD_ACCOUNT, REGION, SEALED_ACCOUNT, Shop

KEY = index_key(Where(account=PROD, region=REGION))


class MemoryIndex:
    def __init__(self) -> None:
        self.texts: dict[str, Stored] = {}
        self.busy: set[str] = set()

    def get(self, key: str) -> Stored | None:
        return self.texts.get(key)

    def put(self, key: str, text: str) -> None:
        self.texts[key] = Stored(text, 0)

    @contextmanager
    def refreshing(self, key: str) -> Iterator[bool]:
        yield key not in self.busy


def filled(shop: Shop) -> MemoryIndex:
    index = MemoryIndex()
    refresh(AwsAccess((PROD_ACCOUNT, DEV_ACCOUNT)), index, CallMeter())
    return index


def test_a_known_service_costs_no_call(shop: Shop) -> None:
    located = shop.ask("checkout", index=filled(shop))

    assert isinstance(located.outcome, Subject)
    assert located.outcome == shop.ask("checkout").outcome
    assert located.delays == 0


def test_load_balancers_and_target_groups_cost_no_call_by_name(shop: Shop) -> None:
    located = shop.ask("public", PROD_ACCOUNT, index=filled(shop))

    assert isinstance(located.outcome, Subject)
    assert located.outcome.kind == "load-balancer"
    assert located.delays == 0


def test_ambiguity_is_seen_in_the_index(shop: Shop) -> None:
    located = shop.ask("search", index=filled(shop))

    assert isinstance(located.outcome, Ambiguous)
    assert located.delays == 0


def test_what_the_index_does_not_know_is_looked_for_in_aws(plain: Shop) -> None:
    located = plain.ask("render", PROD_ACCOUNT, index=filled(plain))

    assert isinstance(located.outcome, Subject)
    assert located.outcome.kind == "lambda"


def test_an_unknown_name_is_compared_with_the_index(shop: Shop) -> None:
    located = shop.ask("chekout", index=filled(shop))

    assert isinstance(located.outcome, Unknown)
    assert located.outcome.nearest[0].name == "checkout"
    assert located.delays == 2  # AWS was asked for the name, not for lists


def test_an_entry_that_is_too_old_or_unreadable_is_not_used(shop: Shop) -> None:
    index = filled(shop)
    index.texts[KEY] = Stored(index.texts[KEY].text, MAX_AGE_S + 1)
    assert shop.ask("checkout", PROD_ACCOUNT, index=index).delays == 3

    index.texts[KEY] = Stored('{"version": 99}', 0)
    assert shop.ask("checkout", PROD_ACCOUNT, index=index).delays == 3


def test_only_one_refreshes_and_young_entries_stay(shop: Shop) -> None:
    index = filled(shop)
    meter = CallMeter()
    access = AwsAccess((PROD_ACCOUNT,))

    assert refresh(access, index, meter).left == (KEY,)
    index.texts.clear()
    index.busy.add(KEY)
    assert refresh(access, index, meter).left == (KEY,)
    assert meter.usage().calls == 0
    index.busy.clear()
    assert refresh(access, index, meter).read == (KEY,)


def test_a_place_that_cannot_be_read_keeps_its_old_entry(shop: Shop) -> None:
    index = MemoryIndex()
    done = refresh(AwsAccess((PROD_ACCOUNT, SEALED_ACCOUNT)), index, CallMeter())

    assert done.read == (KEY,)
    assert list(index.texts) == [KEY]
    assert {gap.action for gap in done.gaps} == {"sts:AssumeRole"}
