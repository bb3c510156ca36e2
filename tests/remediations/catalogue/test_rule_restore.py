"""A deleted listener rule is made again where all of it is known, and the undo deletes that one alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from diagnostics.engine import diagnose
from diagnostics.facts import (
    DeletedRule,
    DeletedRules,
    EcsService,
    FormerRule,
    ForwardTarget,
    Listeners,
    Rule,
    RuleAction,
    RuleCondition,
    TargetGroups,
)
from remediations.execute import Execution
from remediations.journal import Step
from remediations.plan import FROM, PLAN, Plan
from remediations.reach import reach_of
from remediations.refusals import refusal, refusal_of_undo
from remediations.undo import undo_of
from tests.incidents.building import LISTENER, NOW, OTHER_TG, TG, Incident
from tests.incidents.registration import target_group_not_in_rule as incidents
from tests.remediations.catalogue.proposing import holds, only, plans

FIX = "rule-restore"
GONE = f"{LISTENER.replace(':listener/', ':listener-rule/')}/0123456789abcdef"
NEW = f"{GONE[:-1]}0"
CONDITION = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/shop/*"]}}


def former(*groups: str, priority: int = 10, pattern: str = "/shop/*") -> FormerRule:
    forward = tuple(ForwardTarget(target_group_arn=group) for group in groups or (TG,))
    targets: Any = [{"TargetGroupArn": one.target_group_arn, "Weight": 1} for one in forward]
    return FormerRule(
        rule=Rule(
            arn=GONE,
            priority=priority,
            conditions=(RuleCondition(field="path-pattern", values=(pattern,)),),
            actions=(RuleAction(type="forward", forward=forward),),
        ),
        conditions=({"Field": "path-pattern", "PathPatternConfig": {"Values": [pattern]}},),
        actions=({"Type": "forward", "ForwardConfig": {"TargetGroups": targets}},),
        told_by="CreateRule",
        told_at=NOW - timedelta(days=30),
    )


def known(rule: FormerRule | None = None, **changes: Any) -> Incident:
    given = {"arn": GONE, "listener_arn": LISTENER, "at": NOW - timedelta(minutes=12.5), "actor": "role/ops-admin"}
    deleted = DeletedRule(**{**given, "former": rule or former(), **changes})
    return incidents.deleted_by_its_arn_alone().replace(DeletedRules(items=(deleted,)))


def test_the_rule_is_made_again_as_it_was() -> None:
    plan = only(FIX, known())
    (write,) = plan.writes
    assert write.call.parameters == {
        "ListenerArn": LISTENER,
        "Priority": 10,
        "Conditions": [CONDITION],
        "Actions": [{"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": TG, "Weight": 1}]}}],
        "Tags": [{"Key": "alb502:plan", "Value": {FROM: PLAN}}],
    }
    assert plan.title == "Make rule 10 (path-pattern /shop/*) of port 443 again, to checkout"
    assert "role/ops-admin deleted it at" in plan.warnings[0]


def test_the_guards_stop_what_has_changed() -> None:
    plan = only(FIX, known())
    free, nowhere, exists = plan.guards
    own = {"Priority": "10", "Conditions": [{"Field": "path-pattern"}]}
    here = own | {"Actions": [{"Type": "forward", "TargetGroupArn": TG}]}
    other = own | {"Actions": [{"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": OTHER_TG}]}}]}
    default = {"Priority": "default", "Conditions": [], "Actions": [{"Type": "redirect"}]}
    assert holds(free, {"Rules": [default]})
    assert not holds(free, {"Rules": [other, default]})
    assert holds(nowhere, {"Rules": [other, default]})
    assert not holds(nowhere, {"Rules": [here, default]})
    assert holds(exists, {"TargetGroups": [{"TargetGroupArn": TG}]})
    assert not holds(exists, {})
    (done,) = plan.undo.guards
    assert holds(done, {"Rules": [here, default]})
    assert not holds(done, {"Rules": [other, default]})
    assert not holds(done, {"Rules": [default]})


def test_the_undo_deletes_the_new_rule_alone() -> None:
    plan, incident = only(FIX, known()), known()
    (back,) = plan.undo.writes
    assert back.call.parameters == {"RuleArn": {FROM: "rule"}}
    reach = reach_of(incident.snapshot())
    done = Execution(status="done", steps=(Step(index=0, state="done"),), kept={"rule": NEW})
    undo = undo_of(plan, "p", done)
    assert undo is not None
    assert undo.writes[0].call.parameters == {"RuleArn": NEW}
    assert undo.writes[0].resources == (NEW,)
    assert refusal_of_undo(undo, plan, {"rule": NEW}, reach) is None
    assert refusal_of_undo(_deleting(undo, f"{LISTENER}/default"), plan, {"rule": NEW}, reach) is not None
    assert refusal(plan.model_copy(update={"undo": plan.undo.model_copy(update={"writes": undo.writes})}), reach)


def _deleting(undo: Plan, arn: str) -> Plan:
    (write,) = undo.writes
    call = write.call.model_copy(update={"parameters": {"RuleArn": arn}})
    return undo.model_copy(update={"writes": (write.model_copy(update={"call": call, "resources": (arn,)}),)})


def with_search(fact: TargetGroups) -> TargetGroups:
    search = fact.items[0].model_copy(update={"arn": OTHER_TG, "name": "search"})
    return fact.model_copy(update={"items": (*fact.items, search)})


def test_both_groups_of_a_weighted_rule_come_back() -> None:
    plan = only(FIX, known(former(TG, OTHER_TG)).edit(TargetGroups, with_search))
    assert plan.changes[0].after == "forward to checkout, search"
    assert plan.judged_by_tags_of == (TG, OTHER_TG)


def another(*rules: Rule) -> Incident:
    return known().edit(
        Listeners,
        lambda fact: fact.model_copy(
            update={"items": tuple(one.model_copy(update={"rules": (*rules, *one.rules)}) for one in fact.items)}
        ),
    )


@pytest.mark.parametrize(
    "incident",
    [
        pytest.param(incidents.deleted_by_its_arn_alone, id="nobody looked what it was"),
        pytest.param(lambda: known(former=None, unknown="no record"), id="what it was is not certain"),
        pytest.param(lambda: known(former(OTHER_TG)), id="it led to another group"),
        pytest.param(lambda: known(former(TG, f"{TG}0")), id="one of its groups is not known"),
        pytest.param(lambda: known(listener_arn=f"{LISTENER}0"), id="its listener is gone"),
        pytest.param(lambda: known(former(priority=5)), id="its priority is taken"),
        pytest.param(lambda: another(incidents.rule(20, "/shop/*", OTHER_TG)), id="another rule has its conditions"),
        pytest.param(lambda: another(incidents.rule(7, "/shop*", OTHER_TG)), id="an earlier rule takes its requests"),
        pytest.param(lambda: known().service(deployment_controller="CODE_DEPLOY"), id="CodeDeploy keeps the rules"),
        pytest.param(lambda: known().service(deployment_strategy="BLUE_GREEN"), id="ECS keeps the rules"),
        pytest.param(lambda: known().denied(EcsService, "ecs:DescribeServices"), id="the service was not read"),
        pytest.param(lambda: known().denied(DeletedRules, "cloudtrail:LookupEvents"), id="no records"),
    ],
)
def test_it_is_not_offered(incident: Any) -> None:
    assert plans(FIX, incident()) == ()


def test_the_advice_has_the_whole_command() -> None:
    (cause, *_) = diagnose(known().snapshot()).causes
    (command,) = cause.advice_commands
    assert command.startswith(f"aws elbv2 create-rule --listener-arn {LISTENER} --priority 10 --conditions")
    assert '{"Field":"path-pattern","PathPatternConfig":{"Values":["/shop/*"]}}' in command
    assert any("the rule that was deleted was rule 10" in one.text for one in cause.evidence)


def test_what_is_not_certain_is_said() -> None:
    (cause, *_) = diagnose(known(former=None, unknown="two records differ").snapshot()).causes
    assert "What the deleted rule was is not certain: two records differ" in (cause.advice or "")
