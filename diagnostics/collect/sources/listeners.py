"""Listeners and their rules, in the order in which a request meets them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from diagnostics.collect.answers import gaps_of, items_of, nothing_read
from diagnostics.collect.collector import Read, Reads, collector
from diagnostics.collect.sources.load_balancers import MAX_LOAD_BALANCERS, NO_LOAD_BALANCER
from diagnostics.facts import ForwardTarget, Gap, Listener, Listeners, Rule, RuleAction, RuleCondition
from diagnostics.redaction import REDACTED, is_secret_name, redact_text
from diagnostics.snapshot import Subject

MAX_LISTENERS = 20
PAGE_SIZE = 400
MAX_PAGES = 3

# A header condition is often a shared secret with a CDN: only values of these harmless headers are kept.
OPEN_HEADERS = frozenset(
    {
        "accept",
        "accept-language",
        "content-type",
        "host",
        "origin",
        "upgrade",
        "user-agent",
        "x-forwarded-host",
        "x-forwarded-proto",
    }
)
# Parameters of a query that hold a key, and whose name alone does not say so.
SECRET_PARAMETERS = frozenset({"key", "code", "state", "k"})
_CONFIGS = {
    "host-header": "HostHeaderConfig",
    "path-pattern": "PathPatternConfig",
    "http-header": "HttpHeaderConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "query-string": "QueryStringConfig",
    "source-ip": "SourceIpConfig",
}


@collector(cached=True)
def listeners(subject: Subject) -> Reads[Listeners]:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeRules.html"""
    balancers = subject.load_balancers[:MAX_LOAD_BALANCERS]
    if not balancers:
        return subject.unread("elasticloadbalancing") or NO_LOAD_BALANCER
    answers = yield [
        Read(
            "elbv2",
            "describe_listeners",
            "Listeners",
            {"LoadBalancerArn": arn, "PageSize": PAGE_SIZE},
            resource=arn,
            max_pages=MAX_PAGES,
        )
        for arn in balancers
    ]
    failed = nothing_read(answers)
    if failed:
        return failed
    found = items_of(answers)
    gaps = gaps_of(answers) + _left_out(found)
    found = found[:MAX_LISTENERS]
    rules = yield [
        Read(
            "elbv2",
            "describe_rules",
            "Rules",
            {"ListenerArn": raw["ListenerArn"], "PageSize": PAGE_SIZE},
            resource=raw["ListenerArn"],
            max_pages=MAX_PAGES,
        )
        for raw in found
    ]
    items = tuple(
        _listener(raw, _default_rule_only(raw) if answer.failed else [rule_of(rule) for rule in answer.items])
        for raw, answer in zip(found, rules, strict=True)
    )
    return Listeners(items=items, gaps=gaps + gaps_of(rules))


def _left_out(found: Sequence[Mapping[str, Any]]) -> tuple[Gap, ...]:
    if len(found) <= MAX_LISTENERS:
        return ()
    message = f"only the rules of {MAX_LISTENERS} of {len(found)} listeners are read"
    return (
        Gap(
            action="elasticloadbalancing:DescribeRules",
            resource=found[MAX_LISTENERS]["ListenerArn"],
            error="TooManyListeners",
            kind="not-read",
            message=message,
        ),
    )


def _listener(raw: Mapping[str, Any], rules: Sequence[Rule]) -> Listener:
    return Listener(
        arn=raw["ListenerArn"],
        load_balancer_arn=raw["LoadBalancerArn"],
        port=raw["Port"],
        protocol=raw["Protocol"],
        rules=tuple(sorted(rules, key=lambda rule: (rule.is_default, rule.priority or 0))),
    )


def _default_rule_only(raw: Mapping[str, Any]) -> list[Rule]:
    """What the listener itself tells when its rules could not be read."""
    actions = tuple(map(_action, raw.get("DefaultActions", ())))
    return [Rule(arn=raw["ListenerArn"], priority=None, actions=actions)] if actions else []


def rule_of(raw: Mapping[str, Any]) -> Rule:
    is_default = raw.get("IsDefault") or raw.get("Priority") == "default"
    return Rule(
        arn=raw["RuleArn"],
        priority=None if is_default else int(raw["Priority"]),
        conditions=tuple(map(_condition, raw.get("Conditions", ()))),
        actions=tuple(sorted(map(_action, raw.get("Actions", ())), key=lambda action: action.order)),
    )


def _condition(raw: Mapping[str, Any]) -> RuleCondition:
    field = str(raw["Field"])
    config = raw.get(_CONFIGS.get(field, ""), {})
    header = config.get("HttpHeaderName")
    if field == "query-string":
        return RuleCondition(field=field, values=tuple(map(_query, config.get("Values", ()))))
    values = tuple(config.get("Values") or raw.get("Values", ()))
    patterns = tuple(config.get("RegexValues") or raw.get("RegexValues", ()))
    if header is not None and header.lower() not in OPEN_HEADERS:
        values, patterns = (REDACTED,) * len(values), (REDACTED,) * len(patterns)
    return RuleCondition(field=field, values=values, regex_values=patterns, header_name=header)


def _query(raw: Mapping[str, Any]) -> str:
    key, value = raw.get("Key"), raw.get("Value", "")
    if key is None:
        return redact_text(str(value))
    is_secret = is_secret_name(key) or key.lower() in SECRET_PARAMETERS
    return f"{key}={REDACTED if is_secret else redact_text(str(value))}"


def _action(raw: Mapping[str, Any]) -> RuleAction:
    targets = raw.get("ForwardConfig", {}).get("TargetGroups", ())
    forward = tuple(
        ForwardTarget(target_group_arn=target["TargetGroupArn"], weight=target.get("Weight", 1)) for target in targets
    )
    if not forward and raw.get("TargetGroupArn"):
        forward = (ForwardTarget(target_group_arn=raw["TargetGroupArn"]),)
    sticky = raw.get("ForwardConfig", {}).get("TargetGroupStickinessConfig", {})
    fixed, redirect = raw.get("FixedResponseConfig", {}), raw.get("RedirectConfig", {})
    status = str(fixed.get("StatusCode") or redirect.get("StatusCode", "")).removeprefix("HTTP_")
    return RuleAction(
        type=raw["Type"],
        order=raw.get("Order", 1),
        forward=forward,
        status_code=int(status) if status.isdigit() else None,
        location=_location(redirect) if redirect else None,
        message_body=redact_text(fixed.get("MessageBody", "")),
        sticky_s=sticky.get("DurationSeconds") if sticky.get("Enabled") else None,
    )


def _location(redirect: Mapping[str, Any]) -> str:
    """Parts that are not given keep the request's own:
    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RedirectActionConfig.html"""
    protocol = str(redirect.get("Protocol") or "#{protocol}").lower()
    host, port = redirect.get("Host") or "#{host}", redirect.get("Port") or "#{port}"
    path, query = redirect.get("Path") or "/#{path}", redirect.get("Query") or "#{query}"
    return redact_text(f"{protocol}://{host}:{port}{path}?{query}")
