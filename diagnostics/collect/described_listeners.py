"""Listeners and their rules as Elastic Load Balancing describes them, with whatever stands in their conditions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from diagnostics.facts.load_balancing import ForwardTarget, Listener, Rule, RuleAction, RuleCondition


def listener_of(raw: Mapping[str, Any], rules: Iterable[Rule] = ()) -> Listener:
    return Listener(
        arn=raw["ListenerArn"],
        load_balancer_arn=raw["LoadBalancerArn"],
        port=raw["Port"],
        protocol=raw["Protocol"],
        rules=in_order(rules),
    )


def in_order(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """As a request meets them: by priority, the default rule last."""
    return tuple(sorted(rules, key=lambda rule: rule.rank))


def rule_of(raw: Mapping[str, Any]) -> Rule:
    is_default = raw.get("IsDefault") or raw.get("Priority") == "default"
    return Rule(
        arn=raw["RuleArn"],
        priority=None if is_default else int(raw["Priority"]),
        conditions=tuple(map(_condition, raw.get("Conditions") or ())),
        actions=actions_of(raw.get("Actions") or ()),
    )


def actions_of(listed: Iterable[Mapping[str, Any]]) -> tuple[RuleAction, ...]:
    return tuple(sorted(map(_action, listed), key=lambda action: action.order))


def _condition(raw: Mapping[str, Any]) -> RuleCondition:
    """Values of a query string are written ``key=value``."""
    config: Mapping[str, Any] = next((value for name, value in raw.items() if name.endswith("Config") and value), {})
    return RuleCondition(
        field=raw["Field"],
        values=tuple(map(_value, config.get("Values") or raw.get("Values") or ())),
        regex_values=tuple(config.get("RegexValues") or raw.get("RegexValues") or ()),
        header_name=config.get("HttpHeaderName"),
    )


def _value(raw: object) -> str:
    if not isinstance(raw, Mapping):
        return str(raw)
    key, value = raw.get("Key"), raw.get("Value", "")
    return f"{key}={value}" if key else str(value)


def _action(raw: Mapping[str, Any]) -> RuleAction:
    config = raw.get("ForwardConfig") or {}
    groups = config.get("TargetGroups") or ([raw] if raw.get("TargetGroupArn") else ())
    sticky = config.get("TargetGroupStickinessConfig") or {}
    fixed, redirect = raw.get("FixedResponseConfig") or {}, raw.get("RedirectConfig") or {}
    status = str(fixed.get("StatusCode") or redirect.get("StatusCode", "")).removeprefix("HTTP_")
    return RuleAction(
        type=raw["Type"],
        order=raw.get("Order") or 1,
        forward=tuple(
            ForwardTarget(target_group_arn=group["TargetGroupArn"], weight=group.get("Weight", 1)) for group in groups
        ),
        status_code=int(status) if status.isdigit() else None,
        location=_location(redirect) if redirect else None,
        message_body=fixed.get("MessageBody") or "",
        sticky_s=sticky.get("DurationSeconds") if sticky.get("Enabled") else None,
    )


def _location(redirect: Mapping[str, Any]) -> str:
    """Parts that are not given keep the request's own:
    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RedirectActionConfig.html"""
    protocol = str(redirect.get("Protocol") or "#{protocol}").lower()
    host, port = redirect.get("Host") or "#{host}", redirect.get("Port") or "#{port}"
    path, query = redirect.get("Path") or "/#{path}", redirect.get("Query") or "#{query}"
    return f"{protocol}://{host}:{port}{path}?{query}"
