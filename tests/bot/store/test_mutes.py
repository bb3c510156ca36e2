"""Mutes: for one channel, counted once, remembered until their end is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from redis import Redis

from bot.store.mutes import Mutes
from handlers.mutes import Mute

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=3)


def mute(mute_id: str = "mute-1", channel: str = "C1", hours: int = 2) -> Mute:
    until = NOW + timedelta(hours=hours)
    return Mute(id=mute_id, what="lb", label="lb", words="shop", channel=channel, team="T", by="U1", until=until)


def test_a_mute_counts_each_alarm_once_in_its_channel_until_it_ends(redis: Redis) -> None:
    mutes = Mutes(redis)
    mutes.mute(mute(), NOW)
    assert [mutes.count("lb", "C1", NOW, change) for change in ("a", "b", "a")] == [True, True, True]
    assert not mutes.count("lb", "C2", NOW, "a")
    assert not mutes.count("other", "C1", NOW, "a")
    assert not mutes.count("lb", "C1", LATER, "c")
    assert mutes.of("lb", "C1", LATER) is None
    found = mutes.by_id("mute-1")
    assert found is not None
    assert found.count == 2
    assert mutes.end(found) == found
    assert mutes.end(found) is None


def test_a_later_mute_replaces_an_earlier_one_and_counts_on(redis: Redis) -> None:
    mutes = Mutes(redis)
    mutes.mute(mute(), NOW)
    mutes.count("lb", "C1", NOW, "a")
    mutes.mute(mute("mute-2", hours=5), NOW)
    assert mutes.by_id("mute-1") is None
    assert [(one.id, one.count) for one in mutes.all_of("C1", LATER)] == [("mute-2", 1)]
