"""Two numbers of one answer do not contradict each other: what the other targets do is said."""

from __future__ import annotations

from diagnostics.engine import diagnose
from diagnostics.facts import Target
from diagnostics.rules.target_states import others_in_words
from tests.incidents.building import TARGETS
from tests.incidents.network.sg_ingress_missing import rule_revoked


def target(number: int, state: str) -> Target:
    return Target(id=f"10.0.1.{number}", port=8080, state=state)


def test_the_others_are_counted_by_what_they_do() -> None:
    others = (target(1, "draining"), target(2, "initial"), target(3, "draining"), target(4, "healthy"))
    assert others_in_words(others) == ("; of the others 2 are draining, 1 is in the first health checks, 1 is healthy")
    assert others_in_words(()) == ""


def test_new_targets_stand_beside_those_that_time_out() -> None:
    half = tuple(TARGETS)[:2]
    incident = rule_revoked().health("initial", "Elb.InitialHealthChecking", None, targets=half)
    first = diagnose(incident.snapshot()).causes[0]
    assert first.code == "sg-ingress-missing"
    assert "(all 4 targets)" in first.summary
    (told,) = (item.text for item in first.evidence if "Target.Timeout" in item.text)
    assert told.startswith("2 of 4 targets are unhealthy")
    assert told.endswith("; of the others 2 are in the first health checks")
