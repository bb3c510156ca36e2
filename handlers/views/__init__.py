"""Reports and answers as Slack messages: pure functions, each within Slack's limits whatever the input."""

from handlers.views.alarms import (
    announced,
    mute_begun,
    mute_ended,
    muted,
    not_an_alarm_of_ours,
    not_muted,
    pointer,
    the_thread,
    unmuted,
    which_alarm,
    with_incident,
)
from handlers.views.answers import ambiguous, failed, refused, unknown
from handlers.views.blocks import Message
from handlers.views.fixes import fix_buttons
from handlers.views.help import help  # noqa: A004 - what people type
from handlers.views.parent import parent, parent_failed, parent_headline, parent_without_report, progress
from handlers.views.summary import REFRESH, summary

__all__ = [
    "REFRESH",
    "Message",
    "ambiguous",
    "announced",
    "failed",
    "fix_buttons",
    "help",
    "mute_begun",
    "mute_ended",
    "muted",
    "not_an_alarm_of_ours",
    "not_muted",
    "parent",
    "parent_failed",
    "parent_headline",
    "parent_without_report",
    "pointer",
    "progress",
    "refused",
    "summary",
    "the_thread",
    "unknown",
    "unmuted",
    "which_alarm",
    "with_incident",
]
