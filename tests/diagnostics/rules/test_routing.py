"""Who gets requests."""

from __future__ import annotations

from diagnostics.facts import EcsService, ForwardTarget, Gap, Listeners, Rule, RuleAction, TargetHealth
from diagnostics.rules.routing import may_be_empty, routes_to
from tests.incidents.building import LISTENER, OTHER_TG, TG, Incident, forward_rule


def weighted(own: int, other: int) -> Incident:
    forward = (ForwardTarget(target_group_arn=TG, weight=own), ForwardTarget(target_group_arn=OTHER_TG, weight=other))
    action = RuleAction(type="forward", forward=forward)
    return Incident().rules(Rule(arn=f"{LISTENER}/default", priority=None, actions=(action,)))


def test_a_share_of_the_requests_follows_the_weight() -> None:
    (route,) = routes_to(weighted(30, 10).known(Listeners), OTHER_TG) or ()
    assert route.share == 0.25
    assert route.in_words() == "the default rule of port 443, 25% of its requests"


def test_weight_zero_sends_nothing() -> None:
    assert routes_to(weighted(1, 0).known(Listeners), OTHER_TG) == ()
    assert routes_to(weighted(0, 0).known(Listeners), TG) == ()


def test_unread_rules_leave_the_group_in_use() -> None:
    gap = Gap(action="elasticloadbalancing:DescribeRules", resource="*", error="AccessDenied")
    assert routes_to(gap, TG) is None
    incident = Incident()
    assert not may_be_empty(TG, incident.known(TargetHealth), gap, incident.known(EcsService))


def test_a_used_group_must_not_be_empty() -> None:
    incident = Incident().rules(forward_rule())
    known = incident.known(TargetHealth), incident.known(Listeners), incident.known(EcsService)
    assert not may_be_empty(TG, *known)
    assert may_be_empty(OTHER_TG, *known)
