"""Reports and answers as Slack messages: pure functions, each within Slack's limits whatever the input."""

from handlers.views.alarms import announced, pointer, with_incident
from handlers.views.answers import ambiguous, failed, help, refused, unknown  # noqa: A004 - what people type
from handlers.views.blocks import Message
from handlers.views.fixes import fix_buttons
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
    "parent",
    "parent_failed",
    "parent_headline",
    "parent_without_report",
    "pointer",
    "progress",
    "refused",
    "summary",
    "unknown",
    "with_incident",
]
