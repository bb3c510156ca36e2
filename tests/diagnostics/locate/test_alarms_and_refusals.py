"""Composite alarms, and services of AWS that refuse: played by a layer whose answers the test writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from demo.aws import server
from demo.aws.call import Call
from demo.aws.guards import access_denied
from demo.aws.layer import AwsLayer
from diagnostics.question import Refused
from diagnostics.snapshot import Subject
from tests.diagnostics.locate.conftest import DEV, PROD, PROD_ACCOUNT, REGION, Shop

Played = Callable[[AwsLayer], None]


@pytest.fixture
def play(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Played]:
    """Puts a layer of the test's own before the same resources."""
    running: list[server.RunningServer] = []

    def serve(layer: AwsLayer) -> None:
        running.append(server.start(layer))
        for name, value in server.environment(running[-1].endpoint_url, REGION, PROD).items():
            monkeypatch.setenv(name, value)

    yield serve
    for one in running:
        one.close()


def with_alarms(alarms: Mapping[str, Mapping[str, Any]], state: Callable[[Call], str] = lambda _: "ALARM") -> AwsLayer:
    """`alarms`: name to either the Dimensions of a metric alarm or the AlarmRule of a composite one."""
    layer = AwsLayer()

    def describe(call: Call) -> dict[str, Any]:
        asked = [(name, alarms[name]) for name in call.params["AlarmNames"] if name in alarms]
        found = [{"AlarmName": name, "StateValue": state(call), **body} for name, body in asked]
        return {
            "MetricAlarms": [alarm for alarm in found if "AlarmRule" not in alarm],
            "CompositeAlarms": [alarm for alarm in found if "AlarmRule" in alarm],
        }

    layer.op("cloudwatch", "DescribeAlarms")(describe)
    return layer


def on(balancer: str) -> dict[str, Any]:
    return {"Namespace": "AWS/ApplicationELB", "Dimensions": [{"Name": "LoadBalancer", "Value": balancer}]}


def test_a_composite_alarm_leads_through_its_children_even_in_a_circle(shop: Shop, play: Played) -> None:
    dimension = shop.services["web"].load_balancer.dimension
    play(
        with_alarms(
            {
                "shop is broken": {"AlarmRule": 'ALARM("middle") AND NOT ALARM("deploying")'},
                "middle": {"AlarmRule": 'ALARM("public errors") OR ALARM("shop is broken")'},
                "public errors": on(dimension),
                "deploying": on("app/other/0123456789abcdef"),
            }
        )
    )
    outcome = shop.ask("shop is broken", PROD_ACCOUNT).outcome

    assert isinstance(outcome, Subject)
    assert outcome.load_balancers == (shop.public,)


def test_a_chain_of_alarms_that_is_too_deep_is_given_up(shop: Shop, play: Played) -> None:
    chain = {f"alarm {n}": {"AlarmRule": f'ALARM("alarm {n + 1}")'} for n in range(9)}
    play(with_alarms({**chain, "alarm 9": on(shop.services["web"].load_balancer.dimension)}))
    outcome = shop.ask("alarm 0", PROD_ACCOUNT).outcome

    assert isinstance(outcome, Refused)
    assert "about no load balancer" in outcome.message


def test_of_one_alarm_in_two_accounts_the_one_that_went_off_is_meant(shop: Shop, play: Played) -> None:
    alarms = {"public errors": on(shop.services["web"].load_balancer.dimension)}
    play(with_alarms(alarms, state=lambda call: "ALARM" if call.account == PROD else "OK"))
    outcome = shop.ask("public errors").outcome

    assert isinstance(outcome, Subject)
    assert outcome.account == PROD


def test_two_alarms_that_went_off_have_to_be_told_apart(shop: Shop, play: Played) -> None:
    play(with_alarms({"public errors": on("app/public/1")}))
    outcome = shop.ask("public errors").outcome

    assert isinstance(outcome, Refused)
    assert "account prod, us-east-1; account dev, us-east-1" in outcome.message


def test_an_alarm_that_watches_a_foreign_account_says_which(shop: Shop, play: Played) -> None:
    metric = {"AccountId": DEV, "MetricStat": {"Metric": on("app/public/1"), "Period": 60, "Stat": "Sum"}, "Id": "m"}
    play(with_alarms({"central": {"Metrics": [metric]}}))
    outcome = shop.ask("central", PROD_ACCOUNT).outcome

    assert isinstance(outcome, Refused)
    assert outcome.message == f"The alarm watches account {DEV}, which is not configured."


@contextmanager
def refusing(shop: Shop, *services: str) -> Iterator[None]:
    def refuse(call: Call) -> None:
        if call.service in services:
            raise access_denied(call, f"not authorized to perform: {call.iam_action}")

    shop.world.layer.before.append(refuse)
    try:
        yield
    finally:
        shop.world.layer.before.remove(refuse)


def test_without_permission_for_ecs_the_target_group_is_still_found(shop: Shop) -> None:
    with refusing(shop, "ecs"):
        outcome = shop.ask("checkout", PROD_ACCOUNT).outcome

    assert isinstance(outcome, Subject)
    assert (outcome.kind, outcome.service) == ("target-group", None)
    assert outcome.notes == ("not searched: account prod, us-east-1: AccessDeniedException (ecs:ListClusters)",)
    hidden = outcome.unread("ecs")
    assert hidden is not None
    assert (hidden.action, hidden.kind) == ("ecs:ListClusters", "denied")
    assert outcome.unread("lambda") is None


def test_without_permission_for_load_balancing_the_service_cannot_be_followed(shop: Shop) -> None:
    with refusing(shop, "elbv2"):
        outcome = shop.ask("prod/checkout", PROD_ACCOUNT).outcome

    assert isinstance(outcome, Refused)
    assert not outcome.bad_request
    assert "target groups of service prod/checkout could not be read" in outcome.message
    assert {gap.kind for gap in outcome.gaps} == {"denied"}


@pytest.mark.parametrize("words", ["checkout", "https://shop.example.com/", "app/public/1", "no such alarm"])
def test_without_any_permission_nothing_is_guessed(shop: Shop, words: str) -> None:
    with refusing(shop, "ecs", "elbv2", "lambda", "cloudwatch", "route53"):
        outcome = shop.ask(words, PROD_ACCOUNT).outcome

    assert isinstance(outcome, Refused)
    assert not outcome.bad_request
