"""Listeners and their rules, in the order in which a request meets them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from diagnostics.collect.answers import gaps_of, items_of, nothing_read
from diagnostics.collect.collector import Read, Reads, collector
from diagnostics.collect.described_listeners import actions_of, listener_of, rule_of
from diagnostics.collect.sources.load_balancers import MAX_LOAD_BALANCERS, NO_LOAD_BALANCER
from diagnostics.facts import Gap, Listeners, Rule, RuleCondition
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
    if failed := nothing_read(answers):
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
        listener_of(raw, _default_rule_only(raw) if answer.failed else map(told_rule, answer.items))
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


def _default_rule_only(raw: Mapping[str, Any]) -> list[Rule]:
    """What the listener itself tells when its rules could not be read."""
    actions = actions_of(raw.get("DefaultActions") or ())
    return [_without_secrets(Rule(arn=raw["ListenerArn"], priority=None, actions=actions))] if actions else []


def told_rule(raw: Mapping[str, Any]) -> Rule:
    """A rule without what may be secret in it."""
    return _without_secrets(rule_of(raw))


def _without_secrets(rule: Rule) -> Rule:
    actions = (
        action.model_copy(
            update={
                "location": action.location and redact_text(action.location),
                "message_body": redact_text(action.message_body),
            }
        )
        for action in rule.actions
    )
    return rule.model_copy(
        update={"conditions": tuple(map(_told_condition, rule.conditions)), "actions": tuple(actions)}
    )


def _told_condition(condition: RuleCondition) -> RuleCondition:
    header, values, patterns = condition.header_name, condition.values, condition.regex_values
    if condition.field == "query-string":
        values = tuple(map(_told_parameter, values))
    elif header is not None and header.lower() not in OPEN_HEADERS:
        values, patterns = (REDACTED,) * len(values), (REDACTED,) * len(patterns)
    return condition.model_copy(update={"values": values, "regex_values": patterns})


def _told_parameter(text: str) -> str:
    key, separator, value = text.partition("=")
    if not separator:
        return redact_text(text)
    is_secret = is_secret_name(key) or key.lower() in SECRET_PARAMETERS
    return f"{key}={REDACTED if is_secret else redact_text(value)}"
