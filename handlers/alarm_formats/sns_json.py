"""A message of SNS as it is, posted by a function or a webhook that passes it on.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-actions.html"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from diagnostics.aws_access.region_names import region_named
from handlers.alarm_formats.clues import exact_name, state_named, text_of, time_of
from handlers.alarm_formats.format import alarm_format
from handlers.alarm_formats.post import AlarmPost
from handlers.alarm_formats.said import Said


@alarm_format("SNS message")
def sns_json(said: Said) -> AlarmPost | None:
    """The notification itself, or the envelope of SNS with it as text inside."""
    for found in said.objects:
        notice = _inside(found)
        if isinstance(notice.get("AlarmName"), str) and "NewStateValue" in notice:
            return post_of(notice, said)
    return None


def post_of(notice: Mapping[str, Any], said: Said) -> AlarmPost:
    trigger = notice.get("Trigger")
    dimensions = dict(_dimensions(trigger)) if isinstance(trigger, Mapping) else {}
    return AlarmPost(
        at=time_of(notice.get("StateChangeTime")) or said.posted_at,
        alarm=exact_name(notice["AlarmName"]),
        region=region_named(text_of(notice.get("Region")) or ""),
        account=text_of(notice.get("AWSAccountId")),
        state=state_named(text_of(notice.get("NewStateValue"))),
        load_balancer=dimensions.get("LoadBalancer"),
        target_group=dimensions.get("TargetGroup"),
    )


def _inside(found: Mapping[str, Any]) -> Mapping[str, Any]:
    message = found.get("Message")
    if not isinstance(message, str):
        return found
    try:
        inner = json.loads(message)
    except (ValueError, RecursionError):
        return found
    return inner if isinstance(inner, dict) else found


def _dimensions(trigger: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    items = trigger.get("Dimensions")
    for item in items if isinstance(items, list) else ():
        if isinstance(item, Mapping) and isinstance(item.get("name"), str) and isinstance(item.get("value"), str):
            yield item["name"], item["value"]
