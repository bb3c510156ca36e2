"""The engine asks every cause, forgives a faulty one, and says what it could not check."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator

import pytest

from diagnostics import engine
from diagnostics.causes import catalogue
from diagnostics.causes.cause import Facts, Finding, UndeclaredFactError
from diagnostics.facts import ApplicationLogs, Metrics, SecurityGroups, StoppedTasks, TargetHealth
from diagnostics.rules.observations import observe
from tests.incidents.building import Incident, stopped_task
from tests.incidents.rows import logged

OOM = "OutOfMemoryError: Container killed due to memory usage"


def test_a_healthy_service_has_no_cause_and_all_checks_say_so() -> None:
    healthy = logged(Incident()).not_applicable(ApplicationLogs, "nothing fails")
    report = engine.diagnose(healthy.snapshot())
    assert report.verdict == "no_fault_found"
    assert report.headline == "checkout · no fault found"
    assert {check.code for check in report.checks} == set(catalogue())
    assert {check.status for check in report.checks} <= {"clear", "not_applicable", "risk"}


def test_a_denied_fact_leaves_its_checks_open_and_names_the_permission() -> None:
    report = engine.diagnose(Incident().denied(StoppedTasks, "ecs:DescribeTasks").snapshot())
    checks = {check.code: check for check in report.checks}
    assert checks["task-oom-killed"].status == "unknown"
    assert "ecs:DescribeTasks" in checks["task-oom-killed"].reason
    gap = next(gap for gap in report.gaps if gap.action == "ecs:DescribeTasks")
    assert "task-oom-killed" in gap.affects
    assert json.loads(gap.fix or "")["Action"] == "ecs:DescribeTasks"


def test_a_check_that_was_blind_is_not_clear() -> None:
    report = engine.diagnose(Incident().denied(SecurityGroups, "ec2:DescribeSecurityGroups").snapshot())
    check = next(check for check in report.checks if check.code == "sg-ingress-missing")
    assert (check.status, "ec2:DescribeSecurityGroups" in check.reason) == ("unknown", True)


def test_a_number_that_was_not_read_is_null() -> None:
    report = engine.diagnose(Incident().denied(Metrics, "cloudwatch:GetMetricData").snapshot())
    assert report.symptom.elb_502 is None
    assert report.symptom.requests is None
    assert report.symptom.error_rate is None
    assert "could not be read" in report.headline


def test_a_faulty_cause_costs_its_own_check_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Facts) -> Iterator[Finding]:
        if observe(Incident().snapshot()).symptoms == frozenset():
            raise KeyError("planted")
        yield from ()

    specs = dict(catalogue())
    specs["task-crash-exit"] = dataclasses.replace(specs["task-crash-exit"], function=broken)
    monkeypatch.setattr(engine, "catalogue", lambda: specs)
    report = engine.diagnose(Incident().stopped(stopped_task(1, minutes_ago=5, exit_code=137, reason=OOM)).snapshot())
    assert report.causes[0].code == "task-oom-killed"
    assert next(check for check in report.checks if check.code == "task-crash-exit").status == "unknown"


def test_a_cause_sees_only_what_it_declares() -> None:
    snapshot = Incident().snapshot()
    facts = Facts(snapshot, observe(snapshot), needs=(TargetHealth,), uses=())
    assert facts[TargetHealth].by_group
    with pytest.raises(UndeclaredFactError):
        facts[StoppedTasks]
    with pytest.raises(UndeclaredFactError):
        facts.maybe(StoppedTasks)


def test_the_report_goes_to_json_and_back_with_the_names_of_its_schema() -> None:
    report = engine.diagnose(Incident().elb_errors(502, 40, 10).snapshot())
    raw = json.loads(report.to_json())
    assert raw["schema"] == "alb502.report/1"
    assert set(raw["window"]) == {"from", "to"}
    assert type(report).from_json(report.to_json()) == report


def test_the_headline_tells_the_code_the_time_and_the_share() -> None:
    report = engine.diagnose(Incident().elb_errors(502, 40, 10).snapshot())
    assert report.headline == "checkout · 502 from the load balancer since 03:20 UTC (7 % of requests)"


def test_an_incident_that_is_over_is_told_in_the_past() -> None:
    report = engine.diagnose(Incident().elb_errors(502, 40, 40, 30).snapshot())
    assert report.headline.startswith("checkout · 502 from the load balancer from 02:50 to 02:59 UTC")


def test_errors_that_stopped_are_not_over_while_targets_are_unhealthy() -> None:
    incident = Incident().elb_errors(504, 40, 40, 30).unhealthy("Target.Timeout", "Request timed out", since=40)
    report = engine.diagnose(incident.snapshot())
    assert not report.symptom.over
    assert "since 02:50" in report.headline
