"""Incidents that PagerDuty posts for alarms of CloudWatch.
https://support.pagerduty.com/main/docs/slack-integration-guide"""

from __future__ import annotations

import re
from typing import Final

from diagnostics.aws_access.region_names import region_named
from handlers.alarm_formats.clues import bounded_name, state_named
from handlers.alarm_formats.format import alarm_format
from handlers.alarm_formats.post import AlarmPost, State
from handlers.alarm_formats.said import Said

_WHAT: Final = re.compile(
    r"(?:^|\n)\W{0,40}(?:large_[a-z]+_square\W{1,4})?(?P<what>Triggered|Acknowledged|Resolved)\W{1,4}(?P<number>#\d{1,12})\b"
)
_DETAILS: Final = re.compile(
    r"AlarmName: (?P<name>[^\n,]{1,255}), AWSAccountId: (?P<account>\d{12}), NewStateValue: (?P<state>\w+)"
)
_REGION: Final = re.compile(r"Region: (?P<region>[^\n,]{2,60})")
_SUBJECT: Final = re.compile(r"(?:ALARM|OK): \"(?P<name>[^\"\n]{1,255})\"")


@alarm_format("PagerDuty")
def pagerduty(said: Said) -> AlarmPost | None:
    """An incident's number and what became of it; name and account in its details or in its title. An acknowledgement
    is no change of the alarm."""
    what = _WHAT.search(said.whole)
    if what is None:
        return None
    details, region = _DETAILS.search(said.whole), _REGION.search(said.whole)
    subject = _SUBJECT.search(said.whole)
    named = details or subject
    became: dict[str, State] = {"Triggered": "ALARM", "Resolved": "OK"}
    state = became.get(what["what"])
    if state == "ALARM" and details:
        state = state_named(details["state"])
    return AlarmPost(
        at=said.posted_at,
        alarm=bounded_name(named["name"]) if named else None,
        account=details["account"] if details else None,
        region=region_named(region["region"]) if region else None,
        state=state,
        title=what["number"],
    )
