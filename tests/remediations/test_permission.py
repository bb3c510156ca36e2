"""What the settings allow, where, and who has to agree."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from diagnostics.report import SettingChange
from remediations.permission import AccountAccess, Freeze, Named, Override, People, Permission, Policy, Rules, permit
from remediations.plan import Call, Guard, Look, Plan, Success, Undo, Write
from tests import reports

NOW = datetime(2026, 11, 21, 3, 30, tzinfo=UTC)
OPS = People(groups=frozenset({"S1"}))
SHOP = People(users=frozenset({"U7"}))
RULES = Rules(approvers=OPS)
POLICY = Policy(
    mode="approve",
    rules=RULES,
    accounts=(AccountAccess(id="111122223333", name="prod", remediate_role="arn:aws:iam::111122223333:role/fix"),),
)


def plan(**changes: Any) -> Plan:
    call = Call.of("elbv2", "modify_target_group", TargetGroupArn=reports.GROUP)
    read = Call.of("elbv2", "describe_target_groups")
    guard = Guard(look=Look(call=read, path="x"), expected="/", text="it is so")
    values: dict[str, Any] = {
        "fix": "health-check-path",
        "title": "Check /healthz",
        "risk": "medium",
        "resource": reports.GROUP,
        "changes": (SettingChange(resource="checkout", setting="HealthCheckPath", before="/", after="/healthz"),),
        "guards": (guard,),
        "writes": (Write(call=call, resources=(reports.GROUP,), done_when=guard),),
        "success": Success(text="the targets are healthy", within_s=60),
        "undo": Undo(kind="exact", text="sets the path as it was"),
        "touches": "all targets",
        "eta_s": 60,
    }
    return Plan(**(values | changes))


def judged(policy: Policy = POLICY, one: Plan | None = None, **more: Any) -> Permission:
    return permit(policy, one or plan(), reports.target(), **{"now": NOW, **more})


def override(rules: Rules, *gives: Any, **selectors: Any) -> Override:
    return Override(rules=rules, gives=frozenset(gives), **selectors)


def test_off_shows_nothing_suggest_commands_approve_a_review() -> None:
    assert judged(replace(POLICY, mode="off")).how == "off"
    suggested = judged(replace(POLICY, mode="suggest"))
    assert (suggested.how, suggested.allowed) == ("commands", False)
    assert "suggest" in (suggested.why_not or "")
    approved = judged()
    assert (approved.how, approved.allowed, approved.why_not) == ("review", True, None)
    assert approved.approvers == OPS


@pytest.mark.parametrize(
    ("accounts", "says"),
    [((), "account prod has no"), ((AccountAccess(id="111122223333", name="shop"),), "account shop has no")],
)
def test_without_a_role_there_are_commands(accounts: tuple[AccountAccess, ...], says: str) -> None:
    found = judged(replace(POLICY, accounts=accounts))
    assert (found.how, found.allowed) == ("commands", False)
    assert says in (found.why_not or "")


def test_nobody_may_approve_where_nobody_is_named() -> None:
    assert "approvers" in (judged(replace(POLICY, rules=Rules())).why_not or "")


def test_high_risk_has_to_be_listed_and_needs_a_second_person() -> None:
    high = plan(risk="high")
    assert "has to be listed" in (judged(one=high).why_not or "")
    listed = judged(replace(POLICY, rules=replace(RULES, allow=frozenset({"health-check-path"}))), high)
    assert listed.allowed
    assert listed.two_person
    assert not judged().two_person


def test_a_list_allows_only_what_is_on_it_and_a_denial_stands_above_it() -> None:
    others = replace(POLICY, rules=replace(RULES, allow=frozenset({"ecs-scale-out"})))
    assert "does not list" in (judged(others).why_not or "")
    both = replace(
        POLICY,
        rules=replace(RULES, allow=frozenset({"health-check-path"})),
        deny=frozenset({"health-check-path"}),
        overrides=(override(Rules(allow=frozenset({"health-check-path"})), "allow", account="prod"),),
    )
    assert "deny" in (judged(both).why_not or "")


def test_the_last_override_that_fits_wins_rule_by_rule() -> None:
    policy = replace(
        POLICY,
        overrides=(
            override(
                Rules(approvers=SHOP, two_person=frozenset({"medium"})), "approvers", "two_person", service="shop"
            ),
            override(Rules(approvers=People()), "approvers", service="another"),
            override(Rules(two_person=frozenset()), "two_person", risk="medium", account="prod"),
        ),
        nicknames={"shop": Named(service="checkout", cluster="prod")},
    )
    found = judged(policy)
    assert found.approvers == SHOP
    assert not found.two_person
    assert judged(policy, plan(risk="low")).two_person is False


@pytest.mark.parametrize(
    ("selectors", "fits"),
    [
        ({"account": "prod"}, True),
        ({"account": "dev"}, False),
        ({"service": "checkout"}, True),
        ({"service": "prod/checkout"}, True),
        ({"service": "dev/checkout"}, False),
        ({"service": "shop"}, True),
        ({"service": "elsewhere"}, False),
        ({"fix": "health-check-path"}, True),
        ({"fix": "health-check"}, False),
        ({"risk": "low"}, False),
        ({"account": "prod", "risk": "medium", "service": "checkout", "fix": "health-check-path"}, True),
        ({"account": "prod", "risk": "low"}, False),
    ],
)
def test_an_override_fits_when_all_its_selectors_do(selectors: dict[str, Any], fits: bool) -> None:
    policy = replace(
        POLICY,
        overrides=(override(Rules(approvers=SHOP), "approvers", **selectors),),
        nicknames={
            "shop": Named(service="checkout", account="prod"),
            "elsewhere": Named(service="checkout", region="eu-west-1"),
        },
    )
    assert (judged(policy).approvers == SHOP) == fits


def test_a_function_is_a_service_by_its_name() -> None:
    policy = replace(POLICY, overrides=(override(Rules(approvers=SHOP), "approvers", service="cart"),))
    function = "arn:aws:lambda:us-east-1:111122223333:function:cart:live"
    target = reports.target(service=None, cluster=None, function=function)
    assert permit(policy, plan(), target, now=NOW).approvers == SHOP


def test_channels_count_where_one_is_known() -> None:
    policy = replace(POLICY, rules=replace(RULES, channels=frozenset({"C1"})))
    assert judged(policy, channel="C1").allowed
    assert judged(policy).allowed
    assert "channel" in (judged(policy, channel="C2").why_not or "")


def test_a_freeze_holds_from_its_start_until_before_its_end() -> None:
    freeze = Freeze(start=NOW, end=NOW + timedelta(hours=1), why="holidays")
    policy = replace(POLICY, freezes=(freeze,))
    assert "holidays" in (judged(policy).why_not or "")
    assert not judged(policy, now=NOW + timedelta(minutes=59)).allowed
    assert judged(policy, now=NOW + timedelta(hours=1)).allowed
    assert judged(policy, now=NOW - timedelta(seconds=1)).allowed
    assert not judged(policy, hand="caller").allowed


def test_what_cannot_be_done_at_present_says_why() -> None:
    found = judged(one=plan(not_now="a deployment is in progress"))
    assert (found.allowed, found.why_not) == (False, "a deployment is in progress")


def test_a_person_at_a_terminal_needs_neither_role_nor_approver() -> None:
    bare = Policy(mode="suggest", deny=frozenset({"ecs-scale-out"}))
    assert judged(bare, hand="caller").allowed
    assert not judged(bare, plan(fix="ecs-scale-out"), hand="caller").allowed
    second = replace(bare, rules=Rules(allow=frozenset({"health-check-path"})))
    assert "second person" in (judged(second, plan(risk="high"), hand="caller").why_not or "")
    assert not judged(replace(bare, mode="off"), hand="caller").allowed
