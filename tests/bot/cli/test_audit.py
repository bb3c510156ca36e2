"""`alb502 audit --trim`: what is taken out of the store has been printed before, and is old."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import Redis

from bot.store.audit import StoredAudit, stream
from remediations.audit import Record, Who
from tests.bot.cli.running import alb502


@pytest.fixture
def kept(redis: Redis, store_url: str, monkeypatch: pytest.MonkeyPatch) -> StoredAudit:
    """Lines of 40 to 36 days ago, and one of today."""
    monkeypatch.setenv("REDIS_URL", store_url)
    stored, now = StoredAudit(redis), datetime.now(UTC)
    for days in (40, 39, 38, 37, 36, 0):
        stored.append(Record(event="asked", at=now - timedelta(days=days), ticket=f"p-{days}"))
    return stored


def tickets(stored: StoredAudit) -> list[str]:
    return [one.record.ticket for one in stored.read()]


def test_all_is_printed_and_the_old_taken_out(kept: StoredAudit, capsys: Any) -> None:
    assert len(alb502(capsys, "audit", "--json").out.splitlines()) == 1
    ran = alb502(capsys, "audit", "--json", "--trim")
    assert ran.status == 0
    printed = [json.loads(line)["ticket"] for line in ran.out.splitlines()]
    assert printed == ["p-40", "p-39", "p-38", "p-37", "p-36", "p-0"]
    assert "5 lines older than 30 days taken out" in ran.err
    assert tickets(kept) == ["p-0"]
    assert "0 lines" in alb502(capsys, "audit", "--json", "--trim").err


def test_a_line_fits_a_window_of_eighty_columns(kept: StoredAudit, capsys: Any) -> None:
    title = "Let the load balancer in on port 8080 of the security group checkout-tasks again"
    who = Who(id="U0APPROVER", name="Somebody who approves")
    place = {"account": "111122223333", "region": "us-east-1", "report": "r-0123456789ab"}
    kept.append(Record(event="approved", at=datetime.now(UTC), ticket="p-1", who=who, title=title, **place))
    told = alb502(capsys, "audit").out.splitlines()
    assert max(map(len, told)) <= 80
    (begin,) = [number for number, line in enumerate(told) if "approved" in line]
    assert told[begin].split()[2:4] == ["UTC", "approved"]
    rest = " ".join(" ".join(told[begin:]).split())
    assert title in rest
    assert "by Somebody who approves (U0APPROVER) · 111122223333 us-east-1" in rest


def test_nothing_goes_from_a_line_on_that_could_not_be_read(kept: StoredAudit, redis: Redis, capsys: Any) -> None:
    entries: Any = redis.xrange(stream())
    fifth, fields = entries[4]
    redis.xdel(stream(), fifth, entries[5][0])
    redis.xadd(stream(), {"record": "of another version"})
    redis.xadd(stream(), fields)
    ran = alb502(capsys, "audit", "--json", "--trim")
    assert "4 lines older than 30 days" in ran.err
    assert tickets(kept) == ["p-36"]
    assert redis.xlen(stream()) == 2


@pytest.mark.parametrize("words", [("--trim",), ("--trim", "--json", "--since", "2h")])
def test_it_is_not_trimmed_without_being_printed_whole(kept: StoredAudit, capsys: Any, words: tuple[str, ...]) -> None:
    ran = alb502(capsys, "audit", *words)
    assert (ran.status, "--trim: add --json" in ran.err) == (2, True)
    assert len(tickets(kept)) == 6
