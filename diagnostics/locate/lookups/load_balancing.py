"""Elastic Load Balancing: load balancers, target groups, listeners and rules.

Limits of the API (20 ARNs a call, 400 items a page):
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeLoadBalancers.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from diagnostics.aws_access import Missing, Pages
from diagnostics.facts.fact import Gap
from diagnostics.facts.load_balancing import ForwardTarget, Listener, Rule, RuleAction, RuleCondition
from diagnostics.locate.search import Looked, Place
from diagnostics.locate.seen import SeenLoadBalancer, SeenTargetGroup

SERVICE: Final = "elbv2"
PAGE_SIZE: Final = 400
MAX_PAGES: Final = 10
MAX_ARNS: Final = 20

_NO_LOAD_BALANCER: Final = ("LoadBalancerNotFound", "LoadBalancerNotFoundException")
_NO_TARGET_GROUP: Final = ("TargetGroupNotFound", "TargetGroupNotFoundException")
_NO_LISTENER: Final = ("ListenerNotFound", "ListenerNotFoundException", *_NO_LOAD_BALANCER)
_NO_RULE: Final = ("RuleNotFound", "RuleNotFoundException", *_NO_LISTENER)


def load_balancer_named(name: str) -> Callable[[Place], Looked[SeenLoadBalancer]]:
    return lambda place: _load_balancers(place, Names=[name])


def load_balancers_with(arns: Sequence[str]) -> Callable[[Place], Looked[SeenLoadBalancer]]:
    """At most `MAX_ARNS` ARNs; when one of them does not exist AWS answers for none."""
    return lambda place: _load_balancers(place, LoadBalancerArns=list(arns[:MAX_ARNS]))


def all_load_balancers(place: Place) -> Looked[SeenLoadBalancer]:
    pages = place.reader.pages(
        SERVICE, "describe_load_balancers", "LoadBalancers", max_pages=MAX_PAGES, PageSize=PAGE_SIZE
    )
    return Looked(tuple(_load_balancer(place, raw) for raw in pages.items), pages.gaps, pages.calls)


def target_group_named(name: str) -> Callable[[Place], Looked[SeenTargetGroup]]:
    return lambda place: _target_groups(place, Names=[name])


def target_groups_with(arns: Sequence[str]) -> Callable[[Place], Looked[SeenTargetGroup]]:
    """At most `MAX_ARNS` ARNs; when one of them does not exist AWS answers for none."""
    return lambda place: _target_groups(place, TargetGroupArns=list(arns[:MAX_ARNS]))


def target_groups_behind(load_balancer_arn: str) -> Callable[[Place], Looked[SeenTargetGroup]]:
    return lambda place: _all_target_groups(place, LoadBalancerArn=load_balancer_arn)


def all_target_groups(place: Place) -> Looked[SeenTargetGroup]:
    return _all_target_groups(place)


def listeners_of(load_balancer_arn: str) -> Callable[[Place], Looked[Listener]]:
    """Listeners without their rules."""

    def look(place: Place) -> Looked[Listener]:
        pages = place.reader.pages(
            SERVICE,
            "describe_listeners",
            "Listeners",
            max_pages=MAX_PAGES,
            resource=load_balancer_arn,
            missing=_NO_LISTENER,
            LoadBalancerArn=load_balancer_arn,
            PageSize=PAGE_SIZE,
        )
        return _looked(pages, _listener)

    return look


def listener_with(arn: str) -> Callable[[Place], Looked[Listener]]:
    def look(place: Place) -> Looked[Listener]:
        answer = place.reader.find(
            SERVICE,
            "describe_listeners",
            missing=_NO_LISTENER,
            resource=arn,
            expects=("Listeners",),
            ListenerArns=[arn],
        )
        return _one(answer, "Listeners", _listener)

    return look


def with_rules(listener: Listener) -> Callable[[Place], Looked[Listener]]:
    """The listener with its rules in the order in which they are tried."""

    def look(place: Place) -> Looked[Listener]:
        pages = place.reader.pages(
            SERVICE,
            "describe_rules",
            "Rules",
            max_pages=MAX_PAGES,
            resource=listener.arn,
            missing=_NO_RULE,
            ListenerArn=listener.arn,
            PageSize=PAGE_SIZE,
        )
        rules = sorted(map(rule_of, pages.items), key=lambda rule: (rule.is_default, rule.priority or 0))
        return Looked((listener.model_copy(update={"rules": tuple(rules)}),), pages.gaps, pages.calls)

    return look


def rule_with(arn: str) -> Callable[[Place], Looked[Rule]]:
    def look(place: Place) -> Looked[Rule]:
        answer = place.reader.find(
            SERVICE, "describe_rules", missing=_NO_RULE, resource=arn, expects=("Rules",), RuleArns=[arn]
        )
        return _one(answer, "Rules", rule_of)

    return look


def rule_of(raw: Mapping[str, Any]) -> Rule:
    """A rule as DescribeRules answers it. Query string values are written ``key=value``."""
    priority = str(raw.get("Priority", "default"))
    return Rule(
        arn=str(raw.get("RuleArn", "")),
        priority=int(priority) if priority.isdigit() else None,
        conditions=tuple(map(_condition, raw.get("Conditions") or ())),
        actions=tuple(map(_action, raw.get("Actions") or ())),
    )


def _condition(raw: Mapping[str, Any]) -> RuleCondition:
    config: Mapping[str, Any] = next((value for key, value in raw.items() if key.endswith("Config") and value), {})
    values = config.get("Values") or raw.get("Values") or ()
    return RuleCondition(
        field=str(raw.get("Field", "")),
        values=tuple(map(_value, values)),
        regex_values=tuple(map(str, config.get("RegexValues") or raw.get("RegexValues") or ())),
        header_name=config.get("HttpHeaderName"),
    )


def _value(raw: object) -> str:
    if isinstance(raw, Mapping):
        key, value = raw.get("Key"), raw.get("Value", "")
        return f"{key}={value}" if key else str(value)
    return str(raw)


def _action(raw: Mapping[str, Any]) -> RuleAction:
    redirect = raw.get("RedirectConfig") or {}
    fixed = raw.get("FixedResponseConfig") or {}
    code = str(fixed.get("StatusCode") or redirect.get("StatusCode", "")).removeprefix("HTTP_")
    return RuleAction(
        type=str(raw.get("Type", "")),
        order=int(raw.get("Order") or 1),
        forward=_forwards(raw),
        status_code=int(code) if code.isdigit() else None,
        location=_location(redirect) if redirect else None,
        message_body=str(fixed.get("MessageBody") or ""),
    )


def _forwards(raw: Mapping[str, Any]) -> tuple[ForwardTarget, ...]:
    groups = (raw.get("ForwardConfig") or {}).get("TargetGroups") or ()
    if not groups and raw.get("TargetGroupArn"):
        groups = [{"TargetGroupArn": raw["TargetGroupArn"]}]
    return tuple(
        ForwardTarget(
            target_group_arn=str(group.get("TargetGroupArn", "")),
            weight=1 if group.get("Weight") is None else int(group["Weight"]),
        )
        for group in groups
    )


def _location(redirect: Mapping[str, Any]) -> str:
    parts = {"Protocol": "#{protocol}", "Host": "#{host}", "Port": "#{port}", "Path": "/#{path}", "Query": "#{query}"}
    given = {key: str(redirect.get(key) or default) for key, default in parts.items()}
    return f"{given['Protocol'].lower()}://{given['Host']}:{given['Port']}{given['Path']}?{given['Query']}"


def _load_balancers(place: Place, **params: Any) -> Looked[SeenLoadBalancer]:
    answer = place.reader.find(
        SERVICE, "describe_load_balancers", missing=_NO_LOAD_BALANCER, expects=("LoadBalancers",), **params
    )
    return _one(answer, "LoadBalancers", lambda raw: _load_balancer(place, raw))


def _target_groups(place: Place, **params: Any) -> Looked[SeenTargetGroup]:
    answer = place.reader.find(
        SERVICE, "describe_target_groups", missing=_NO_TARGET_GROUP, expects=("TargetGroups",), **params
    )
    return _one(answer, "TargetGroups", lambda raw: _target_group(place, raw))


def _all_target_groups(place: Place, **params: Any) -> Looked[SeenTargetGroup]:
    pages = place.reader.pages(
        SERVICE,
        "describe_target_groups",
        "TargetGroups",
        max_pages=MAX_PAGES,
        missing=_NO_LOAD_BALANCER,
        PageSize=PAGE_SIZE,
        **params,
    )
    return _looked(pages, lambda raw: _target_group(place, raw))


def _looked(pages: Pages, read: Callable[[Mapping[str, Any]], Any]) -> Looked[Any]:
    return Looked(tuple(map(read, pages.items)), pages.gaps, pages.calls)


def _one(answer: dict[str, Any] | Missing | Gap, key: str, read: Callable[[Mapping[str, Any]], Any]) -> Looked[Any]:
    if isinstance(answer, Missing):
        return Looked()
    if isinstance(answer, Gap):
        return Looked(gaps=(answer,))
    return Looked(tuple(map(read, answer[key])))


def _load_balancer(place: Place, raw: Mapping[str, Any]) -> SeenLoadBalancer:
    return SeenLoadBalancer(
        where=place.where,
        arn=str(raw.get("LoadBalancerArn", "")),
        name=str(raw.get("LoadBalancerName", "")),
        type=str(raw.get("Type", "application")),
        dns_name=str(raw.get("DNSName", "")).lower().removesuffix("."),
        security_groups=tuple(map(str, raw.get("SecurityGroups") or ())),
    )


def _target_group(place: Place, raw: Mapping[str, Any]) -> SeenTargetGroup:
    return SeenTargetGroup(
        where=place.where,
        arn=str(raw.get("TargetGroupArn", "")),
        name=str(raw.get("TargetGroupName", "")),
        target_type=str(raw.get("TargetType", "ip")),
        load_balancers=_unique(raw.get("LoadBalancerArns") or ()),
    )


def _listener(raw: Mapping[str, Any]) -> Listener:
    return Listener(
        arn=str(raw.get("ListenerArn", "")),
        load_balancer_arn=str(raw.get("LoadBalancerArn", "")),
        port=int(raw.get("Port") or 0),
        protocol=str(raw.get("Protocol", "")),
    )


def _unique(values: Iterable[object]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(str, values)))
