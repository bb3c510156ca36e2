"""`alb502 alarms`: a table for a person, JSON for programs, and one line when nothing could be told."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import bot.diagnosing
from bot.cli.schema import schema_text
from diagnostics.facts import Alarm, Alarms, LoadBalancerAttributes, LoadBalancers
from diagnostics.facts.fact import Fact
from diagnostics.question import ProgressListener, Question, Refused, Unknown
from diagnostics.snapshot import Snapshot
from tests.bot.cli.running import Ran, alb502
from tests.incidents.building import ACCOUNT, LB, LB_DIMENSION, REGION, TG_DIMENSION, Incident

TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"
SCHEMA_FILE = Path(__file__).parents[3] / "docs" / "alarms.schema.json"
HOSTILE = "[red]\x1b[31m" + "x" * 300


class Reader:
    """Stands for what reads the facts."""

    def __init__(self, found: Snapshot | Unknown | Refused) -> None:
        self.found = found
        self.wanted: tuple[type[Fact], ...] = ()

    def facts(self, _question: Question, wanted: Any, _listener: ProgressListener) -> Snapshot | Unknown | Refused:
        self.wanted = tuple(wanted)
        return self.found


def alarm(name: str, metric: str, **more: Any) -> Alarm:
    given = {"state": "OK", "dimensions": {"LoadBalancer": LB_DIMENSION}, "statistic": "Sum", "notifies": True}
    return Alarm(name=name, metric=metric, namespace="AWS/ApplicationELB", **{**given, **more})


def watched_by(*alarms: Alarm, **more: Any) -> Incident:
    incident = Incident().replace(Alarms(items=alarms, **more))
    return incident.replace(LoadBalancerAttributes(by_arn={LB: {"idle_timeout.timeout_seconds": "60"}}))


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def asked(found: Incident | Unknown | Refused, *arguments: str) -> Ran:
        reader = Reader(found.snapshot() if isinstance(found, Incident) else found)
        monkeypatch.setattr(bot.diagnosing, "diagnoser", lambda _settings: reader)
        return alb502(capsys, "alarms", "checkout", *arguments)

    return asked


@pytest.mark.parametrize("width", ["40", "120"])
def test_nothing_is_cut_in_a_narrow_window(ask: Any, monkeypatch: pytest.MonkeyPatch, width: str) -> None:
    monkeypatch.setenv("COLUMNS", width)
    told = "".join(ask(watched_by(alarm("checkout-5xx", "HTTPCode_Target_5XX_Count"))).out.split())
    assert "TargetConnectionErrorCount" in told
    assert "Maximum>=1,3min" in told
    assert "wrongmetric" in told
    assert "missing" in told
    assert "checkout-5xx(OK)" in told


def test_what_is_there_what_is_wrong_and_what_is_missing(ask: Any) -> None:
    group = {"LoadBalancer": LB_DIMENSION, "TargetGroup": TG_DIMENSION}
    good = alarm("checkout unwell", "UnHealthyHostCount", statistic="Maximum", dimensions=group)
    ran = ask(watched_by(alarm(HOSTILE, "HTTPCode_Target_5XX_Count"), good))
    assert (ran.status, ran.err) == (0, "")
    assert "1 of 4 recommended alarms in place" in ran.out
    assert "a 502 of the load balancer is not among them" in " ".join(ran.out.split())
    assert "\x1b[31m" not in ran.out
    assert "set remediations.alarm_topic" in " ".join(ran.out.split())
    assert ran.out.count("aws cloudwatch put-metric-alarm") == 3
    assert "--alarm-actions" not in ran.out


def test_programs_get_json_with_the_fix(ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALB502_REMEDIATIONS__ALARM_TOPIC", TOPIC)
    told = json.loads(ask(watched_by(complete=False), "--json").out)
    assert told["schema"] == "alb502.alarms/1"
    assert told["target"]["service"] == "checkout"
    assert not told["complete"]
    assert [one["status"] for one in told["alarms"]] == ["missing"] * 4
    assert told["fix"]["id"] == "alarms-create"
    assert told["fix"]["topic"] == TOPIC
    for line, name in zip(told["fix"]["aws_cli"], told["fix"]["alarms"], strict=True):
        words = shlex.split(line)
        assert words[:3] == ["aws", "cloudwatch", "put-metric-alarm"]
        assert words[words.index("--alarm-name") + 1] == name
        assert words[words.index("--alarm-actions") + 1] == TOPIC


def test_the_schema_in_the_docs_is_the_schema() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text("alarms"), (
        "python -m bot.cli.schema alarms > docs/alarms.schema.json"
    )


@pytest.mark.parametrize("found", [(), (alarm(HOSTILE, "HTTPCode_Target_5XX_Count", notifies=None),)])
def test_the_answer_fits_its_schema(ask: Any, found: tuple[Alarm, ...]) -> None:
    validator = Draft202012Validator(json.loads(schema_text("alarms")))
    told = json.loads(ask(watched_by(*found), "--json").out)
    assert list(validator.iter_errors(told)) == []
    assert list(validator.iter_errors(told | {"alarms": [{"status": "maybe"}]}))
    assert list(validator.iter_errors({name: value for name, value in told.items() if name != "fix"}))


def test_nothing_is_left_to_do(ask: Any) -> None:
    metrics = ("HTTPCode_ELB_502_Count", "TargetConnectionErrorCount")
    group = {"LoadBalancer": LB_DIMENSION, "TargetGroup": TG_DIMENSION}
    all_of_them = [alarm(metric, metric) for metric in metrics]
    all_of_them += [
        alarm("unwell", "UnHealthyHostCount", statistic="Maximum", dimensions=group),
        alarm("slow", "TargetResponseTime", statistic="p99"),
    ]
    told = json.loads(ask(watched_by(*all_of_them), "--json").out)
    assert told["fix"] is None
    assert "put-metric-alarm" not in ask(watched_by(*all_of_them)).out


def test_what_was_denied_is_one_line_and_no_answer(ask: Any) -> None:
    ran = ask(watched_by().denied(Alarms, "cloudwatch:DescribeAlarms"))
    assert (ran.status, ran.out) == (3, "")
    assert "cloudwatch:DescribeAlarms" in ran.err


def test_without_a_load_balancer_there_is_nothing_to_watch(ask: Any) -> None:
    incident = watched_by().edit(LoadBalancers, lambda fact: fact.model_copy(update={"items": ()}))
    ran = ask(incident)
    assert (ran.status, ran.out) == (3, "")
    assert "nothing to watch" in ran.err


def test_an_unknown_target_is_bad_usage(ask: Any) -> None:
    assert ask(Unknown(words="checkout")).status == 2
