"""The Home of the app: opened by a person, drawn by a worker.

The event: https://docs.slack.dev/reference/events/app_home_opened
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from slack_bolt import App

from handlers.ask import NotQueuedError, Origin, new_id
from handlers.errands import Errand, ErrandDesk

ONCE_IN_S: Final = 5
"""However often somebody opens it."""

_log: Final = structlog.get_logger(__name__)


def register(app: App, desk: ErrandDesk) -> None:
    """Listens to people who open it."""

    @app.event("app_home_opened")
    def opened(body: Mapping[str, Any]) -> None:
        take(desk, body)


def take(desk: ErrandDesk, body: Mapping[str, Any]) -> None:
    """Queues the drawing. What cannot be queued is left as it was: the person opens it again."""
    event: Mapping[str, Any] = body.get("event") or {}
    if event.get("tab", "home") != "home" or not event.get("user"):
        return
    user, now = str(event["user"]), datetime.now(UTC)
    errand = Errand(
        id=f"home-{user}-{int(now.timestamp()) // ONCE_IN_S}",
        correlation_id=new_id("c"),
        kind="home",
        origin=Origin(team=str(body.get("team_id") or ""), channel="", user=user),
        at=now,
    )
    try:
        desk.take_errand(errand)
    except NotQueuedError:
        _log.warning("home not drawn: the queue does not answer", correlation_id=errand.correlation_id)
