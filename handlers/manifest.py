"""The Slack app as a manifest: what somebody who installs the bot pastes at *Create New App → From a manifest*.

Source: https://docs.slack.dev/reference/app-manifest
"""

from __future__ import annotations

from typing import Any, Final

from handlers.commands import COMMAND
from handlers.scopes import BOT_SCOPES, names
from handlers.shortcuts import DIAGNOSE

NAME: Final = "alb502"
USAGE_HINT: Final = "TARGET [since 2h] [in ACCOUNT] [region R] | mute TARGET 2h"

EVENTS_WITHOUT_SCOPE: Final = ("app_home_opened",)


def manifest(request_url: str | None) -> dict[str, Any]:
    """The manifest for HTTP with this address, which takes everything that Slack sends; without one for Socket Mode."""
    return {
        "display_information": {
            "name": NAME,
            "description": "Says why an AWS load balancer answers 502, 503 or 504",
        },
        "features": {
            "app_home": {"home_tab_enabled": True, "messages_tab_enabled": False},
            "bot_user": {"display_name": NAME, "always_online": True},
            "shortcuts": [
                {
                    "name": "Diagnose this alarm",
                    "type": "message",
                    "callback_id": DIAGNOSE,
                    "description": "Says why this alarm went off",
                }
            ],
            "slash_commands": [
                {
                    "command": COMMAND,
                    **_sent_to(request_url, "url"),
                    "description": "Why does my service answer 502?",
                    "usage_hint": USAGE_HINT,
                    "should_escape": False,
                }
            ],
        },
        "oauth_config": {"scopes": {"bot": list(names())}},
        "settings": {
            "event_subscriptions": {**_sent_to(request_url), "bot_events": events()},
            "interactivity": {"is_enabled": True, **_sent_to(request_url)},
            "org_deploy_enabled": False,
            "socket_mode_enabled": request_url is None,
            "token_rotation_enabled": False,  # the bot keeps the token that it is given
        },
    }


def events() -> list[str]:
    """What the app subscribes to."""
    return sorted({*EVENTS_WITHOUT_SCOPE, *(event for scope in BOT_SCOPES for event in scope.events)})


def _sent_to(request_url: str | None, setting: str = "request_url") -> dict[str, str]:
    """In Socket Mode Slack needs no address, and its editor refuses an empty one."""
    return {} if request_url is None else {setting: request_url}
