"""Which posts are listened to at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handlers.alarm_formats import AlarmPost
from handlers.alarms import Listened
from handlers.ask import Origin
from handlers.pointing import news_of_post

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


def test_what_a_post_says_of_the_future_began_no_later_than_now() -> None:
    """Whoever points at it asks about a time that has been."""
    now = datetime.now(UTC)
    post = AlarmPost(at=now + timedelta(days=1), alarm="checkout-5xx", state="ALARM", words=("checkout",))
    news = news_of_post(post, "ask-1", Origin(team="T1", channel="C1", user="U1", thread_ts="1.1"))
    assert now <= news.at <= datetime.now(UTC)
    assert (news.id, news.alarm, news.state, news.words) == ("ask-1", "checkout-5xx", "ALARM", ("checkout",))
    assert (news.team, news.channel, news.thread_ts) == ("T1", "C1", "1.1")
