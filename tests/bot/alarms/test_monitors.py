"""Monitors of other tools, which CloudWatch knows nothing of: what they name has to exist."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from bot.alarms_in_aws import AlarmsInAws
from diagnostics.aws_access import AwsAccess
from diagnostics.locate import Nickname
from diagnostics.locate.alarm_truth import KnownAlarm, NotOurs
from diagnostics.question import Question, Unknown
from diagnostics.snapshot import Subject
from handlers.alarms import AlarmNews
from tests.bot.alarms.posting import BALANCER, Aws


class World(AlarmsInAws):
    """With one load balancer, ``app/checkout/50dc6c495c0c9188``, and the service ``shop`` behind it."""

    def __init__(self) -> None:
        super().__init__(cast("AwsAccess", None), None, {"shop": Nickname(service="checkout")})

    def find(self, question: Question) -> Subject | Unknown:
        is_there = question.words in {"app/checkout/50dc6c495c0c9188", "shop"}
        return Aws().service("checkout") if is_there else Unknown(words=question.words)


def news(**more: Any) -> AlarmNews:
    at = datetime(2026, 3, 14, 3, 12, tzinfo=UTC)
    return AlarmNews(id="ask-1", correlation_id="c-1", state="ALARM", at=at, team="T", channel="C", **more)


def test_each_monitor_of_a_load_balancer_is_an_alarm_of_its_own() -> None:
    dimension = "app/checkout/50dc6c495c0c9188"
    told = [World()(news(format="Grafana", title=title, load_balancer=dimension)) for title in ("5xx", "latency", None)]
    assert all(isinstance(one, KnownAlarm) and one.watches == BALANCER for one in told)
    assert [cast("KnownAlarm", one).name for one in told] == [
        "Grafana: 5xx",
        "Grafana: latency",
        f"Grafana: {dimension}",
    ]


def test_a_service_that_is_known_by_one_of_the_words() -> None:
    known = World()(news(format="unknown sender", words=("ALERT", "errors", "of", "Shop")))
    assert isinstance(known, KnownAlarm)
    assert (known.words, known.subject) == ("shop", Aws().service("checkout"))


@pytest.mark.parametrize("named", [{"load_balancer": "app/gone/50dc6c495c0c9188"}, {"target_group": "targetgroup/x/1"}])
def test_what_does_not_exist_causes_silence(named: dict[str, str]) -> None:
    assert isinstance(World()(news(format="Grafana", **named)), NotOurs)
