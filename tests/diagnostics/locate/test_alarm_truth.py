"""What AWS says of alarms that posts name: composite ones, math, bands, and one name in several accounts; over HTTP."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from demo.aws import server
from demo.aws.call import Call
from demo.aws.guards import TrustGuard
from demo.aws.layer import AwsLayer
from diagnostics.aws_access import Account, AwsAccess
from diagnostics.locate.alarm_truth import KnownAlarm, NotOurs, alarm_truth
from tests.diagnostics.locate.conftest import (
    DEV,
    DEV_ACCOUNT,
    PROD,
    PROD_ACCOUNT,
    REGION,
    SEALED_ACCOUNT,
    Shop,
    access_to,
)

BEGAN = datetime(2026, 11, 21, 3, 13, 5, tzinfo=UTC)
NAMESPACE = "AWS/ApplicationELB"


def test_an_alarm_that_nobody_could_be_asked_about_is_worth_another_try(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    found = alarm_truth("alb-502", AwsAccess())
    assert isinstance(found, NotOurs)
    assert (found.why, found.unread) == (
        "No AWS region is set: set AWS_REGION, or configure accounts with regions.",
        True,
    )


@pytest.fixture(scope="module")
def alarms(shop: Shop) -> Iterator[dict[str, dict[str, Any]]]:
    """The world's resources with alarms before them: name to what DescribeAlarms tells of it; `by` account wins."""
    written: dict[str, dict[str, Any]] = {}
    layer = AwsLayer()

    def describe(call: Call) -> dict[str, Any]:
        found = []
        for name in call.params["AlarmNames"]:
            alarm = written.get(name)
            told = alarm.get("by", {}).get(call.account, None if "by" in alarm else {}) if alarm else None
            if alarm is None or told is None:
                continue
            arn = f"arn:aws:cloudwatch:{REGION}:{call.account}:alarm:{name}"
            basis = {"AlarmName": name, "AlarmArn": arn, "StateValue": "ALARM", "StateTransitionedTimestamp": BEGAN}
            found.append({**basis, **{key: value for key, value in alarm.items() if key != "by"}, **told})
        return {
            "MetricAlarms": [alarm for alarm in found if "AlarmRule" not in alarm],
            "CompositeAlarms": [alarm for alarm in found if "AlarmRule" in alarm],
        }

    layer.op("cloudwatch", "DescribeAlarms")(describe)
    TrustGuard({str(account.read_role): None for account in (PROD_ACCOUNT, DEV_ACCOUNT)}).install(layer)
    with server.start(layer) as running, pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment(running.endpoint_url, REGION, PROD).items():
            patch.setenv(name, value)
        web = shop.services["web"].load_balancer.dimension
        written.update(
            {
                "plain": metric(web),
                "shop is broken": {"AlarmRule": 'ALARM("rate") AND NOT ALARM("deploying")'},
                "by arn": {"AlarmRule": f"ALARM(arn:aws:cloudwatch:{REGION}:{PROD}:alarm:plain) OR FALSE"},
                "in a circle": {"AlarmRule": 'ALARM("in a circle") OR ALARM("database")'},
                "rate": {"Metrics": [expression("100*errors/requests"), stat("errors", web), stat("requests", web)]},
                "band": {
                    "ThresholdMetricId": "expected",
                    "Metrics": [expression("ANOMALY_DETECTION_BAND(m1, 2)", "expected"), stat("m1", web)],
                },
                "search": {"Metrics": [expression(f"SUM(SEARCH('LoadBalancer=\"{web}\"', 'Sum', 60))")]},
                "database": {"Namespace": "AWS/RDS", "MetricName": "CPUUtilization",
                             "Dimensions": [{"Name": "DBInstanceIdentifier", "Value": "orders"}]},
                "gone": metric("app/gone/0123456789abcdef"),
            }
        )  # fmt: skip
        yield written


def metric(balancer: str) -> dict[str, Any]:
    dimensions = [{"Name": "LoadBalancer", "Value": balancer}]
    return {"Namespace": NAMESPACE, "MetricName": "HTTPCode_ELB_5XX_Count", "Dimensions": dimensions}


def stat(name: str, balancer: str) -> dict[str, Any]:
    return {"Id": name, "MetricStat": {"Metric": metric(balancer), "Period": 60, "Stat": "Sum"}, "ReturnData": False}


def expression(words: str, name: str = "e1") -> dict[str, Any]:
    return {"Id": name, "Expression": words, "ReturnData": True}


def truth(name: str, *accounts: Account, **more: Any) -> KnownAlarm | NotOurs:
    access = access_to(accounts or (PROD_ACCOUNT, DEV_ACCOUNT), os.environ["AWS_ENDPOINT_URL"])
    return alarm_truth(name, access, **{"region": REGION, **more})


@pytest.mark.parametrize("name", ["plain", "shop is broken", "by arn", "rate", "band", "search"])
def test_each_kind_of_alarm_leads_to_its_load_balancer(
    shop: Shop, alarms: dict[str, dict[str, Any]], name: str
) -> None:
    known = truth(name, PROD_ACCOUNT)
    assert isinstance(known, KnownAlarm), known
    assert (known.watches, known.account, known.region) == (shop.public, PROD, REGION)
    assert (known.state, known.changed_at) == ("ALARM", BEGAN)
    assert known.words == f"arn:aws:cloudwatch:{REGION}:{PROD}:alarm:{name}"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("database", "about no load balancer"),
        ("in a circle", "about no load balancer"),
        ("gone", "does not exist"),
        ("made up", "no account that may be read has this alarm"),
    ],
)
def test_what_is_not_ours_says_why(alarms: dict[str, dict[str, Any]], name: str, why: str) -> None:
    found = truth(name, PROD_ACCOUNT)
    assert isinstance(found, NotOurs)
    assert why in found.why
    assert not found.unread


@pytest.fixture
def twice(shop: Shop, alarms: dict[str, dict[str, Any]]) -> Iterator[dict[str, dict[str, Any]]]:
    """One name in two accounts, each with a load balancer of its own."""
    elb = shop.world.account(DEV).client("elbv2")
    arn = elb.describe_load_balancers(Names=["dev-public"])["LoadBalancers"][0]["LoadBalancerArn"]
    by: dict[str, dict[str, Any]] = {PROD: {}, DEV: metric(arn.rpartition(":loadbalancer/")[2])}
    alarms["twice"] = {**metric(shop.services["web"].load_balancer.dimension), "by": by}
    yield by
    del alarms["twice"]


def test_the_post_s_account_decides(twice: dict[str, dict[str, Any]]) -> None:
    known = truth("twice", account=DEV)
    assert isinstance(known, KnownAlarm)
    assert known.account == DEV


def test_of_several_accounts_the_one_in_the_post_s_state_is_meant(twice: dict[str, dict[str, Any]]) -> None:
    twice[PROD]["StateValue"] = "OK"
    began, ended = truth("twice"), truth("twice", state="OK")
    assert isinstance(began, KnownAlarm)
    assert isinstance(ended, KnownAlarm)
    assert (began.account, ended.account) == (DEV, PROD)


def test_of_several_in_that_state_the_one_that_changed_by_then_is_meant(twice: dict[str, dict[str, Any]]) -> None:
    twice[PROD]["StateTransitionedTimestamp"] = BEGAN - timedelta(days=3)
    known = truth("twice", at=BEGAN + timedelta(seconds=20))
    assert isinstance(known, KnownAlarm)
    assert known.account == DEV


def test_two_that_cannot_be_told_apart_cause_silence(twice: dict[str, dict[str, Any]]) -> None:
    found = truth("twice", at=BEGAN)
    assert isinstance(found, NotOurs)
    assert found.why == "2 places have this alarm"


def test_an_account_that_cannot_be_read_is_worth_another_try(alarms: dict[str, dict[str, Any]]) -> None:
    found = truth("plain", SEALED_ACCOUNT)
    assert isinstance(found, NotOurs)
    assert found.unread
