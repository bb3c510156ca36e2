"""Which posts are listened to at all."""

from __future__ import annotations

from typing import Any

import pytest

from handlers.alarms import Listened

BODY: dict[str, Any] = {
    "team_id": "T1",
    "enterprise_id": "E1",
    "event": {"channel": "C1", "bot_id": "B1", "app_id": "A1"},
}


@pytest.mark.parametrize(
    ("listened", "why_not"),
    [
        (Listened(), None),
        (Listened(teams=frozenset({"T1"})), None),
        (Listened(teams=frozenset({"E1"})), None),
        (Listened(teams=frozenset({"T2"})), "workspace"),
        (Listened(channels=frozenset({"C1"}), senders=frozenset({"A1"})), None),
        (Listened(channels=frozenset({"C2"})), "channel"),
        (Listened(senders=frozenset({"A2"})), "sender"),
    ],
)
def test_what_is_listed(listened: Listened, why_not: str | None) -> None:
    told = listened.refuses(BODY)
    assert told is None if why_not is None else why_not in str(told)


def test_an_event_of_no_workspace_is_of_none_that_is_listed() -> None:
    assert Listened(teams=frozenset({"T1"})).refuses({"event": {"channel": "C1"}}) is not None
