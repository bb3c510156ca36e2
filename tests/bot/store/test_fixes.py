"""The audit, the claims and the tickets as Redis keeps them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis

from bot.store.audit import StoredAudit
from bot.store.claims import StoredClaims
from bot.store.keys import text_of
from bot.store.plans import MAX_STORED_BYTES, Offers, Tickets, TicketTooLargeError
from remediations.approval import changed, record_of
from remediations.audit import Record, Who
from remediations.journal import Step, StepState
from remediations.writing import SupersededError
from tests.remediations.cloud import REACH, plan
from tests.remediations.test_approval import ticket

NOW = datetime(2027, 1, 15, 8, 0, tzinfo=UTC)


def record(number: int, at: datetime = NOW) -> Record:
    return Record(event="asked", at=at, ticket=f"p-{number}", who=Who(id="U1"))


def test_the_audit_is_read_in_order_from_a_moment_or_a_place_on(redis: Redis) -> None:
    audit = StoredAudit(redis)
    for number in range(1_200):
        audit.append(record(number, NOW + timedelta(seconds=number)))
    kept = audit.read(limit=2_000)
    assert [one.record.ticket for one in kept] == [f"p-{number}" for number in range(1_200)]
    assert audit.read(after=kept[1_198].id) == kept[1_199:]
    assert audit.read(since=NOW + timedelta(seconds=1_199)) == kept[1_199:]
    assert len(audit.read(limit=7)) == 7


def test_only_what_was_exported_is_trimmed(redis: Redis) -> None:
    audit = StoredAudit(redis)
    for number in range(5):
        audit.append(record(number))
    assert audit.trim() == 0
    kept = audit.read()
    audit.exported(kept[2].id)
    assert audit.trim() == 3
    assert audit.read() == kept[3:]
    assert audit.trim() == 0


def test_every_delivery_of_a_ticket_raises_the_number(redis: Redis) -> None:
    claims = StoredClaims(redis, lambda: NOW)
    assert [claims.take("arn:1", "p-1") for _ in range(3)] == [1, 2, 3]
    assert claims.take("arn:1", "p-2") is None
    assert claims.take("arn:2", "p-2") == 1
    claims.give_back("arn:1", "p-1", 2)
    assert claims.take("arn:1", "p-2") is None, "an old number gives nothing back"
    claims.give_back("arn:1", "p-1", 3)
    assert claims.take("arn:1", "p-2") == 4


def test_a_claim_without_a_sign_of_life_ends(redis: Redis) -> None:
    claims = StoredClaims(redis, lambda: NOW)
    claims.take("arn:1", "p-1")
    (name,) = redis.keys("alb502:fix-claim:*")
    assert 0 < redis.pttl(name) <= 600_000
    redis.delete(name)
    assert claims.take("arn:1", "p-2") == 2
    with pytest.raises(SupersededError):
        claims.check("arn:1", "p-1", 1)
    claims.check("arn:1", "p-2", 2)


def test_a_claim_is_idle_when_nothing_was_begun_or_sent_for_a_while(redis: Redis) -> None:
    claims = StoredClaims(redis, lambda: NOW)
    assert claims.is_idle("arn:1", "p-1")
    fence = claims.take("arn:1", "p-1") or 0
    assert not claims.is_idle("arn:1", "p-1")
    (name,) = redis.keys("alb502:fix-claim:*")
    redis.pexpire(name, 479_000)
    assert claims.is_idle("arn:1", "p-1")
    assert not claims.is_idle("arn:1", "p-2")
    claims.journal("arn:1", ticket("approved"), fence).sending(0, "a:X")
    assert not claims.is_idle("arn:1", "p-1")


def test_what_was_done_is_never_unsaid(redis: Redis) -> None:
    claims = StoredClaims(redis, lambda: NOW)
    one = ticket("approved")
    old, new = (claims.journal("arn:1", one, claims.take("arn:1", one.id) or 0) for _ in range(2))
    with pytest.raises(SupersededError):
        old.sending(0, "a:X")
    new.sending(0, "a:X")
    old.record(Step(index=0, state="lost", action="a:X"))
    assert new.steps()[0].state == "sent"
    new.record(Step(index=0, state="done", action="a:X", by_reading=True))
    new.record(Step(index=0, state="lost", action="a:X"))
    assert new.steps()[0].by_reading
    old.record(Step(index=0, state="done", action="a:X", request_id="from-aws"))
    assert new.steps()[0].request_id == "from-aws"
    wrote = [kept.record.request_ids for kept in StoredAudit(redis).read()]
    assert wrote == [(), ("from-aws",)]


@pytest.mark.parametrize(("state", "event"), [("done", "wrote"), ("lost", "wrote"), ("rejected", "rejected")])
def test_the_audit_says_wrote_only_of_what_was_done_or_is_not_known(redis: Redis, state: StepState, event: str) -> None:
    claims, one = StoredClaims(redis, lambda: NOW), ticket("approved")
    journal = claims.journal("arn:1", one, claims.take("arn:1", one.id) or 0)
    journal.sending(0, "a:X")
    journal.record(Step(index=0, state=state, action="a:X", text="AWS refused a:X: NotSo (no)"))
    (kept,) = StoredAudit(redis).read()
    assert (kept.record.event, kept.record.text) == (event, "AWS refused a:X: NotSo (no)")


def test_a_ticket_is_changed_by_the_first_of_two(redis: Redis) -> None:
    tickets, one = Tickets(redis), ticket()
    assert tickets.open(one, record_of(one, "asked", NOW)) == one
    first, second = changed(one, text="first"), changed(one, text="second")
    assert tickets.swap(one, first, record_of(first, "denied", NOW))
    assert not tickets.swap(one, second, record_of(second, "denied", NOW))
    assert tickets.load(one.id) == first
    assert [kept.record.text for kept in StoredAudit(redis).read()] == ["", "first"]


def test_everything_but_the_audit_is_forgotten_in_time(redis: Redis) -> None:
    one = ticket()
    Tickets(redis).open(one, record_of(one, "asked", NOW))
    Offers(redis, keep_days=30).save("r-1", {"x": plan()}, REACH)
    claims = StoredClaims(redis, lambda: NOW)
    claims.journal("arn:1", one, claims.take("arn:1", one.id) or 0).sending(0, "a:X")
    stay = {text_of(name) for name in redis.keys("*") if redis.ttl(name) == -1}
    assert stay == {"alb502:audit", "alb502:fixes-unfinished"}


def test_a_plan_beyond_all_measure_is_not_kept(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.store.plans.MAX_STORED_BYTES", 100)
    with pytest.raises(TicketTooLargeError):
        Offers(redis, keep_days=1).save("r-1", {"x": plan()}, REACH)
    assert MAX_STORED_BYTES > 100_000


def test_unfinished_tickets_are_listed_until_they_are_over(redis: Redis) -> None:
    tickets, one = Tickets(redis), ticket()
    tickets.open(one, record_of(one, "asked", NOW))
    assert tickets.unfinished() == (one.id,)
    over = changed(one, state="expired")
    tickets.swap(one, over)
    assert tickets.unfinished() == ()
