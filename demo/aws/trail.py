"""CloudTrail: who changed what, looked up as LookupEvents does it.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
"""

from __future__ import annotations

import bisect
import json
import uuid
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from demo.aws.layer import AwsError, AwsLayer, Call
from demo.aws.paging import make_token, start_of
from demo.aws.trail_shapes import event_name, event_source, request_parameters, resources_of, response_elements
from demo.clock import Clock

DELIVERY_DELAY_S = 300.0
RETENTION_S = 90 * 24 * 3600
MAX_EVENTS_PER_REGION = 20_000
MAX_PAGE = 50
LOOKUPS_PER_SECOND = 2

_ANSWERS_KEPT = ("CreateRule", "ModifyRule", "SetRulePriorities")
"""Calls of Elastic Load Balancing whose answers this trail records too, as CloudTrail does of most calls."""
_DATA_EVENTS = frozenset({"ExecuteStatement", "Invoke", "Publish", "PutEvents", "PutLogEvents", "PutMetricData"})
_ATTRIBUTES = (
    "AccessKeyId", "EventId", "EventName", "EventSource", "ReadOnly", "ResourceName", "ResourceType", "Username",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TrailEvent:
    """One event as LookupEvents lists it; `at_s` is in epoch seconds, `document` is CloudTrailEvent's JSON."""

    id: str
    at_s: float
    name: str
    source: str
    username: str
    access_key: str
    resources: tuple[tuple[str, str], ...]
    document: str

    def has(self, attribute: str, value: str) -> bool:
        """Whether a lookup by `attribute` finds this event."""
        match attribute:
            case "ResourceName":
                return any(name == value for _, name in self.resources)
            case "ResourceType":
                return any(kind == value for kind, _ in self.resources)
            case "ReadOnly":
                return value.lower() == "false"  # what only reads is not kept
            case "EventId":
                return self.id == value
            case "EventName":
                return self.name == value
            case "EventSource":
                return self.source == value
            case "Username":
                return self.username == value
            case _:
                return self.access_key == value


class Trail:
    """The event history of all accounts and regions.

    An event can be looked up `delay_s` after it happened, as CloudTrail's delivery takes minutes. With
    `enforce_rate` a third lookup within one second of `clock`, in one account and region, is throttled.
    Guard it with the layer's lock when threads share it.
    """

    def __init__(self, clock: Clock, delay_s: float = DELIVERY_DELAY_S, *, enforce_rate: bool = False) -> None:
        self.clock = clock
        self.delay_s = delay_s
        self.enforce_rate = enforce_rate
        self._events: dict[tuple[str, str], list[TrailEvent]] = defaultdict(list)
        self._answers: dict[str, dict[str, Any]] = {}
        self._lookups: dict[tuple[str, str], deque[float]] = defaultdict(lambda: deque(maxlen=LOOKUPS_PER_SECOND))

    def add(
        self,
        account: str,
        region: str,
        event_name: str,
        event_source: str,
        username: str,
        resources: Sequence[tuple[str, str]],
        request_parameters: Mapping[str, Any] | None,
        response_elements: Mapping[str, Any] | None = None,
        at: float | datetime | None = None,
        user_identity: Mapping[str, Any] | None = None,
        error_code: str | None = None,
        error_message: str | None = None,
        source_ip: str = "198.51.100.17",
        user_agent: str = "console.amazonaws.com",
        access_key: str = "",
    ) -> TrailEvent:
        """Record that something was done, now or `at` a moment (epoch seconds or an aware datetime).

        `resources` are (type, name) pairs, such as ("AWS::EC2::SecurityGroup", "sg-0a1b").
        """
        at_s = at.timestamp() if isinstance(at, datetime) else self.clock() if at is None else at
        identity = user_identity or _iam_user(account, username)
        event_id = str(uuid.uuid4())
        document: dict[str, Any] = {
            "eventVersion": "1.11",
            "userIdentity": dict(identity),
            "eventTime": datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "eventSource": event_source,
            "eventName": event_name,
            "awsRegion": region,
            "sourceIPAddress": source_ip,
            "userAgent": user_agent,
            "requestParameters": request_parameters,
            "responseElements": response_elements,
            "requestID": str(uuid.uuid4()),
            "eventID": event_id,
            "readOnly": False,
            "resources": [{"type": kind, "ARN": name} for kind, name in resources if name.startswith("arn:")],
            "eventType": "AwsApiCall",
            "managementEvent": True,
            "recipientAccountId": account,
            "eventCategory": "Management",
        }
        if error_code:
            document |= {"errorCode": error_code, "errorMessage": error_message or ""}
        event = TrailEvent(
            event_id, at_s, event_name, event_source, username, access_key,
            tuple(resources), json.dumps(document, default=str),
        )  # fmt: skip
        self._keep((account, region), event)
        return event

    def events(self, account: str, region: str) -> tuple[TrailEvent, ...]:
        """All recorded events, oldest first, delivered or not."""
        return tuple(self._events[(account, region)])

    def install(self, layer: AwsLayer) -> None:
        """Record every mutating call made through `layer`, and answer LookupEvents."""
        layer.after.append(self.observe)
        layer.op("cloudtrail", "LookupEvents")(self._lookup)

        def keep_answer(call: Call) -> dict[str, Any]:
            answer = layer.original(call)
            self._answers[call.request_id] = response_elements(call, answer)
            return answer

        for operation in _ANSWERS_KEPT:
            layer.op("elbv2", operation)(keep_answer)

    def observe(self, call: Call, status: int, error: Mapping[str, str] | None) -> None:
        """The layer's `after` hook: keeps what CloudTrail would list as a management event that changes something."""
        is_data = call.operation in _DATA_EVENTS or call.service in ("s3", "sts")
        if call.read_only or is_data or status == HTTPStatus.NOT_IMPLEMENTED:
            return
        self.add(
            call.account,
            call.region,
            event_name(call),
            event_source(call),
            call.principal.session_name if call.principal else "administrator",
            resources_of(call),
            request_parameters(call),
            self._answers.pop(call.request_id, None),
            user_identity=_identity(call),
            error_code=error["Code"] if error else None,
            error_message=error["Message"] if error else None,
            source_ip=call.source_ip,
            user_agent=call.user_agent,
            access_key=call.access_key,
        )

    def _keep(self, place: tuple[str, str], event: TrailEvent) -> None:
        events = self._events[place]
        bisect.insort(events, event, key=lambda one: one.at_s)
        del events[: max(len(events) - MAX_EVENTS_PER_REGION, 0)]

    def _lookup(self, call: Call) -> dict[str, Any]:
        self._check_rate(call)
        size = int(call.params.get("MaxResults") or MAX_PAGE)
        if not 1 <= size <= MAX_PAGE:
            raise AwsError("InvalidMaxResultsException", f"MaxResults must be between 1 and {MAX_PAGE}.")
        offset, bound = start_of(call.params, "InvalidNextTokenException")
        found = self._matching(call)
        answer: dict[str, Any] = {"Events": [_listed(event) for event in found[offset : offset + size]]}
        if len(found) > offset + size:
            answer["NextToken"] = make_token(offset + size, bound)
        return answer

    def _check_rate(self, call: Call) -> None:
        now, recent = self.clock(), self._lookups[(call.account, call.region)]
        if self.enforce_rate and len(recent) == LOOKUPS_PER_SECOND and now - recent[0] < 1.0:
            raise AwsError("ThrottlingException", "Rate exceeded", 400)
        recent.append(now)

    def _matching(self, call: Call) -> list[TrailEvent]:
        """Newest first."""
        now = self.clock()
        start, end = call.params.get("StartTime"), call.params.get("EndTime")
        if start and end and start > end:
            raise AwsError("InvalidTimeRangeException", "The start time is after the end time.")
        attributes = call.params.get("LookupAttributes") or []
        if len(attributes) > 1 or any(one["AttributeKey"] not in _ATTRIBUTES for one in attributes):
            raise AwsError("InvalidLookupAttributesException", "Exactly one valid lookup attribute may be given.")
        oldest_s = max(start.timestamp() if start else 0.0, now - RETENTION_S)
        newest_s = min(end.timestamp() if end else now, now - self.delay_s)
        events = self._events[(call.account, call.region)]
        first = bisect.bisect_left(events, oldest_s, key=lambda one: one.at_s)
        last = bisect.bisect_right(events, newest_s, key=lambda one: one.at_s)
        wanted = [(one["AttributeKey"], one["AttributeValue"]) for one in attributes]
        return [event for event in reversed(events[first:last]) if all(event.has(*pair) for pair in wanted)]


def _listed(event: TrailEvent) -> dict[str, Any]:
    return {
        "EventId": event.id,
        "EventName": event.name,
        "ReadOnly": "false",
        "AccessKeyId": event.access_key or None,
        "EventTime": datetime.fromtimestamp(int(event.at_s), UTC),
        "EventSource": event.source,
        "Username": event.username,
        "Resources": [{"ResourceType": kind, "ResourceName": name} for kind, name in event.resources],
        "CloudTrailEvent": event.document,
    }


def _iam_user(account: str, username: str) -> dict[str, Any]:
    return {
        "type": "IAMUser",
        "accountId": account,
        "arn": f"arn:aws:iam::{account}:user/{username}",
        "userName": username,
    }


def _identity(call: Call) -> dict[str, Any]:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html"""
    principal = call.principal
    if principal is None:
        return {**_iam_user(call.account, "administrator"), "accessKeyId": call.access_key}
    return {
        "type": "AssumedRole",
        "arn": principal.session_arn,
        "accountId": call.account,
        "accessKeyId": call.access_key,
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "arn": principal.role_arn,
                "accountId": call.account,
                "userName": principal.role_arn.rsplit("/", 1)[-1],
            }
        },
    }
