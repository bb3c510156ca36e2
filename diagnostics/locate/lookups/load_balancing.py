"""Elastic Load Balancing: load balancers, target groups, listeners and rules.

Limits of the API (20 ARNs a call, 400 items a page):
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeLoadBalancers.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from diagnostics.collect.described_listeners import in_order, listener_of, rule_of
from diagnostics.facts.load_balancing import Listener, Rule
from diagnostics.locate.search import Looked, Place, looked, looked_through
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
    return looked_through(pages, lambda raw: _load_balancer(place, raw))


def target_group_named(name: str) -> Callable[[Place], Looked[SeenTargetGroup]]:
    return lambda place: _target_groups(place, Names=[name])


def target_groups_with(arns: Sequence[str]) -> Callable[[Place], Looked[SeenTargetGroup]]:
    """At most `MAX_ARNS` ARNs; when one of them does not exist AWS answers for none."""
    return lambda place: _target_groups(place, TargetGroupArns=list(arns[:MAX_ARNS]))


def target_groups_behind(load_balancer_arn: str) -> Callable[[Place], Looked[SeenTargetGroup]]:
    return lambda place: all_target_groups(place, LoadBalancerArn=load_balancer_arn)


def all_target_groups(place: Place, **params: Any) -> Looked[SeenTargetGroup]:
    pages = place.reader.pages(
        SERVICE,
        "describe_target_groups",
        "TargetGroups",
        max_pages=MAX_PAGES,
        missing=_NO_LOAD_BALANCER,
        PageSize=PAGE_SIZE,
        **params,
    )
    return looked_through(pages, lambda raw: _target_group(place, raw))


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
        return looked_through(pages, listener_of)

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
        rules = in_order(map(rule_of, pages.items))
        return Looked((listener.model_copy(update={"rules": rules}),), pages.gaps, pages.calls)

    return look


def rule_with(arn: str) -> Callable[[Place], Looked[Rule]]:
    def look(place: Place) -> Looked[Rule]:
        answer = place.reader.find(
            SERVICE, "describe_rules", missing=_NO_RULE, resource=arn, expects=("Rules",), RuleArns=[arn]
        )
        return looked(answer, lambda found: map(rule_of, found["Rules"]))

    return look


def _load_balancers(place: Place, **params: Any) -> Looked[SeenLoadBalancer]:
    answer = place.reader.find(
        SERVICE, "describe_load_balancers", missing=_NO_LOAD_BALANCER, expects=("LoadBalancers",), **params
    )
    return looked(answer, lambda found: (_load_balancer(place, raw) for raw in found["LoadBalancers"]))


def _target_groups(place: Place, **params: Any) -> Looked[SeenTargetGroup]:
    answer = place.reader.find(
        SERVICE, "describe_target_groups", missing=_NO_TARGET_GROUP, expects=("TargetGroups",), **params
    )
    return looked(answer, lambda found: (_target_group(place, raw) for raw in found["TargetGroups"]))


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
        load_balancers=tuple(dict.fromkeys(map(str, raw.get("LoadBalancerArns") or ()))),
    )
