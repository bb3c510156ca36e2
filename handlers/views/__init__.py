"""Reports and answers as Slack messages: pure functions, each within Slack's limits whatever the input."""

from handlers.views.answers import ambiguous, failed, help, refused, unknown  # noqa: A004 - what people type
from handlers.views.blocks import Message
from handlers.views.parent import parent, parent_failed, parent_headline, parent_without_report, progress
from handlers.views.summary import REFRESH, summary

__all__ = [
    "REFRESH",
    "Message",
    "ambiguous",
    "failed",
    "help",
    "parent",
    "parent_failed",
    "parent_headline",
    "parent_without_report",
    "progress",
    "refused",
    "summary",
    "unknown",
]
