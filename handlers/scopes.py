"""What the app may do in a workspace: the scopes of its tokens, and why each one is there.

One list for the manifest that asks for them and for `alb502 doctor`, which looks whether they were given.
https://docs.slack.dev/reference/scopes
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Scope:
    """One scope. `why`: what it is for; `without`: what people miss when the token lacks it; `methods` and `events`:
    what Slack refuses or keeps back without it."""

    name: str
    why: str
    without: str
    methods: tuple[str, ...] = ()
    events: tuple[str, ...] = ()


BOT_SCOPES: Final = (
    Scope(
        "app_mentions:read",
        "to be asked in a thread",
        "nobody can ask by @alb502",
        events=("app_mention",),
    ),
    Scope(
        "channels:history",
        "to see alarms that are posted in public channels, and its own posts when it is not sure that one was made",
        "alarms in public channels are not seen, and a reply can stand there twice",
        methods=("conversations.history", "conversations.replies"),
        events=("message.channels",),
    ),
    Scope(
        "channels:read",
        "to tell whether a public channel is shared with another organisation",
        "every public channel counts as shared, so that answers there are shown to the asker alone",
        methods=("conversations.info", "conversations.members"),
    ),
    Scope(
        "chat:write",
        "to answer",
        "no question is answered",
        methods=("chat.postEphemeral", "chat.postMessage", "chat.update"),
    ),
    Scope("commands", "for /alb502 and the shortcut of messages", "/alb502 does not exist"),
    Scope(
        "groups:history",
        "the same as channels:history, in private channels that it was invited to",
        "alarms in private channels are not seen, and a reply can stand there twice",
        methods=("conversations.history", "conversations.replies"),
        events=("message.groups",),
    ),
    Scope(
        "groups:read",
        "the same as channels:read, in private channels that it was invited to",
        "every private channel counts as shared, so that answers there are shown to the asker alone",
        methods=("conversations.info", "conversations.members"),
    ),
    Scope(
        "usergroups:read",
        "to tell who is in the user groups of the settings",
        "who is in a user group of the settings counts as if they were not",
        methods=("usergroups.list", "usergroups.users.list"),
    ),
    Scope(
        "users:read",
        "to tell members from guests, bots and people of other organisations",
        "nobody is known to be a member, so that nobody may ask",
        methods=("users.info",),
    ),
)
"""Of the bot token, in alphabetical order."""

APP_SCOPES: Final = (
    Scope(
        "connections:write",
        "to open Socket Mode",
        "Socket Mode cannot be opened",
        methods=("apps.connections.open",),
    ),
)
"""Of the app-level token, which Socket Mode takes."""

FREE_METHODS: Final = frozenset(
    {"auth.test", "chat.getPermalink", "views.open", "views.publish", "views.update"}
)  # fmt: skip
"""What the bot calls and needs no scope for. https://docs.slack.dev/reference/methods"""


def names(scopes: tuple[Scope, ...] = BOT_SCOPES) -> tuple[str, ...]:
    """As a manifest lists them."""
    return tuple(scope.name for scope in scopes)
