"""Listener rules: their order, and where they forward to.

AWS replaces the list of actions of a rule in full, so that an edit starts from the live list and changes one thing.
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyRule.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from pydantic import JsonValue

from diagnostics.facts import FormerRule, Listener, Rule
from remediations.fix import CannotPrepareError, Prepare
from remediations.plan import FROM, PLAN, PLAN_TAG, Call, Grant, Guard, Kept, Look, Write
from remediations.steps import paths

MAX_PRIORITY: Final = 50_000
NEW: Final = "rule"
"""Under this name the ARN of a rule that was made is kept."""
Action = dict[str, Any]


def describe(rule_arn: str) -> Call:
    return Call.of("elbv2", "describe_rules", RuleArns=[rule_arn])


def name_of(listener: Listener, rule: Rule) -> str:
    rank = "the default rule" if rule.is_default else f"rule {rule.priority}"
    return f"{rank} of port {listener.port}"


# -- order


def has_priority(listener: Listener, rule: Rule, priority: int | None) -> Guard:
    """AWS writes priorities as text."""
    return Guard(
        look=Look(call=describe(rule.arn), path="Rules[0].Priority"),
        expected=str(priority),
        text=f"{name_of(listener, rule)} has priority {priority}",
    )


def priority_is_free(listener: Listener, priority: int) -> Guard:
    call = Call.of("elbv2", "describe_rules", ListenerArn=listener.arn)
    path = paths.none_of(f"Rules[?Priority == {paths.quoted(str(priority))}]")
    text = f"no rule of port {listener.port} has priority {priority}"
    return Guard(look=Look(call=call, path=path), expected=True, text=text)


def set_priority(listener: Listener, rule: Rule, priority: int) -> Write:
    """Moves one rule; the others keep their places."""
    wanted: JsonValue = [{"RuleArn": rule.arn, "Priority": priority}]
    call = Call.of("elbv2", "set_rule_priorities", RulePriorities=wanted)
    return Write(call=call, resources=(rule.arn,), done_when=has_priority(listener, rule, priority))


def stand_in(listener: Listener, rule: Rule, default: Rule, priority: int) -> Write:
    """A new rule that does with the requests of `rule` what the default rule would do."""
    where: dict[str, JsonValue] = {"ListenerArn": listener.arn, "Priority": priority, "Tags": _tags()}
    there = priority_is_free(listener, priority).model_copy(
        update={"expected": False, "text": f"a rule of port {listener.port} has priority {priority}"}
    )
    return Write(
        call=Call.of("elbv2", "create_rule", **where),
        resources=(listener.arn, _below(listener)),
        also=(_may_tag(listener),),
        done_when=there,
        keeps=(_kept_at(listener, priority),),
        reads={"rule": describe(rule.arn), "default": describe(default.arn)},
        prepared_by="as the default",
        arguments=where,
    )


def stands_in(listener: Listener, rule: Rule, default: Rule, priority: int) -> Guard:
    """The rule that `stand_in` made is as it was made: nobody has given it another use."""
    call = Call.of("elbv2", "describe_rules", RuleArns=[{FROM: NEW}])
    several = len(default.forwards_to) > 1
    groups: list[JsonValue] = [
        [to.target_group_arn, to.weight] if several else to.target_group_arn for to in default.forwards_to
    ]
    fields: list[JsonValue] = [*sorted(condition.field for condition in rule.conditions)]
    names = ", ".join(to.target_group_arn.split("/")[-2] for to in default.forwards_to)
    text = f"the new rule {priority} of port {listener.port} forwards to {names}"
    forwards = _WEIGHTS.removeprefix("Rules[0].") if several else _ARNS
    look = Look(call=call, path=f"Rules[0].[Priority, sort(Conditions[].Field), {forwards}]")
    return Guard(look=look, expected=[str(priority), fields, groups], text=text)


def make_again(listener: Listener, former: FormerRule) -> Write:
    """A rule as it was. https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateRule.html"""
    return Write(
        call=Call.of(
            "elbv2",
            "create_rule",
            ListenerArn=listener.arn,
            Priority=former.rule.priority,
            Conditions=[*former.conditions],
            Actions=[*former.actions],
            Tags=_tags(),
        ),
        resources=(listener.arn, _below(listener)),
        also=(_may_tag(listener),),
        done_when=is_there_again(listener, former),
        keeps=(_kept_at(listener, former.rule.priority),),
    )


def _tags() -> list[JsonValue]:
    """Only rules with this tag can be deleted again: nobody else's are touched."""
    return [{"Key": PLAN_TAG, "Value": {FROM: PLAN}}]


def _may_tag(listener: Listener) -> Grant:
    created = {"StringEquals": {"elasticloadbalancing:CreateAction": "CreateRule"}}
    return Grant(action="elasticloadbalancing:AddTags", resources=(_below(listener),), condition=dict(created))


def _below(listener: Listener) -> str:
    """Stands for a rule that is not there yet."""
    return f"{listener.arn.replace(':listener/', ':listener-rule/')}/*"


def _kept_at(listener: Listener, priority: int | None) -> Kept:
    """The ARN of the rule that was made with this priority."""
    at = _of_listener(listener, f"{_with_priority(priority)}.RuleArn | [0]")
    return Kept(name=NEW, in_answer="Rules[0].RuleArn", look=at)


def is_there_again(listener: Listener, former: FormerRule) -> Guard:
    """A rule with its priority forwards where it did, for conditions of the same kinds."""
    one = f"{_with_priority(former.rule.priority)} | [0]"
    fields: list[JsonValue] = [condition.field for condition in former.rule.conditions]
    groups: list[JsonValue] = [to.target_group_arn for to in former.rule.forwards_to]
    names = ", ".join(to.target_group_arn.split("/")[-2] for to in former.rule.forwards_to)
    return Guard(
        look=_of_listener(listener, f"{one}.[Conditions[].Field, {_ARNS}]"),
        expected=[fields, groups],
        text=f"rule {former.rule.priority} of port {listener.port} forwards to {names}",
    )


def leads_nowhere(listener: Listener, target_group: str) -> Guard:
    """No rule of the listener forwards to the group."""
    path = f"contains(Rules[].{_ARNS} | [], {paths.quoted(target_group)})"
    text = f"no rule of port {listener.port} forwards to {target_group.split('/')[-2]}"
    return Guard(look=_of_listener(listener, path), expected=False, text=text)


def delete_new(listener: Listener, done_when: Guard) -> Write:
    """Deletes the rule that `make_again` or `stand_in` made. Nobody knows its ARN before."""
    call = Call.of("elbv2", "delete_rule", RuleArn={FROM: NEW})
    return Write(call=call, resources=(_below(listener),), done_when=done_when)


def _of_listener(listener: Listener, path: str) -> Look:
    call = Call.of("elbv2", "describe_rules", ListenerArn=listener.arn)
    return Look(call=call, path=path)


def _with_priority(priority: int | None) -> str:
    return f"Rules[?Priority == {paths.quoted(str(priority))}]"


def answers_itself(listener: Listener, rule: Rule, code: int) -> Guard:
    return Guard(
        look=Look(call=describe(rule.arn), path="Rules[0].Actions[-1].[Type, FixedResponseConfig.StatusCode]"),
        expected=["fixed-response", str(code)],
        text=f"{name_of(listener, rule)} answers {code} itself",
    )


# -- where to


def divides(listener: Listener, rule: Rule) -> Guard:
    """The rule forwards to the same groups with the same weights as it was read."""
    return forwards(listener, rule, {one.target_group_arn: one.weight for one in rule.forwards_to})


def forwards(listener: Listener, rule: Rule, weights: Mapping[str, int]) -> Guard:
    """And does nothing else than it did, such as to ask users who they are. A rule with one group may name it with or
    without a weight."""
    return _forwards(listener, rule, [(arn, arn.split("/")[-2], weight) for arn, weight in weights.items()])


def forwards_instead(listener: Listener, rule: Rule, before: str, after: JsonValue, name: str) -> Guard:
    """As it was read, with a group of this name in the place of one; its ARN may yet be a placeholder."""
    read = [(one.target_group_arn, one.weight) for one in rule.forwards_to]
    groups = [(after, name, w) if arn == before else (arn, arn.split("/")[-2], w) for arn, w in read]
    return _forwards(listener, rule, groups)


def _forwards(listener: Listener, rule: Rule, groups: Sequence[tuple[JsonValue, str, int]]) -> Guard:
    several = len(groups) > 1
    expected: JsonValue = [[arn, weight] if several else arn for arn, _, weight in groups]
    kinds = sorted(action.type for action in rule.actions)
    shares = ", ".join(f"{name} {weight}" for _, name, weight in groups)
    others = ", ".join(kind for kind in kinds if kind != "forward")
    text = f"{name_of(listener, rule)} forwards to {shares}{f' after {others}' if others else ''}"
    look = Look(call=describe(rule.arn), path=f"[sort(Rules[0].Actions[].Type), {_WEIGHTS if several else _GROUPS}]")
    return Guard(look=look, expected=[[*kinds], expected], text=text)


def not_for_us(listener: Listener, rule: Rule) -> str | None:
    """Why somebody else has to change where the rule forwards to. Whoever changes a rule that signs users in with
    Cognito has to be allowed to read the user pool's client, and its secret with it.
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html"""
    if not any(action.type == "authenticate-cognito" for action in rule.actions):
        return None
    return (
        f"{name_of(listener, rule)} signs users in with Cognito: AWS asks whoever changes it for"
        " cognito-idp:DescribeUserPoolClient, which shows the client's secret and is not given to alb502;"
        " change the weight or the group by hand, and leave the other actions as they are"
    )


def change_forward(
    listener: Listener, rule: Rule, prepared_by: str, arguments: dict[str, JsonValue], done_when: Guard
) -> Write:
    """One of `PREPARES` makes the actions of what the rule has then; the default rule is the listener's."""
    where: dict[str, JsonValue] = {"ListenerArn": listener.arn} if rule.is_default else {"RuleArn": rule.arn}
    operation = "modify_listener" if rule.is_default else "modify_rule"
    return Write(
        call=Call.of("elbv2", operation, **where),
        resources=(listener.arn if rule.is_default else rule.arn,),
        done_when=done_when,
        reads={"rule": describe(rule.arn)},
        prepared_by=prepared_by,
        arguments={**where, **arguments},
    )


def _weighed(groups: list[Action], arguments: Mapping[str, Any]) -> None:
    """Gives the group `group` the weight `to`, where it has `before`."""
    found = [one for one in groups if one["TargetGroupArn"] == arguments["group"]]
    if len(found) != 1 or found[0].get("Weight", 1) != arguments["before"]:
        raise CannotPrepareError("the rule no longer gives the target group the weight that the report saw")
    found[0]["Weight"] = arguments["to"]


def _replaced(groups: list[Action], arguments: Mapping[str, Any]) -> None:
    """Puts the group `to` in the place of `group`."""
    arns = [one["TargetGroupArn"] for one in groups]
    if arns.count(arguments["group"]) != 1 or arguments["to"] in arns:
        raise CannotPrepareError("the rule no longer forwards to the target groups that the report saw")
    groups[arns.index(arguments["group"])]["TargetGroupArn"] = arguments["to"]


def _prepare(edit: Callable[[list[Action], Mapping[str, Any]], None]) -> Prepare:
    def prepare(answers: Mapping[str, Any], arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        rules = answers["rule"].get("Rules", [])
        if len(rules) != 1:
            raise CannotPrepareError("the rule is not there any more")
        actions = [as_request(action) for action in rules[0]["Actions"]]
        forward = [action["ForwardConfig"] for action in actions if action["Type"] == "forward"]
        if len(forward) != 1:
            raise CannotPrepareError("the rule does not forward any more")
        edit(forward[0]["TargetGroups"], arguments)
        if "ListenerArn" in arguments:
            return {"ListenerArn": arguments["ListenerArn"], "DefaultActions": actions}
        return {"RuleArn": arguments["RuleArn"], "Actions": actions}

    return prepare


def _as_the_default(answers: Mapping[str, Any], arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """A rule with the conditions of one and the action of the default rule."""
    rules, defaults = answers["rule"].get("Rules", []), answers["default"].get("Rules", [])
    if len(rules) != 1 or len(defaults) != 1 or any(one["Type"] != "forward" for one in defaults[0]["Actions"]):
        raise CannotPrepareError("the rules are not what the report saw")
    conditions = [
        {name: value for name, value in one.items() if value is not None and (name != "Values" or len(one) <= 2)}
        for one in rules[0]["Conditions"]
    ]
    actions = [as_request(action) for action in defaults[0]["Actions"]]
    where = {name: arguments[name] for name in ("ListenerArn", "Priority", "Tags")}
    return {**where, "Conditions": conditions, "Actions": actions}


STAND_IN: Final[Mapping[str, Prepare]] = MappingProxyType({"as the default": _as_the_default})
PREPARES: Final[Mapping[str, Prepare]] = MappingProxyType({"weight": _prepare(_weighed), "group": _prepare(_replaced)})


def as_request(action: Mapping[str, Any]) -> Action:
    """An action as it is described, in the form in which it may be sent: a forward names its groups once, and the
    secret of an identity provider, which is never shown, is kept.
    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_AuthenticateOidcActionConfig.html"""
    sent = {name: value for name, value in action.items() if value is not None}
    if sent["Type"] == "forward":
        single = sent.pop("TargetGroupArn", None)
        config = dict(sent.get("ForwardConfig") or {})
        config["TargetGroups"] = [dict(one) for one in config.get("TargetGroups") or [{"TargetGroupArn": single}]]
        sent["ForwardConfig"] = config
    if "AuthenticateOidcConfig" in sent:
        config = {name: value for name, value in sent["AuthenticateOidcConfig"].items() if name != "ClientSecret"}
        sent["AuthenticateOidcConfig"] = {**config, "UseExistingClientSecret": True}
    return sent


_WEIGHTS: Final = "Rules[0].Actions[].ForwardConfig.TargetGroups[].[TargetGroupArn, Weight]"
_ARNS: Final = "Actions[].[TargetGroupArn || ForwardConfig.TargetGroups[].TargetGroupArn][] | []"
_GROUPS: Final = (
    "Rules[0].Actions[?Type == 'forward'].[ForwardConfig.TargetGroups[].TargetGroupArn || [TargetGroupArn]] | [][]"
)
