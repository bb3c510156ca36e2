"""A whole scan of a small world, beside a diagnosis of each of its services."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError

from diagnostics.aws_access import Account, CallMeter, Scope
from diagnostics.collect.collector import Now
from diagnostics.collect.graph import leading_to
from diagnostics.collect.log_options import LogOptions
from diagnostics.collect.runner import collect
from diagnostics.engine import diagnose
from diagnostics.question import Progress, Refused
from diagnostics.scan import scanner
from diagnostics.scan.answer import Scan
from diagnostics.scan.asking import Asking
from diagnostics.scan.look import FIRST_LOOK
from diagnostics.scan.services import Services, find_services
from diagnostics.scan.together import look_at
from diagnostics.snapshot import Snapshot, Subject, Window
from tests.diagnostics.collect.scripted import ScriptedReader, answered
from tests.diagnostics.scan.conftest import NOW, PROD, REGION, SEALED, InProcess, Shop
from tests.incidents.building import Incident

HOUR = Window(start=NOW.replace(hour=NOW.hour - 1), end=NOW)


@pytest.fixture(scope="module")
def told() -> list[Progress]:
    return []


@pytest.fixture(scope="module")
def scan(shop: Shop, told: list[Progress]) -> Scan:
    found = shop.scanner()(None, None, told.append)
    assert isinstance(found, Scan)
    return found


@pytest.fixture(scope="module")
def subjects(shop: Shop) -> tuple[Subject, ...]:
    meter = CallMeter()
    scopes = [Scope(account_id=PROD, account_name="prod", region=REGION)]
    return find_services(shop.access, scopes, meter, nicknames={}, budget_s=60).subjects


@pytest.fixture(scope="module")
def alone(shop: Shop, subjects: tuple[Subject, ...]) -> dict[str, tuple[Snapshot, int]]:
    """Each service diagnosed by itself, with the number of calls."""
    found = {}
    for subject in subjects:
        meter = CallMeter()
        reader = shop.access.reader(PROD, REGION, meter)
        snapshot = collect(subject, HOUR, reader, clock=lambda: NOW, logs=LogOptions(wish="never"))
        found[subject.label] = snapshot, meter.usage().calls
    return found


def test_the_broken_one_comes_first_with_its_cause_and_its_neighbours_are_well(scan: Scan) -> None:
    assert [(row.name, row.state, row.looked) for row in scan.services] == [
        ("prod/checkout", "broken", "full"),
        ("edge/lone", "well", "first"),
        ("prod/search", "well", "first"),
    ]
    first = scan.services[0]
    assert first.causes[0].code == "sg-ingress-missing"
    assert first.targets == first.targets_not_serving
    assert first.errors_per_minute
    assert (first.words, first.account_name) == ("prod/checkout", "prod")


def test_causes_are_those_of_a_diagnosis(scan: Scan, alone: dict[str, tuple[Snapshot, int]]) -> None:
    for row in scan.services:
        report = diagnose(alone[row.service or ""][0])
        assert [cause.code for cause in row.causes] == [cause.code for cause in report.causes]
        assert {risk.code for risk in row.risks} <= {risk.code for risk in report.risks}


def test_a_first_look_reads_the_very_facts_that_a_diagnosis_reads(
    shop: Shop, subjects: tuple[Subject, ...], alone: dict[str, tuple[Snapshot, int]]
) -> None:
    meter = CallMeter()
    asking = Asking(shop.access.reader(PROD, REGION, meter), time.monotonic() + 60)
    together = look_at(subjects, HOUR, asking, now=Now(NOW))
    asking.close()
    for subject, snapshot in zip(subjects, together, strict=True):
        for fact in FIRST_LOOK:
            assert snapshot.get(fact) == alone[subject.label][0].get(fact), fact.name
    assert meter.usage().calls < sum(calls for _, calls in alone.values()) / 2


def test_what_a_first_look_reads_waits_for_nothing_else() -> None:
    assert {spec.yields for spec in leading_to(*FIRST_LOOK)} == set(FIRST_LOOK)


def test_a_scan_costs_less_than_its_diagnoses(scan: Scan, alone: dict[str, tuple[Snapshot, int]]) -> None:
    assert scan.stats.aws_calls < sum(calls for _, calls in alone.values())
    assert scan.stats.full_looks == 1


def test_an_account_that_is_closed_is_said_once_for_each_region(scan: Scan) -> None:
    closed = Counter((place.account, place.region) for place in scan.unscanned)
    assert closed == {(SEALED, REGION): 1, (SEALED, "eu-west-1"): 1}
    assert scan.unscanned[0].line.startswith("sealed us-east-1: ")


def test_progress_goes_up_to_the_last_service(scan: Scan, told: list[Progress]) -> None:
    assert scan.services
    counts = [(step.done, step.total) for step in told if step.step == "reading"]
    assert counts == sorted(counts)
    assert counts[-1] == (3, 3)
    assert told[-1].text == "into prod/checkout"


def test_what_fails_beyond_the_bound_is_not_looked_into(shop: Shop) -> None:
    found = shop.scanner(max_full=0)("prod", None, lambda _: None)
    assert isinstance(found, Scan)
    assert (found.services[0].looked, found.services[0].state) == ("first", "broken")
    assert not found.services[0].causes
    assert not found.unscanned


def test_services_whose_turn_did_not_come_are_named(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanner, "FIRST_LOOKS_SHARE", 0.0)
    found = shop.scanner()("prod", None, lambda _: None)
    assert isinstance(found, Scan)
    assert not found.services
    assert set(found.not_looked_at) == {"prod/checkout", "prod/search", "edge/lone"}


def test_services_that_were_not_read_in_time_are_not_told_as_sound(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanner, "Asking", lambda reader, _until: Asking(reader, until=0.0))
    found = shop.scanner()("prod", None, lambda _: None)
    assert isinstance(found, Scan)
    assert {row.words: row.state for row in found.services} == dict.fromkeys(
        ("prod/checkout", "prod/search", "edge/lone"), "unread"
    )


def test_where_nothing_can_be_searched_there_is_no_scan(shop: Shop) -> None:
    closed = shop.scanner()("sealed", None, lambda _: None)
    assert isinstance(closed, Refused)
    assert not closed.bad_request
    unknown = shop.scanner()("nobody", None, lambda _: None)
    assert isinstance(unknown, Refused)
    assert unknown.bad_request


def test_errors_that_belong_to_no_service_in_particular_are_those_of_the_load_balancer(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = Incident().shared_with_search().elb_errors(502, 30, 10).snapshot()
    neighbours = [seen.subject, seen.subject.model_copy(update={"service": "search", "query": "prod/search"})]

    def look(subjects: Sequence[Subject], *_: object, **__: object) -> tuple[Snapshot, ...]:
        return tuple(seen.model_copy(update={"subject": subject}) for subject in subjects)

    monkeypatch.setattr(scanner, "find_services", lambda *_, **__: Services(tuple(neighbours), ()))
    monkeypatch.setattr(scanner, "look_at", look)
    monkeypatch.setattr(shop.access, "reader", lambda *_: ScriptedReader(lambda _, __: answered()))
    found = shop.scanner(max_full=0)(None, None, lambda _: None)
    assert isinstance(found, Scan)
    assert [(row.kind, row.state) for row in found.services] == [
        ("load-balancer", "unclear"),
        ("ecs-service", "well"),
        ("ecs-service", "well"),
    ]
    assert found.services[0].words == "app/shop/50dc6c495c0c9188"


def test_what_may_not_be_read_is_said_of_every_service_that_it_hides(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = InProcess.client

    def client(self: InProcess, account: Account, region: str, service: str) -> Any:
        if service == "cloudwatch":
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not authorized"}}, "GetMetricData")
        return allowed(self, account, region, service)

    monkeypatch.setattr(InProcess, "client", client)
    found = shop.scanner(max_full=0)("prod", None, lambda _: None)
    assert isinstance(found, Scan)
    assert [(row.name, row.state) for row in found.services] == [
        ("prod/checkout", "broken"),
        ("edge/lone", "unread"),
        ("prod/search", "unread"),
    ]
    assert found.services[1].unread == ("cloudwatch:GetMetricData is not allowed.",)
