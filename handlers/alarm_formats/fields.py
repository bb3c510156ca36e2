"""Posts of functions and modules between SNS and Slack, which put the notification's parts into fields, such as
https://github.com/terraform-aws-modules/terraform-aws-notify-slack"""

from __future__ import annotations

from handlers.alarm_formats.clues import account_field, exact_name, region_field, state_named, time_of
from handlers.alarm_formats.format import alarm_format
from handlers.alarm_formats.post import AlarmPost
from handlers.alarm_formats.said import Said

NAMES = ("alarm name", "alarmname", "alarm")
STATES = ("current state", "new state", "newstatevalue", "new state value", "state", "state change", "status")
TIMES = ("statechangetime", "state change time", "timestamp", "time")


@alarm_format("SNS to Slack function")
def fields(said: Said) -> AlarmPost | None:
    """One field names the alarm, another its state."""
    name, state = said.field(*NAMES), next((one for title in STATES if (one := state_named(said.field(title)))), None)
    if name is None or state is None:
        return None
    return AlarmPost(
        at=time_of(said.field(*TIMES)) or said.posted_at,
        alarm=exact_name(name),
        region=region_field(said),
        account=account_field(said),
        state=state,
    )
