"""Confidence comes from kinds of evidence; precedence from what the causes declare."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.causes.cause import CauseSpec, Evidence, Facts, Finding, decisive, supporting
from diagnostics.ranking import band_of, confidence, rank
from diagnostics.rules.observations import Observations


def nothing(_: Facts) -> Iterator[Finding]:
    """Finds nothing."""
    yield from ()


def spec(code: str, **changes: Any) -> CauseSpec:
    fields: dict[str, Any] = {
        "code": code,
        "family": "network",
        "title": code,
        "description": code,
        "needs": (),
        "uses": (),
        "clear_needs": (),
        "docs": (),
        "replaces": frozenset(),
        "leads_to": frozenset(),
        "helped_by": frozenset(),
        "residual": False,
        "function": nothing,
    }
    return CauseSpec(**{**fields, **{key: frozenset(value) for key, value in changes.items()}})


def finding(*supports: Evidence, **changes: Any) -> Finding:
    fields: dict[str, Any] = {"resource": "r", "summary": "s", "supports": supports, "effect_seen": True}
    return Finding(**{**fields, **changes})


HEALTH = decisive("all targets time out", "elbv2:DescribeTargetHealth")
RULES = decisive("no rule lets the load balancer in", "ec2:DescribeSecurityGroups")
METRIC = supporting("connection errors rise", "cloudwatch:GetMetricData")


@pytest.mark.parametrize(
    ("evidence", "band"),
    [
        ((HEALTH, RULES), "confirmed"),
        ((HEALTH, RULES, METRIC), "confirmed"),
        ((HEALTH, decisive("again", HEALTH.source)), "likely"),
        ((HEALTH,), "likely"),
        ((HEALTH, *[METRIC] * 9), "likely"),
        ((METRIC,), "possible"),
        (tuple([METRIC] * 9), "possible"),
        ((), "possible"),
    ],
)
def test_two_sources_confirm_and_one_does_not(evidence: tuple[Evidence, ...], band: str) -> None:
    assert band_of(confidence(finding(*evidence))) == band


def test_a_cap_holds_whatever_the_evidence() -> None:
    assert band_of(confidence(finding(HEALTH, RULES, at_most="likely"))) == "likely"
    assert band_of(confidence(finding(HEALTH, RULES, at_most="possible"))) == "possible"


def test_what_speaks_against_it_lowers_the_confidence() -> None:
    assert confidence(finding(HEALTH, against=(METRIC,))) < confidence(finding(HEALTH))


@given(
    st.lists(st.sampled_from([HEALTH, RULES, METRIC]), max_size=20),
    st.lists(st.just(METRIC), max_size=30),
    st.sampled_from(["confirmed", "likely", "possible", None]),
)
def test_confidence_is_a_share_and_has_a_band(
    supports: list[Evidence], against: list[Evidence], at_most: str | None
) -> None:
    value = confidence(finding(*supports, against=tuple(against), at_most=at_most))
    assert 0.0 < value <= 0.98
    assert band_of(value) in {"confirmed", "likely", "possible"}


def codes(findings: dict[str, list[Finding]], *specs: CauseSpec, **observed: Any) -> list[tuple[str, str]]:
    ranked = rank(findings, {one.code: one for one in specs}, Observations(**observed))
    return [(item.code, item.role) for item in ranked]


def test_the_specific_cause_replaces_the_general_one_for_the_same_targets_only() -> None:
    specific, general = spec("stale", replaces=["missing"]), spec("missing")
    same = {"stale": [finding(HEALTH, affects={"a"})], "missing": [finding(HEALTH, RULES, affects={"a"})]}
    assert codes(same, specific, general) == [("stale", "root")]
    other = {"stale": [finding(HEALTH, affects={"a"})], "missing": [finding(HEALTH, RULES, affects={"b"})]}
    assert codes(other, specific, general) == [("missing", "root"), ("stale", "root")]


def test_a_consequence_follows_its_root_however_sure_it_is() -> None:
    root, umbrella = spec("crash", leads_to=["empty"]), spec("empty")
    found = {"crash": [finding(HEALTH)], "empty": [finding(HEALTH, RULES)]}
    assert codes(found, root, umbrella) == [("crash", "root"), ("empty", "consequence")]


def test_a_guess_does_not_make_a_well_founded_fault_its_consequence() -> None:
    guess, fault = spec("guess", leads_to=["fault"]), spec("fault")
    found = {"guess": [finding(METRIC)], "fault": [finding(HEALTH, RULES)]}
    assert codes(found, guess, fault) == [("fault", "root"), ("guess", "root")]


def test_what_only_the_order_in_time_speaks_for_gives_way() -> None:
    fault, helper, timing = spec("fault"), spec("helped", helped_by=["timing"]), spec("timing")
    circumstantial = finding(METRIC, circumstantial=True, explains={"elb_504"})
    found = {"fault": [finding(HEALTH, explains={"elb_504"})], "timing": [circumstantial]}
    assert codes(found, fault, timing) == [("fault", "root")]
    found = {"helped": [finding(HEALTH, explains={"elb_504"})], "timing": [circumstantial]}
    assert codes(found, helper, timing) == [("helped", "root"), ("timing", "contributing")]
    umbrella = spec("timing", leads_to=["fault"])
    found = {"fault": [finding(HEALTH, explains={"elb_504"})], "timing": [circumstantial]}
    assert [code for code, _ in codes(found, fault, umbrella)] == ["fault", "timing"]
    found = {"fault": [finding(HEALTH, explains={"unhealthy"})], "timing": [circumstantial]}
    assert [code for code, _ in codes(found, fault, timing)] == ["fault", "timing"]


def test_errors_of_a_shared_load_balancer_never_pass_possible() -> None:
    shared = {"shared_load_balancer": True, "errors_are_ours": False}
    found = {"fault": [finding(HEALTH, RULES, explains={"elb_504"})]}
    ranked = rank(found, {"fault": spec("fault")}, Observations(**shared))
    assert ranked[0].band == "possible"
    found = {"fault": [finding(HEALTH, RULES, explains={"elb_504", "unhealthy"})]}
    assert rank(found, {"fault": spec("fault")}, Observations(**shared))[0].band == "confirmed"


def test_a_pattern_is_as_well_founded_as_the_fault_that_brings_it_along() -> None:
    root, hurt = spec("root", leads_to=["slow"], helped_by=["drain"]), {"explains": frozenset({"elb_504"})}
    specs = {"root": root, "slow": spec("slow"), "drain": spec("drain")}
    guess = finding(METRIC, against=(METRIC,), **hurt)

    def bands(by: Finding, **observed: Any) -> dict[str, tuple[str, str]]:
        ranked = rank({"root": [by], "slow": [guess], "drain": [guess]}, specs, Observations(**observed))
        assert max(item.confidence for item in ranked) <= confidence(by)
        return {item.code: (item.role, item.band) for item in ranked}

    sure = bands(finding(HEALTH, **hurt))
    assert (sure["slow"], sure["drain"]) == (("consequence", "likely"), ("contributing", "likely"))
    assert bands(finding(METRIC, METRIC, **hurt))["slow"] == ("consequence", "possible")
    of_something_else = finding(HEALTH, explains=frozenset({"unhealthy"}))
    assert bands(of_something_else)["slow"] == ("consequence", "possible")
    shared = {"shared_load_balancer": True, "errors_are_ours": False}
    assert bands(finding(HEALTH, explains=frozenset({"elb_504", "unhealthy"})), **shared)["slow"][1] == "possible"


def test_there_is_always_a_root() -> None:
    found = {"a": [finding(HEALTH, role="contributing")], "b": [finding(METRIC, role="consequence")]}
    assert codes(found, spec("a"), spec("b"))[0] == ("a", "root")
