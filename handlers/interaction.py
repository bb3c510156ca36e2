"""Who did something in Slack, and where: what the payloads of all interactions have in common.

https://docs.slack.dev/reference/interaction-payloads
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from handlers.ask import Origin
from handlers.slack_calls import UNREADABLE, word_of

EXCHANGED: Final = "exchanged_trigger_id"

_log: Final = structlog.get_logger(__name__)


class OpenedBeforeError(Exception):
    """The same press came before, and its window was opened then: of the second nobody is told."""


def origin_of(body: Mapping[str, Any]) -> Origin:
    """Who pressed or submitted, and where as far as the payload tells; what is submitted with a modal has no place."""
    container, user = body.get("container") or {}, body.get("user") or {}
    return Origin(
        team=str((body.get("team") or {}).get("id") or user.get("team_id") or ""),
        channel=str(container.get("channel_id") or (body.get("channel") or {}).get("id") or ""),
        user=str(user.get("id") or ""),
        thread_ts=container.get("thread_ts"),
        response_url=body.get("response_url"),
    )


def action_of(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was pressed or chosen."""
    return next(iter(body.get("actions") or ()), {})


def chosen_in(element: Mapping[str, Any]) -> str:
    """The value of the line that was chosen in a menu; empty for none."""
    return str((element.get("selected_option") or {}).get("value") or "")


def open_modal(client: WebClient, trigger_id: object, view: Mapping[str, Any], correlation_id: str) -> str | None:
    """Opens it while its trigger lives (3 s). Returns its id, None when it could not be opened. Raises
    `OpenedBeforeError`."""
    try:
        opened = client.views_open(trigger_id=str(trigger_id or ""), view=dict(view)).get("view") or {}
    except (SlackClientError, *UNREADABLE) as error:
        if isinstance(error, SlackApiError) and word_of(error) == EXCHANGED:
            raise OpenedBeforeError from None
        _log.warning("modal not opened", error=type(error).__name__, correlation_id=correlation_id)
        return None
    return str(opened.get("id") or "") or None
