"""What Slack sends to a bot when a person does something.

https://docs.slack.dev/reference/interaction-payloads and https://docs.slack.dev/reference/events
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from demo.slack.identities import APP, BOT_USER, CHANNELS, COMMAND, TEAM, USERS

Payload = dict[str, Any]


def command(user: str, channel: str, text: str, *, trigger: str, response_url: str) -> bytes:
    """A slash command."""
    fields = {
        "command": COMMAND,
        "text": text,
        "user_id": user,
        "user_name": USERS[user].name,
        "channel_id": channel,
        "channel_name": CHANNELS[channel],
        "team_id": TEAM,
        "team_domain": "demo",
        "api_app_id": APP,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger,
    }
    return urlencode(fields).encode()


def event(about: Mapping[str, Any], event_id: str, at: int) -> bytes:
    """Something that happened, as the Events API tells of it."""
    authorised = {"team_id": TEAM, "user_id": BOT_USER, "is_bot": True, "is_enterprise_install": False}
    body = {
        "type": "event_callback",
        "team_id": TEAM,
        "api_app_id": APP,
        "event_id": event_id,
        "event_time": at,
        "authorizations": [authorised],
        "event": dict(about),
    }
    return json.dumps(body).encode()


def interaction(kind: str, user: str, **more: Any) -> bytes:
    """A click, a submission, a shortcut."""
    said = {"id": user, "username": USERS[user].name, "name": USERS[user].name, "team_id": TEAM}
    payload = {
        "type": kind,
        "team": {"id": TEAM, "domain": "demo"},
        "user": said,
        "api_app_id": APP,
        "is_enterprise_install": False,
        **more,
    }
    return urlencode({"payload": json.dumps(payload)}).encode()


def in_message(message: Mapping[str, Any], *, is_ephemeral: bool) -> Payload:
    """Where something was pressed: in a message."""
    container = {
        "type": "message",
        "message_ts": message["ts"],
        "channel_id": message["channel"],
        "is_ephemeral": is_ephemeral,
    }
    if message.get("thread_ts"):
        container["thread_ts"] = message["thread_ts"]
    found: Payload = {
        "container": container,
        "channel": {"id": message["channel"], "name": CHANNELS[message["channel"]]},
    }
    if not is_ephemeral:
        found["message"] = dict(message)
    return found


def in_view(view: Mapping[str, Any], state: Mapping[str, Any]) -> Payload:
    """Where something was pressed: in a modal or a Home tab, with what its fields hold."""
    return {
        "container": {"type": "view", "view_id": view["id"]},
        "view": {**view, "state": {"values": dict(state)}},
    }
