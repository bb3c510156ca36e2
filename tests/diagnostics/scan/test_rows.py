"""What a scan tells of one service, and what is worse than what."""

from __future__ import annotations

from typing import Any

import pytest

from diagnostics.engine import diagnose
from diagnostics.facts import Gap, Metrics, SecurityGroups, TargetHealth
from diagnostics.rules.observations import observe
from diagnostics.scan.rows import Looked, ScannedCause, ScannedService, errors_of_nobody, row_of, worst_first
from diagnostics.snapshot import Snapshot
from tests.incidents.building import Incident


def row(name: str, /, **changes: Any) -> ScannedService:
    values: dict[str, Any] = {
        "name": name,
        "words": name,
        "kind": "ecs-service",
        "account": "111122223333",
        "account_name": None,
        "region": "us-east-1",
        "cluster": "prod",
        "service": name,
        "load_balancers": (),
        "target_groups": (),
        "runbook": None,
        "state": "well",
        "looked": "first",
        "headline": f"{name} · no fault found",
        "symptom": "none",
        "error_rate": None,
        "errors_per_minute": None,
        "requests": 0,
        "targets": 2,
        "targets_not_serving": 0,
        "since": None,
        "causes": (),
        "risks": (),
        "unread": (),
        "judged_without": (),
    }
    return ScannedService(**(values | changes))


def risk(band: str) -> ScannedCause:
    return ScannedCause.model_validate(
        {"code": "keepalive-race", "title": "t", "summary": "s", "band": band, "confidence": 0.5, "role": "root"}
    )


def test_the_worst_comes_first() -> None:
    in_order = [
        row("many-errors", state="broken", symptom="errors", errors_per_minute=90.0, error_rate=0.1),
        row("all-of-few", state="broken", symptom="errors", errors_per_minute=3.0, error_rate=1.0),
        row("few-of-many", state="unclear", symptom="errors", errors_per_minute=3.0, error_rate=0.1),
        row("no-target", state="broken", symptom="capacity", targets_not_serving=2),
        row("one-target", state="broken", symptom="capacity", targets_not_serving=1),
        row("deployment", state="degraded", symptom="deployment"),
        row("other-capacity", state="broken", symptom="capacity"),
        row("over", state="over", symptom="errors"),
        row("unread", state="unread", unread=("ecs:DescribeServices is not allowed.",)),
        row("sure-risk", state="at_risk", risks=(risk("confirmed"),)),
        row("more-risks", state="at_risk", risks=(risk("likely"), risk("likely"))),
        row("risk", state="at_risk", risks=(risk("likely"),)),
        row("a-well-one"),
        row("well"),
    ]
    assert [one.name for one in worst_first(reversed(in_order))] == [one.name for one in in_order]


def told(snapshot: Snapshot, looked: Looked = "first") -> ScannedService:
    return row_of(snapshot, diagnose(snapshot), looked)


def test_a_healthy_service_is_well() -> None:
    found = told(Incident().snapshot())
    assert (found.state, found.causes, found.targets_not_serving) == ("well", (), 0)


@pytest.mark.parametrize("fact", [Metrics, TargetHealth])
def test_what_could_not_be_read_is_no_good_news(fact: type[Any]) -> None:
    denied = Gap(action="x:Read", resource="*", error="AccessDenied", kind="denied")
    snapshot = Incident().snapshot()
    blind = snapshot.model_copy(update={"facts": {**snapshot.facts, fact.name: denied}})
    found = told(blind)
    assert (found.state, found.unread) == ("unread", ("x:Read is not allowed.",))


def test_what_decides_nothing_is_named_nevertheless() -> None:
    found = told(Incident().denied(SecurityGroups, "ec2:DescribeSecurityGroups").snapshot())
    assert (found.state, found.judged_without) == ("well", ("ec2:DescribeSecurityGroups: AccessDenied",))


def test_errors_are_counted_a_minute_from_their_onset_on() -> None:
    found = told(Incident().elb_errors(502, 30, 10).connection_errors(30, 10).snapshot())
    assert (found.state, found.symptom) == ("unclear", "errors")
    assert found.errors_per_minute == pytest.approx(30, rel=0.2)
    assert found.since is not None


def test_targets_that_do_not_serve_are_counted() -> None:
    found = told(Incident().unhealthy("Target.Timeout", "Request timed out", targets=["10.0.1.21"]).snapshot())
    assert (found.state, found.symptom) == ("broken", "capacity")
    assert (found.targets_not_serving, found.targets) == (1, 4)
    assert found.errors_per_minute is None


def test_errors_of_a_shared_load_balancer_are_nobodys_until_something_says_whose() -> None:
    shared = Incident().shared_with_search().elb_errors(502, 30, 10)
    assert errors_of_nobody(observe(shared.snapshot()))
    assert told(shared.snapshot()).state == "well"
    assert not errors_of_nobody(observe(shared.connection_errors(30, 10).snapshot()))
    assert not errors_of_nobody(observe(Incident().snapshot()))
