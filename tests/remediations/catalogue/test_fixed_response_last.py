"""A maintenance rule that was left on goes behind the services' rules."""

from __future__ import annotations

from typing import Any

import pytest

from diagnostics.facts import EcsService, Listeners
from remediations.fix import CannotPrepareError
from remediations.plan import FROM, PLAN
from remediations.steps.listener_rules import STAND_IN
from tests.incidents.building import LISTENER, OTHER_TG, TG, Incident, change, forward_rule
from tests.incidents.error_source import fixed_response_5xx as incidents
from tests.remediations.catalogue.proposing import holds, only, plans

FIX = "fixed-response-last"
RULE = incidents.MAINTENANCE


def priority(number: int) -> dict[str, Any]:
    return {"RulePriorities": [{"RuleArn": RULE, "Priority": number}]}


def test_the_rule_goes_behind_all_others() -> None:
    plan = only(FIX, incidents.maintenance_left_on())
    assert plan.writes[0].call.parameters == priority(11)
    assert plan.undo.kind == "exact"
    assert plan.undo.writes[0].call.parameters == priority(1)
    assert "make sure that the maintenance is over" in plan.warnings[0]
    assert plan.narrower == ()


def test_a_narrower_choice_leaves_rules_further_down_hidden() -> None:
    incident = incidents.maintenance_left_on()
    rules = incident.known(Listeners).items[0].rules
    more = incidents.own(20, incidents.path("/checkout-admin*"))
    plan = only(FIX, incident.rules(*rules, more.model_copy(update={"actions": rules[1].actions})))
    near = plan.narrower[0] if plan.narrower else None
    assert plan.writes[0].call.parameters == priority(21)
    assert near is None or near.writes[0].call.parameters in (priority(11), priority(21))


def test_on_a_shared_load_balancer_it_may_stay_before_others() -> None:
    incident = incidents.maintenance_on_a_shared_load_balancer()
    rules = incident.known(Listeners).items[0].rules
    later = incidents.own(30, incidents.path("/late*"), group=OTHER_TG)
    plan = only(FIX, incident.rules(*rules, later))
    assert plan.writes[0].call.parameters == priority(31)
    assert [one.writes[0].call.parameters for one in plan.narrower] == [priority(11)]
    assert "just behind rule 10" in plan.narrower[0].label
    assert plan.success.quiet == plan.narrower[0].success.quiet == ()  # another service may go on to get 503
    assert only(FIX, incidents.maintenance_left_on()).success.quiet


def test_a_part_of_the_requests_counts_only_after_a_change() -> None:
    assert plans(FIX, incidents.a_part_is_taken()) == ()
    brought = change("ModifyRule", minutes_ago=21, resources=(RULE,))
    plan = only(FIX, incidents.a_part_is_taken().changed(brought))
    assert "by role/ops-admin" in plan.warnings[0]


@pytest.mark.parametrize(
    "incident",
    [
        pytest.param(incidents.the_rule_was_deleted, id="the default rule is last anyway"),
        pytest.param(incidents.nobody_forwards_any_more, id="no rule forwards"),
        pytest.param(incidents.url_of_the_maintenance_page, id="nothing stands behind it"),
        pytest.param(incidents.maintenance_that_is_over, id="it is over"),
        pytest.param(
            lambda: incidents.maintenance_left_on().denied(Listeners, "elasticloadbalancing:DescribeRules"),
            id="rules were not read",
        ),
    ],
)
def test_it_is_not_offered(incident: Any) -> None:
    assert plans(FIX, incident()) == ()


def test_guards_read_the_answers_of_aws() -> None:
    there, answers, free, *hidden = only(FIX, incidents.maintenance_left_on()).guards
    fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503", "ContentType": "text/plain"}}
    rule = {"RuleArn": RULE, "Priority": "1", "Actions": [fixed]}
    assert holds(there, {"Rules": [rule]})
    assert holds(answers, {"Rules": [rule]})
    assert not holds(answers, {"Rules": [rule | {"Actions": [{"Type": "forward", "TargetGroupArn": "x"}]}]})
    assert holds(free, {"Rules": [rule, {"Priority": "default"}]})
    assert not holds(free, {"Rules": [rule, {"Priority": "11"}]})
    forward = {"Type": "forward", "TargetGroupArn": TG}
    both = forward | {"ForwardConfig": {"TargetGroups": [{"TargetGroupArn": TG, "Weight": 1}]}}
    own = {"RuleArn": f"{LISTENER}/10", "Priority": "10", "Actions": [both]}
    assert all(holds(guard, {"Rules": [own]}) for guard in hidden)
    assert all(holds(guard, {"Rules": [own | {"Actions": [forward]}]}) for guard in hidden)
    assert not all(holds(guard, {"Rules": [own | {"Actions": [fixed]}]}) for guard in hidden)


def test_a_healthy_listener_needs_nothing() -> None:
    assert plans(FIX, Incident()) == ()


def hides_the_default() -> Incident:
    """The service stands in the default rule, and a maintenance rule for everything before it."""
    rules = (incidents.fixed(1, incidents.path("/*")), forward_rule())
    return incidents.given(Incident().rules(*rules)).of_group("RequestCount", 600, 180, 20)


def test_what_stands_before_the_default_rule_gets_a_stand_in() -> None:
    plan = only(FIX, hides_the_default())
    moved, new = plan.writes
    assert moved.call.parameters == priority(3)
    assert new.call.operation == "create_rule"
    condition = {"Field": "path-pattern", "Values": ["/*"], "PathPatternConfig": {"Values": ["/*"]}}
    default = {"Type": "forward", "TargetGroupArn": TG}
    live = {"rule": {"Rules": [{"Conditions": [condition]}]}, "default": {"Rules": [{"Actions": [default]}]}}
    assert STAND_IN["as the default"](live, new.arguments) == {
        "ListenerArn": LISTENER,
        "Priority": 2,
        "Conditions": [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}}],
        "Actions": [{"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": TG}]}}],
        "Tags": [{"Key": "alb502:plan", "Value": {FROM: PLAN}}],
    }
    assert plan.undo.kind == "exact"
    assert [write.call.parameters for write in plan.undo.writes] == [priority(1), {"RuleArn": {FROM: "rule"}}]
    assert "no later change of the default rule" in plan.warnings[-1]
    as_made = {"Priority": "2", "Conditions": [condition], "Actions": [{"Type": "forward", "TargetGroupArn": TG}]}
    assert holds(plan.undo.guards[-1], {"Rules": [as_made]})
    assert not holds(plan.undo.guards[-1], {"Rules": [as_made | {"Priority": "5"}]})
    narrowed = [condition, {"Field": "host-header"}]
    assert not holds(plan.undo.guards[-1], {"Rules": [as_made | {"Conditions": narrowed}]})


def test_a_default_rule_that_does_more_than_forward_has_no_stand_in() -> None:
    live = {
        "rule": {"Rules": [{"Conditions": []}]},
        "default": {"Rules": [{"Actions": [{"Type": "authenticate-cognito"}, {"Type": "forward"}]}]},
    }
    with pytest.raises(CannotPrepareError):
        STAND_IN["as the default"](live, {"ListenerArn": LISTENER, "Priority": 2})


def shifting(incident: Incident, **service: Any) -> Incident:
    """ECS swaps the service's target groups in its rules, and is at it."""
    return incident.service(**({"deployment_strategy": "BLUE_GREEN"} | service)).edit(
        EcsService,
        lambda fact: fact.model_copy(
            update={"deployments": (fact.deployments[0].model_copy(update={"rollout_state": "IN_PROGRESS"}),)}
        ),
    )


@pytest.mark.parametrize(
    "incident",
    [
        pytest.param(lambda: shifting(hides_the_default()), id="ECS swaps the groups"),
        pytest.param(lambda: hides_the_default().service(deployment_controller="CODE_DEPLOY"), id="CodeDeploy does"),
        pytest.param(lambda: hides_the_default().denied(EcsService, "ecs:DescribeServices"), id="nobody knows"),
    ],
)
def test_a_default_rule_that_may_change_has_no_stand_in(incident: Any) -> None:
    assert plans(FIX, incident()) == ()


def test_it_waits_for_a_deployment_that_moves_requests() -> None:
    plan = only(FIX, shifting(incidents.maintenance_left_on()))
    assert "moves requests" in (plan.not_now or "")
    assert "no deployment of checkout is in progress" in [guard.text for guard in plan.guards]
    assert only(FIX, incidents.maintenance_left_on()).not_now is None
