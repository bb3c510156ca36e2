"""One CloudTrail event as a change: who, what, when, with request and answer bounded and free of secrets.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import JsonValue

from diagnostics.collect.collector import Read
from diagnostics.facts import Change
from diagnostics.redaction import REDACTED, is_allowed_name, is_secret_name, redact_command, redact_prose, redact_text

MAX_RESULTS = 50
MAX_DEPTH = 6
MAX_LIST = 20
MAX_KEYS = 40
MAX_RESOURCES = 20
MAX_EVENT_CHARACTERS = 300_000  # CloudTrail's own limit is 256 KB
MAX_NAME = 200

_VARIABLES = "variables"
_ATTRIBUTE = re.compile(r"[a-z0-9_]{1,60}(\.[a-z0-9_]{1,60}){1,5}")
_COMMANDS = frozenset({"command", "entryPoint"})
_ACTIONS_WITHOUT_RESPONSE = frozenset({"RegisterTaskDefinition", "UpdateService", "CreateService"})

OWN_AGENT = "alb502/"


def lookup(by: str, value: str, start: datetime | None = None, end: datetime | None = None) -> Read:
    """One page of events by the name of a resource or of a call, the newest first.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
    """
    times = {name: at for name, at in (("StartTime", start), ("EndTime", end)) if at is not None}
    parameters = {"LookupAttributes": [{"AttributeKey": by, "AttributeValue": value}], "MaxResults": MAX_RESULTS}
    return Read("cloudtrail", "lookup_events", "Events", {**parameters, **times}, resource=value)


def change_of(raw: Mapping[str, Any]) -> Change | None:
    """None for an event that only read."""
    detail = detail_of(raw.get("CloudTrailEvent", ""))
    if str(raw.get("ReadOnly", detail.get("readOnly", "false"))).lower() == "true":
        return None
    identity = _mapping(detail.get("userIdentity"))
    name = redact_text(str(raw["EventName"]), MAX_NAME)
    return Change(
        id=raw["EventId"],
        at=raw["EventTime"],
        name=name,
        source=redact_text(str(raw.get("EventSource", "")), MAX_NAME),
        actor=_told(_actor(identity) or redact_text(str(raw.get("Username", "")), MAX_NAME), detail),
        by_service=_service(identity, detail),
        user_agent=redact_text(str(detail.get("userAgent", "")), MAX_NAME),
        source_ip=redact_text(str(detail.get("sourceIPAddress", "")), MAX_NAME),
        resources=tuple(
            redact_prose(str(item["ResourceName"]))
            for item in raw.get("Resources", ())[:MAX_RESOURCES]
            if item.get("ResourceName")
        ),
        request=bounded(_mapping(detail.get("requestParameters"))),
        response={} if name in _ACTIONS_WITHOUT_RESPONSE else bounded(_mapping(detail.get("responseElements"))),
        error=redact_text(str(detail["errorCode"]), MAX_NAME) if detail.get("errorCode") else None,
    )


def _told(actor: str, detail: Mapping[str, Any]) -> str:
    """Who it was; what this program changed is marked as its own, by the user agent that it sends. Anybody could send
    that, so it is a mark and no proof: role and session stand beside it, and the audit tells for certain."""
    known = actor or "somebody unknown"
    return f"alb502 ({known})" if OWN_AGENT in str(detail.get("userAgent", "")) else known


def bounded(raw: Mapping[str, Any]) -> dict[str, JsonValue]:
    """Request parameters without secrets and without end."""
    return _structure(raw, MAX_DEPTH)


def _structure(raw: Mapping[str, Any], depth: int) -> dict[str, JsonValue]:
    kept: dict[str, JsonValue] = {}
    for key, value in list(raw.items())[:MAX_KEYS]:
        kept[redact_text(str(key), MAX_NAME)] = _member(raw, str(key), value, depth - 1)
    return kept


def _member(owner: Mapping[str, Any], key: str, value: Any, depth: int) -> JsonValue:
    if key in _COMMANDS and isinstance(value, list):
        return list(redact_command([str(item) for item in value]))
    if key == _VARIABLES and isinstance(value, Mapping):  # of a function
        return {
            redact_text(str(name), MAX_NAME): redact_text(str(given)) if is_allowed_name(str(name)) else REDACTED
            for name, given in list(value.items())[:MAX_KEYS]
        }
    if key == "value" and isinstance(value, str) and not (_is_attribute(owner) or _is_harmless_variable(owner)):
        return REDACTED
    if is_secret_name(key) and isinstance(value, str):
        return REDACTED
    return _value(value, depth)


def _is_attribute(owner: Mapping[str, Any]) -> bool:
    """Of a load balancer or target group, such as ``idle_timeout.timeout_seconds``; tags are written alike."""
    name = str(owner.get("key", ""))
    return "name" not in owner and bool(_ATTRIBUTE.fullmatch(name)) and not is_secret_name(name)


def _is_harmless_variable(owner: Mapping[str, Any]) -> bool:
    return is_allowed_name(str(owner.get("name", "")))


def _value(value: Any, depth: int) -> JsonValue:
    if isinstance(value, Mapping):
        return _structure(value, depth) if depth > 0 else "…"
    if isinstance(value, list):
        return [_value(item, depth - 1) for item in value[:MAX_LIST]] if depth > 0 else "…"
    if isinstance(value, str):
        return redact_text(value)
    return value if isinstance(value, bool | int | float) or value is None else redact_text(str(value))


def detail_of(text: Any) -> Mapping[str, Any]:
    """The record itself; empty when it cannot be read."""
    if not isinstance(text, str) or len(text) > MAX_EVENT_CHARACTERS:
        return {}
    try:
        return _mapping(json.loads(text))
    except (ValueError, RecursionError):
        return {}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _actor(identity: Mapping[str, Any]) -> str:
    """The caller in words: the role and its session, the user, the service.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
    """
    kind, arn = str(identity.get("type", "")), str(identity.get("arn", ""))
    issuer = _mapping(_mapping(identity.get("sessionContext")).get("sessionIssuer"))
    words = ""
    if kind == "AssumedRole" or ":assumed-role/" in arn:
        role, _, session = arn.partition(":assumed-role/")[2].partition("/")
        role = role or str(issuer.get("userName", ""))
        words = f"role/{role}" + (f" (session {session})" if session else "")
    elif kind == "Root":
        words = "the root user"
    elif kind == "AWSService":
        words = str(identity.get("invokedBy", "an AWS service"))
    elif identity.get("userName"):
        words = f"user/{identity['userName']}"
    elif kind in {"AWSAccount", "AWSPrincipal"}:
        words = f"account {identity.get('accountId', '')}".strip()
    else:
        words = arn.rsplit(":", 1)[-1]
    return redact_text(words, MAX_NAME)


def _service(identity: Mapping[str, Any], detail: Mapping[str, Any]) -> str | None:
    for candidate in (identity.get("invokedBy"), detail.get("sourceIPAddress")):
        if isinstance(candidate, str) and candidate.endswith(".amazonaws.com"):
            return redact_text(candidate, MAX_NAME)
    return None
