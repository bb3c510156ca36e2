"""E-mails of SNS that Slack's e-mail app posts, and whoever passes on their subject.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html"""

from __future__ import annotations

import re
from typing import Final

from diagnostics.aws_access.region_names import region_named
from handlers.alarm_formats.clues import NAMED_REGION, exact_name, state_named, time_of
from handlers.alarm_formats.format import alarm_format
from handlers.alarm_formats.post import AlarmPost
from handlers.alarm_formats.said import Said

_SUBJECT: Final = re.compile(
    rf"(?:^|\n)(?P<state>ALARM|OK|INSUFFICIENT_DATA): \"(?P<name>[^\n]{{1,255}})\" in {NAMED_REGION}"
)
_NAME: Final = re.compile(r"(?:^|\n)Alarm Details:\s*\n- Name: +(?P<name>[^\n]{1,255})")
"""The subject's may be cut."""
_TIME: Final = re.compile(r"Timestamp: (?P<time>[A-Z][a-z]+ \d{1,2} [A-Z][a-z]+, \d{4} \d{2}:\d{2}:\d{2} UTC)")


@alarm_format("CloudWatch e-mail")
def email(said: Said) -> AlarmPost | None:
    """A subject such as ``ALARM: "name" in US East (N. Virginia)``."""
    subject = _SUBJECT.search(said.whole)
    if subject is None:
        return None
    time, name = _TIME.search(said.whole), _NAME.search(said.whole)
    return AlarmPost(
        at=(time_of(time["time"]) if time else None) or said.posted_at,
        alarm=exact_name((name or subject)["name"].rstrip()),
        region=region_named(subject["region"]),
        state=state_named(subject["state"]),
    )
