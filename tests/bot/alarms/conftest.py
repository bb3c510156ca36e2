"""A scene for every test about alarms, in which nothing waits."""

from __future__ import annotations

import pytest
from redis import Redis

from bot import alarming, redrawing
from tests.bot.alarms.posting import Scene
from tests.bot.conftest import Start
from tests.slack_fake import SlackFake


@pytest.fixture
def scene(start: Start, slack: SlackFake, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> Scene:
    for name in ("RETELL_AFTER_S", "RECHECK_AFTER_S"):
        monkeypatch.setattr(alarming, name, 0.0)
    for name in ("UNREAD_AGAIN_S", "CONTRADICTED_AGAIN_S", "HELD_AGAIN_S"):
        monkeypatch.setattr(alarming, name, 0.1)
    monkeypatch.setattr(redrawing, "REDRAW_AGAIN_S", 0.1)
    return Scene(start, slack, redis)
