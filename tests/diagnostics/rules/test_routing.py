"""Who gets requests."""

from __future__ import annotations

from diagnostics.facts import EcsService, ForwardTarget, Gap, Listeners, Rule, RuleAction, TargetHealth
from diagnostics.rules.routing import is_idle_colour, may_be_empty, routes_to, weighted_with
from tests.incidents.building import LISTENER, OTHER_TG, TG, Incident, forward_rule


def weighted(own: int, other: int) -> Incident:
    forward = (ForwardTarget(target_group_arn=TG, weight=own), ForwardTarget(target_group_arn=OTHER_TG, weight=other))
    action = RuleAction(type="forward", forward=forward)
    return Incident().rules(Rule(arn=f"{LISTENER}/default", priority=None, actions=(action,)))


def test_a_share_of_the_requests_follows_the_weight() -> None:
    (route,) = routes_to(weighted(30, 10).known(Listeners), OTHER_TG) or ()
    assert route.share == 0.25
    assert route.in_words() == "the default rule of port 443 (25 % of its requests)"


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


def test_who_shares_a_rule_by_weight() -> None:
    assert weighted_with(weighted(80, 20).known(Listeners), (TG,)) == (OTHER_TG,)
    assert weighted_with(weighted(80, 20).known(Listeners), (TG, OTHER_TG)) == ()
    assert weighted_with(weighted(100, 0).known(Listeners), (TG,)) == ()
    assert weighted_with(weighted(0, 100).known(Listeners), (TG,)) == ()


def test_a_share_of_the_requests_must_not_go_to_an_empty_group_of_a_pair() -> None:
    incident = weighted(90, 10).targets((), OTHER_TG)
    (setting,) = incident.known(EcsService).load_balancers
    paired = setting.model_copy(update={"alternate_target_group_arn": OTHER_TG})
    service = incident.known(EcsService).model_copy(update={"load_balancers": (paired,)})
    assert not may_be_empty(OTHER_TG, incident.known(TargetHealth), incident.known(Listeners), service)
    resting = weighted(100, 0).known(Listeners)
    assert may_be_empty(OTHER_TG, incident.known(TargetHealth), resting, service)


def test_the_other_colour_is_idle_only_where_a_controller_swaps_colours() -> None:
    incident = Incident().rules(forward_rule(OTHER_TG))
    (setting,) = incident.known(EcsService).load_balancers
    colours = (setting, setting.model_copy(update={"target_group_arn": OTHER_TG}))
    rolling = incident.known(EcsService).model_copy(update={"load_balancers": colours})
    swapping = rolling.model_copy(update={"deployment_controller": "CODE_DEPLOY"})
    assert is_idle_colour(TG, swapping, incident.known(Listeners))
    assert not is_idle_colour(TG, rolling, incident.known(Listeners))
    assert not is_idle_colour(OTHER_TG, swapping, incident.known(Listeners))
