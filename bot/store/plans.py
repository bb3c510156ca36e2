"""Fixes that were offered, and those that somebody asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pydantic import Field
from redis import Redis

from bot.store import audit
from bot.store.keys import DAY_S, digest, key, text_of, texts_of
from bot.store.packing import packed, unpacked
from bot.store.reading import read
from diagnostics.facts.fact import Frozen
from diagnostics.report import Report
from remediations.approval import Ticket
from remediations.audit import Record
from remediations.desk import Wanted
from remediations.plan import Plan
from remediations.reach import Reach

MAX_BYTES: Final = 8_000_000
MAX_STORED_BYTES: Final = 1_000_000
TICKET_KEEP_S: Final = 30 * DAY_S
MAX_UNFINISHED: Final = 1_000

# One ticket at a time for an offer. One that is pending after its time is as good as closed.
_OPEN: Final = """
local earlier = redis.call('GET', KEYS[1])
if earlier then
  local ticket = ARGV[1] .. earlier
  local state = redis.call('HGET', ticket, 'state')
  local late = state == 'pending' and tonumber(redis.call('HGET', ticket, 'expires')) <= tonumber(ARGV[6])
  local closed = state == 'failed' or state == 'refused' or state == 'expired' or state == 'undone'
  if state and not closed and not late then return earlier end
end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[5])
redis.call('HSET', KEYS[2], 'version', 0, 'state', 'pending', 'expires', ARGV[7], 'ticket', ARGV[3])
redis.call('EXPIRE', KEYS[2], ARGV[5])
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', tonumber(ARGV[6]) - tonumber(ARGV[5]))
redis.call('ZADD', KEYS[3], ARGV[6], ARGV[2])
redis.call('XADD', KEYS[4], '*', ARGV[8], ARGV[4])
return ARGV[2]
"""

_SWAP: Final = """
if redis.call('HGET', KEYS[1], 'version') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'state', ARGV[3], 'ticket', ARGV[4], 'expires', ARGV[9])
if ARGV[5] == '1' then redis.call('ZREM', KEYS[2], ARGV[6]) else redis.call('ZADD', KEYS[2], 'NX', ARGV[8], ARGV[6]) end
for i = 10, #ARGV do redis.call('XADD', KEYS[3], '*', ARGV[7], ARGV[i]) end
return 1
"""


class TicketTooLargeError(Exception):
    """A plan that would take more room than one may."""


class _Offers(Frozen):
    plans: dict[str, Plan]
    reach: Reach
    left_to_do: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class Offers:
    """What the fix buttons of a report stand for."""

    def __init__(self, redis: Redis, keep_days: int) -> None:
        self._redis = redis
        self._keep_s = keep_days * DAY_S

    def save(
        self,
        report_id: str,
        plans: Mapping[str, Plan],
        reach: Reach,
        left_to_do: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        """Keeps the plans of a report by the ids under which they are offered, and for each what is left to do in code
        afterwards. Raises `TicketTooLargeError`."""
        offers = _Offers(plans=dict(plans), reach=reach, left_to_do=dict(left_to_do or {}))
        self._redis.set(_offers(report_id), _bounded(offers.model_dump_json(), report_id), ex=self._keep_s)

    def wanted(self, report: Report, offer: str) -> Wanted | None:
        """What one button of a report asks for; None once it is forgotten."""
        kept = read(_Offers, unpacked(self._redis.get(_offers(report.id)), MAX_BYTES))
        plan = kept.plans.get(offer) if kept is not None else None
        if kept is None or plan is None:
            return None
        return Wanted(
            report=report.id,
            offer=offer,
            plan=plan,
            target=report.target,
            reach=kept.reach,
            left_to_do=kept.left_to_do.get(offer, ()),
            read_at=report.made_at,
        )


class Tickets:
    """Implements `remediations.tickets.TicketStore`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._open = redis.register_script(_OPEN)
        self._swap = redis.register_script(_SWAP)

    def open(self, ticket: Ticket, record: Record) -> Ticket | None:
        keys = [_offer(ticket), _ticket(ticket.id), _unfinished(), audit.stream()]
        arguments: list[str | bytes | float] = [
            _ticket(""),
            ticket.id,
            _bounded(ticket.model_dump_json(), ticket.id),
            record.model_dump_json(),
            TICKET_KEEP_S,
            ticket.asked_at.timestamp(),
            ticket.expires_at.timestamp(),
            audit.FIELD,
        ]
        kept_id = text_of(self._open(keys=keys, args=arguments))
        if kept_id == ticket.id:
            audit.log(record)
            return ticket
        return self.load(kept_id)

    def load(self, ticket_id: str) -> Ticket | None:
        return read(Ticket, unpacked(self._redis.hget(_ticket(ticket_id), "ticket"), MAX_BYTES))

    def swap(self, before: Ticket, after: Ticket, *records: Record) -> bool:
        arguments: list[str | bytes | float] = [
            before.version,
            after.version,
            after.state,
            _bounded(after.model_dump_json(), after.id),
            int(after.is_over),
            after.id,
            audit.FIELD,
            after.asked_at.timestamp(),
            after.expires_at.timestamp(),
            *(record.model_dump_json() for record in records),
        ]
        if not self._swap(keys=[_ticket(before.id), _unfinished(), audit.stream()], args=arguments):
            return False
        for record in records:
            audit.log(record)
        return True

    def unfinished(self) -> tuple[str, ...]:
        return tuple(texts_of(self._redis.zrange(_unfinished(), 0, MAX_UNFINISHED - 1)))


def _bounded(text: str, name: str) -> bytes:
    small = packed(text)
    if len(small) > MAX_STORED_BYTES:
        raise TicketTooLargeError(name)
    return small


def _ticket(ticket_id: str) -> str:
    return key("fix", ticket_id)


def _offer(ticket: Ticket) -> str:
    return key("fix-of", digest(ticket.report, ticket.offer))


def _offers(report_id: str) -> str:
    return key("offers", report_id)


def _unfinished() -> str:
    return key("fixes-unfinished")
