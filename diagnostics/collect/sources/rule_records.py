"""What CloudTrail's records say that a listener rule was, so that it can be made again exactly. Pure.

A record's answer describes the rule in full. What cannot be kept here whole, such as the value of a header that only a
CDN knows, makes the rule one that is not known. https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Rule.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from pydantic import JsonValue

from diagnostics.aws_access import Pages
from diagnostics.collect.sources.cloudtrail_events import detail_of
from diagnostics.collect.sources.listeners import OPEN_HEADERS, told_rule
from diagnostics.facts import FormerRule
from diagnostics.redaction import is_secret_name, redact_text

EVENTS: Final = ("CreateRule", "ModifyRule", "SetRulePriorities")
SOURCE: Final = "elasticloadbalancing.amazonaws.com"
"""Other services have rules too, and calls of these names."""
MAX_ITEMS: Final = 20
MAX_VALUE: Final = 256
_RULE: Final = frozenset({"ruleArn", "priority", "conditions", "actions", "isDefault", "transforms"})
_CONDITION: Final = frozenset(
    {
        "Field",
        "Values",
        "RegexValues",
        "HostHeaderConfig",
        "PathPatternConfig",
        "HttpHeaderConfig",
        "HttpHeaderName",
        "HttpRequestMethodConfig",
        "QueryStringConfig",
        "SourceIpConfig",
        "Key",
        "Value",
    }
)
_ACTION: Final = frozenset(
    {
        "Type",
        "Order",
        "TargetGroupArn",
        "ForwardConfig",
        "TargetGroups",
        "Weight",
        "TargetGroupStickinessConfig",
        "Enabled",
        "DurationSeconds",
    }
)


class UnfitError(Exception):
    """Why the rule cannot be made again as it was, in words."""


@dataclass(frozen=True, slots=True)
class Record:
    """One call that made or changed rules: which ones, and how its answer describes them. `unread`: it cannot be read,
    and so may have been about any rule."""

    at: datetime
    name: str
    touches: frozenset[str] = frozenset()
    rules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    unread: bool = False


def former_rule(arn: str, until: datetime, answers: Sequence[Pages]) -> FormerRule | str:
    """The rule as it was at this moment, or why that is not certain. `answers`: one for each of `EVENTS`."""
    records = [record for answer in answers for record in _records(answer) if record.at <= until]
    own = sorted((one for one in records if arn in one.touches or one.unread), key=lambda one: one.at, reverse=True)
    if not own:
        return "CloudTrail, which keeps 90 days, has no record of its making or of a change"
    newest = own[0]
    described = newest.rules.get(arn)
    when = f"{newest.name} of {newest.at:%Y-%m-%d %H:%M} UTC"
    if described is None:
        return f"the record of {when} does not describe it"
    if any(other.at == newest.at and other.rules.get(arn) != described for other in own):
        return f"two records of {newest.at:%Y-%m-%d %H:%M:%S} UTC describe it differently"
    if any(answer.truncated and _reaches_to(answer, until) > newest.at for answer in answers):
        return f"there may be changes after {when} that were not read"
    try:
        return _described(described, newest)
    except UnfitError as why:
        return str(why)


def _records(answer: Pages) -> Iterator[Record]:
    for raw in answer.items:
        detail = detail_of(raw.get("CloudTrailEvent", ""))
        at, name = raw["EventTime"], str(raw.get("EventName", ""))
        if str(raw.get("EventSource") or detail.get("eventSource")) != SOURCE or detail.get("errorCode"):
            continue
        if not detail:
            yield Record(at, name, unread=True)
            continue
        request, response = detail.get("requestParameters"), detail.get("responseElements")
        rules = {str(one["ruleArn"]): one for one in _listed(response, "rules") if one.get("ruleArn")}
        named = [*_listed(request, "rulePriorities"), *([request] if isinstance(request, Mapping) else [])]
        touches = {str(one["ruleArn"]) for one in named if one.get("ruleArn")}
        yield Record(at, name, frozenset(touches | rules.keys()), rules)


def _listed(owner: object, name: str) -> list[Mapping[str, Any]]:
    items = owner.get(name) if isinstance(owner, Mapping) else None
    return [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []


def _reaches_to(answer: Pages, until: datetime) -> datetime:
    """All records after this moment were read."""
    return min((raw["EventTime"] for raw in answer.items), default=until)


def _described(raw: Mapping[str, Any], record: Record) -> FormerRule:
    unknown = sorted(set(raw) - _RULE)
    if unknown or raw.get("isDefault") or raw.get("transforms"):
        raise UnfitError(f"it had {', '.join(unknown) or 'transforms'}, which is not restored")
    priority, listed = str(raw.get("priority", "")), _items(raw.get("conditions"))
    if not priority.isdigit() or not listed:
        raise UnfitError(f"the record of {record.name} lacks its priority or its conditions")
    conditions = tuple(_condition(one) for one in listed)
    actions = tuple(_action(one) for one in _items(raw.get("actions")))
    if len(actions) != 1:
        raise UnfitError(f"it had {len(actions)} actions, of which a record does not keep everything")
    described = {"RuleArn": str(raw["ruleArn"]), "Priority": priority, "Conditions": conditions, "Actions": actions}
    return FormerRule(
        rule=told_rule(described), conditions=conditions, actions=actions, told_by=record.name, told_at=record.at
    )


def _condition(raw: object) -> dict[str, JsonValue]:
    sent = _sent(raw, _CONDITION)
    if any(name.endswith("Config") for name in sent):
        sent.pop("Values", None)  # AWS shows them twice, and takes them once
    header, query = sent.get("HttpHeaderConfig"), sent.get("QueryStringConfig")
    if isinstance(header, dict) and str(header.get("HttpHeaderName")).lower() not in OPEN_HEADERS:
        raise UnfitError("it had a condition on a header whose value is not kept, as it may be a secret")
    pairs = query.get("Values") if isinstance(query, dict) else None
    for pair in pairs if isinstance(pairs, list) else ():
        if isinstance(pair, dict) and is_secret_name(str(pair.get("Key", ""))):
            raise UnfitError("it had a condition on a parameter whose value is not kept, as it may be a secret")
    return sent


def _action(raw: object) -> dict[str, JsonValue]:
    """A forward, with its target groups named once."""
    if not isinstance(raw, Mapping) or raw.get("type") != "forward":
        kind = redact_text(str(raw.get("type")), 40) if isinstance(raw, Mapping) else "nothing"
        raise UnfitError(f"it did more than to forward: {kind}")
    sent = _sent(raw, _ACTION)
    config = sent.get("ForwardConfig")
    if isinstance(config, dict):
        sent.pop("TargetGroupArn", None)
        sticky = config.get("TargetGroupStickinessConfig")
        if isinstance(sticky, dict) and not sticky.get("Enabled"):
            config.pop("TargetGroupStickinessConfig")
    return sent


def _sent(raw: object, members: frozenset[str]) -> dict[str, JsonValue]:
    if not isinstance(raw, Mapping):
        raise UnfitError("a record of it is not in the form that AWS documents")
    named = {f"{name[:1].upper()}{name[1:]}": value for name, value in raw.items() if value is not None}
    unknown = sorted(set(named) - members)
    if unknown:
        raise UnfitError(f"it had {redact_text(', '.join(unknown), 80)}, which is not restored")
    return {name: _value(value, members) for name, value in named.items()}


def _value(value: object, members: frozenset[str]) -> JsonValue:
    if isinstance(value, Mapping):
        return dict(_sent(value, members))
    if isinstance(value, list):
        return [_value(item, members) for item in _items(value)]
    if isinstance(value, str):
        if redact_text(value, MAX_VALUE) != value:
            raise UnfitError("it had a value that is not kept whole, as it may be a secret")
        return value
    if isinstance(value, bool | int):
        return value
    raise UnfitError("a record of it is not in the form that AWS documents")


def _items(value: object) -> Iterable[object]:
    items = value if isinstance(value, list) else []
    if len(items) > MAX_ITEMS:
        raise UnfitError("it had more conditions than are read")
    return items
