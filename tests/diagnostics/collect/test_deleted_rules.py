"""What a deleted listener rule was is known for certain, or not at all."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from diagnostics.aws_access import Pages
from diagnostics.collect.sources.deleted_rules import MAX_RULES, NOTHING, deleted_rules
from diagnostics.facts import (
    Change,
    Changes,
    DeletedRule,
    DeletedRules,
    ForwardTarget,
    Gap,
    Listener,
    Listeners,
    Rule,
    RuleAction,
)
from tests.diagnostics.collect.driving import Driven, drive
from tests.diagnostics.collect.scripted import BALANCER, GROUP, NOW, SUBJECT, answered, refused

LISTENER = f"{BALANCER.replace('loadbalancer', 'listener')}/3333333333333333"
RULE = f"{LISTENER.replace(':listener/', ':listener-rule/')}/4444444444444444"
DELETED_AT = NOW - timedelta(minutes=12)
FORWARD = {"type": "forward", "targetGroupArn": GROUP, "order": 1}
WEIGHED = {
    "type": "forward",
    "forwardConfig": {
        "targetGroups": [{"targetGroupArn": GROUP, "weight": 9}, {"targetGroupArn": f"{GROUP}b", "weight": 1}],
        "targetGroupStickinessConfig": {"enabled": False},
    },
}
PATHS = {"field": "path-pattern", "values": ["/shop/*"], "pathPatternConfig": {"values": ["/shop/*"]}}
HOSTS = {"field": "host-header", "values": ["shop.example.com"]}


def rule(arn: str = RULE, **changes: Any) -> dict[str, Any]:
    whole = {"ruleArn": arn, "priority": "10", "conditions": [PATHS], "actions": [FORWARD], "isDefault": False}
    return {**whole, "transforms": [], **changes}


def record(name: str, days_ago: float, *rules: dict[str, Any], **changes: Any) -> dict[str, Any]:
    at = DELETED_AT - timedelta(days=days_ago)
    detail = {"requestParameters": changes.pop("request", None), "responseElements": {"rules": list(rules)}, **changes}
    return raw(name, at, json.dumps(detail))


def raw(name: str, at: datetime, text: str, source: str = "elasticloadbalancing.amazonaws.com") -> dict[str, Any]:
    return {
        "EventId": f"{name}{at}",
        "EventTime": at,
        "EventName": name,
        "EventSource": source,
        "CloudTrailEvent": text,
    }


def deletion(arn: str = RULE, minutes_ago: float = 12, error: str | None = None) -> Change:
    at = NOW - timedelta(minutes=minutes_ago)
    own: dict[str, Any] = {"id": f"{arn}{minutes_ago}", "at": at, "source": "x", "actor": "role/ops", "error": error}
    return Change(name="DeleteRule", request={"ruleArn": arn}, **own)


def listening(*groups: str) -> Listeners:
    forward = tuple(ForwardTarget(target_group_arn=group) for group in groups)
    rules = (Rule(arn=f"{LISTENER}/default", priority=None, actions=(RuleAction(type="forward", forward=forward),)),)
    one = Listener(arn=LISTENER, load_balancer_arn=BALANCER, port=443, protocol="HTTPS", rules=rules)
    return Listeners(items=(one,))


def ask(
    *records: dict[str, Any],
    changes: Any = None,
    listeners: Any = None,
    answers: dict[str, Pages] | None = None,
) -> Driven:
    def answer(read: Any) -> Pages:
        name = read.params["LookupAttributes"][0]["AttributeValue"]
        return (answers or {}).get(name) or answered(*(one for one in records if one["EventName"] == name))

    recorded = Changes(items=(deletion(),)) if changes is None else changes
    return drive(deleted_rules(SUBJECT, listeners or listening(), recorded), answer)


def only(driven: Driven) -> DeletedRule:
    assert isinstance(driven.outcome, DeletedRules)
    (found,) = driven.outcome.items
    return found


def test_a_rule_is_as_the_answer_to_its_making_describes_it() -> None:
    driven = ask(record("CreateRule", 30, rule(f"{RULE}0"), rule()))
    assert [read.params["EndTime"] for read in driven.asked] == [DELETED_AT] * 3
    assert not any("StartTime" in read.params for read in driven.asked)
    found = only(driven)
    assert (found.listener_arn, found.actor, found.at) == (LISTENER, "role/ops", DELETED_AT)
    former = found.former
    assert former is not None
    assert former.rule.priority == 10
    assert former.conditions == ({"Field": "path-pattern", "PathPatternConfig": {"Values": ["/shop/*"]}},)
    assert former.actions == ({"Type": "forward", "TargetGroupArn": GROUP, "Order": 1},)
    assert [to.target_group_arn for to in former.rule.forwards_to] == [GROUP]
    assert former.told_by == "CreateRule"


@pytest.mark.parametrize(
    "later",
    [
        pytest.param(record("ModifyRule", 2, rule(conditions=[HOSTS], actions=[WEIGHED])), id="modified"),
        pytest.param(record("SetRulePriorities", 2, rule(conditions=[HOSTS], actions=[WEIGHED])), id="moved"),
    ],
)
def test_the_newest_record_counts(later: dict[str, Any]) -> None:
    former = only(ask(record("CreateRule", 30, rule()), later)).former
    assert former is not None
    assert former.conditions == ({"Field": "host-header", "Values": ["shop.example.com"]},)
    groups = [{"TargetGroupArn": GROUP, "Weight": 9}, {"TargetGroupArn": f"{GROUP}b", "Weight": 1}]
    assert former.actions == ({"Type": "forward", "ForwardConfig": {"TargetGroups": groups}},)
    assert [to.weight for to in former.rule.forwards_to] == [9, 1]


SECRET_HEADER = {
    "field": "http-header",
    "httpHeaderConfig": {"httpHeaderName": "X-Origin-Verify", "values": ["hunter2"]},
}
SECRET_QUERY = {"field": "query-string", "queryStringConfig": {"values": [{"key": "api_key", "value": "hunter2"}]}}
TOKEN = {"field": "path-pattern", "values": ["/hooks/AKIAIOSFODNN7EXAMPLE"]}
LOGIN = {"type": "authenticate-oidc", "order": 1, "authenticateOidcConfig": {"clientId": "shop"}}
OTHER = raw("CreateRule", DELETED_AT, "{}", "waf.amazonaws.com")
DENIED = record("ModifyRule", 1, errorCode="AccessDenied", request={"ruleArn": RULE})
CREATED = record("CreateRule", 30, rule())


@pytest.mark.parametrize(
    ("records", "why"),
    [
        ((), "no record of its making"),
        ((record("CreateRule", 30, rule(f"{RULE}0")), OTHER), "no record of its making"),
        ((CREATED, record("ModifyRule", 1, request={"ruleArn": RULE})), "does not describe it"),
        (
            (CREATED, record("SetRulePriorities", 1, request={"rulePriorities": [{"ruleArn": RULE}]})),
            "does not describe",
        ),
        ((CREATED, raw("ModifyRule", DELETED_AT, "{ no json")), "does not describe it"),
        ((CREATED, record("ModifyRule", 30, rule(priority="20"))), "describe it differently"),
        ((record("CreateRule", 30, rule(conditions=[SECRET_HEADER])),), "may be a secret"),
        ((record("CreateRule", 30, rule(conditions=[SECRET_QUERY])),), "may be a secret"),
        ((record("CreateRule", 30, rule(conditions=[TOKEN])),), "may be a secret"),
        ((record("CreateRule", 30, rule(conditions=[])),), "lacks its priority or its conditions"),
        ((record("CreateRule", 30, rule(actions=[LOGIN, FORWARD])),), "did more than to forward: authenticate-oidc"),
        ((record("CreateRule", 30, rule(actions=[])),), "0 actions"),
        ((record("CreateRule", 30, rule(transforms=[{"type": "url-rewrite"}])),), "transforms"),
        ((record("CreateRule", 30, rule(somethingNew=1)),), "somethingNew"),
        ((record("CreateRule", 30, rule(conditions=[{**HOSTS, "newKind": 1}])),), "NewKind"),
        ((record("CreateRule", 30, rule(conditions=["/shop/*"])),), "not in the form"),
    ],
)
def test_what_is_not_certain_is_not_known(records: tuple[dict[str, Any], ...], why: str) -> None:
    found = only(ask(*records))
    assert found.former is None
    assert why in found.unknown
    assert "hunter2" not in found.model_dump_json()


def test_a_call_that_was_refused_changed_nothing() -> None:
    assert only(ask(CREATED, DENIED)).former is not None


def test_what_came_after_the_deletion_is_not_about_it() -> None:
    assert only(ask(CREATED, record("ModifyRule", -0.001, rule(priority="20")))).former is not None


def test_a_page_that_does_not_reach_back_far_enough_proves_nothing() -> None:
    newer = Pages(items=(record("ModifyRule", 3, rule(f"{RULE}0")),), truncated=True)
    assert "may be changes" in only(ask(CREATED, answers={"ModifyRule": newer})).unknown
    older = Pages(items=(record("ModifyRule", 31, rule(f"{RULE}0")),), truncated=True)
    assert only(ask(CREATED, answers={"ModifyRule": older})).former is not None


@pytest.mark.parametrize(
    ("changes", "listeners"),
    [
        pytest.param(Changes(items=()), None, id="nobody deleted a rule"),
        pytest.param(Changes(items=(deletion(error="AccessDenied"),)), None, id="AWS refused it"),
        pytest.param(Changes(items=(deletion(RULE.replace("/app/public/", "/app/other/")),)), None, id="another one's"),
        pytest.param(Changes(items=(deletion(RULE.replace("3333", "5555")),)), None, id="the listener is gone too"),
        pytest.param(None, listening(GROUP), id="a rule leads to the subject"),
        pytest.param(refused("cloudtrail:LookupEvents").failed, None, id="the changes were not read"),
        pytest.param(None, refused("elasticloadbalancing:DescribeRules").failed, id="the rules were not read"),
    ],
)
def test_nothing_is_asked(changes: Any, listeners: Any) -> None:
    driven = ask(changes=changes, listeners=listeners)
    assert (driven.asked, driven.outcome) == ([], NOTHING)


def test_several_rules_share_the_look_ups() -> None:
    arns = [f"{RULE}{number}" for number in range(MAX_RULES + 1)]
    gone = Changes(items=tuple(deletion(arn, 12 + number) for number, arn in enumerate(arns)))
    driven = ask(record("CreateRule", 30, *(rule(arn) for arn in arns)), changes=gone)
    assert len(driven.asked) == 3
    assert [one.arn for one in driven.outcome.items] == arns[:MAX_RULES]


def test_one_look_up_that_fails_leaves_all_unknown() -> None:
    driven = ask(CREATED, answers={"ModifyRule": refused("cloudtrail:LookupEvents")})
    assert isinstance(driven.outcome, Gap)
