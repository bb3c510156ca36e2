"""One execution for a resource at a time, over all processes, and the journal of what it has sent to AWS.

A claim carries a number that each delivery of a job raises. It is compared in the same step in which a write is marked
as sent, when the request is signed and about to leave: whoever was paused and overtaken marks nothing and sends
nothing. What remains is a process that stops between that step and the first byte, for longer than the queue's
heartbeat, and goes on before its signature is too old for AWS (minutes); see docs/carrying-out-fixes.md.
"""

from __future__ import annotations

from typing import Final

from redis import Redis

from bot.store import audit
from bot.store.keys import DAY_S, SECOND_MS, digest, key
from bot.store.reading import must_read
from remediations.approval import Ticket, record_of
from remediations.journal import Step
from remediations.tickets import Clock
from remediations.writing import SupersededError

HOLD_MS: Final = 600 * SECOND_MS
"""After this time without a sign of life the resource is free for another ticket."""

STILL_MS: Final = 120 * SECOND_MS
"""An execution that has neither begun nor sent anything for so long has ended without a word."""

KEEP_S: Final = 30 * DAY_S

_TAKE: Final = """
local holder = redis.call('HGET', KEYS[1], 'ticket')
if holder and holder ~= ARGV[1] then return 0 end
local fence = redis.call('INCR', KEYS[2])
redis.call('EXPIRE', KEYS[2], ARGV[3])
redis.call('HSET', KEYS[1], 'ticket', ARGV[1], 'fence', fence)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return fence
"""

_HOLDS: Final = """
local function holds(claim, ticket, fence)
  return redis.call('HGET', claim, 'ticket') == ticket and redis.call('HGET', claim, 'fence') == fence
end
"""

_GIVE_BACK: Final = (
    _HOLDS
    + """
if holds(KEYS[1], ARGV[1], ARGV[2]) then redis.call('DEL', KEYS[1]) end
return 1
"""
)

_CHECK: Final = (
    _HOLDS
    + """
return holds(KEYS[1], ARGV[1], ARGV[2]) and 1 or 0
"""
)

_IDLE: Final = """
local holder = redis.call('HGET', KEYS[1], 'ticket')
if not holder then return 1 end
if holder ~= ARGV[1] then return 0 end
return redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) and 1 or 0
"""

_SENDING: Final = (
    _HOLDS
    + """
if not holds(KEYS[1], ARGV[1], ARGV[2]) then return 0 end
redis.call('HSET', KEYS[2], ARGV[3], ARGV[4])
redis.call('EXPIRE', KEYS[2], ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[6])
return 1
"""
)

# That a write was done is true whoever says it, and is never unsaid. What was not seen counts only from the holder.
_RECORD: Final = (
    _HOLDS
    + """
local earlier = redis.call('HGET', KEYS[2], ARGV[3])
local before = earlier and cjson.decode(earlier) or {}
if before.state == 'done' and (ARGV[4] ~= 'done' or ARGV[5] == '') then return 0 end
if ARGV[4] ~= 'done' and not holds(KEYS[1], ARGV[1], ARGV[2]) then return 0 end
redis.call('HSET', KEYS[2], ARGV[3], ARGV[6])
redis.call('EXPIRE', KEYS[2], ARGV[7])
redis.call('XADD', KEYS[3], '*', ARGV[8], ARGV[9])
return 1
"""
)


class StoredClaims:
    """Implements `remediations.tickets.Claims`."""

    def __init__(self, redis: Redis, clock: Clock) -> None:
        self._redis = redis
        self._clock = clock
        self._take = redis.register_script(_TAKE)
        self._give_back = redis.register_script(_GIVE_BACK)
        self._check = redis.register_script(_CHECK)
        self._idle = redis.register_script(_IDLE)

    def take(self, resource: str, ticket_id: str) -> int | None:
        fence = int(self._take(keys=[_claim(resource), _fence(resource)], args=[ticket_id, HOLD_MS, KEEP_S]))
        return fence or None

    def give_back(self, resource: str, ticket_id: str, fence: int) -> None:
        self._give_back(keys=[_claim(resource)], args=[ticket_id, fence])

    def check(self, resource: str, ticket_id: str, fence: int) -> None:
        if not self._check(keys=[_claim(resource)], args=[ticket_id, fence]):
            raise SupersededError(ticket_id)

    def is_idle(self, resource: str, ticket_id: str) -> bool:
        return bool(self._idle(keys=[_claim(resource)], args=[ticket_id, HOLD_MS - STILL_MS]))

    def journal(self, resource: str, ticket: Ticket, fence: int) -> StoredJournal:
        return StoredJournal(self._redis, self._clock, resource, ticket, fence)


class StoredJournal:
    """Implements `remediations.journal.Journal` for one delivery."""

    def __init__(self, redis: Redis, clock: Clock, resource: str, ticket: Ticket, fence: int) -> None:
        self._redis = redis
        self._clock = clock
        self._ticket = ticket
        self._fence = fence
        self._claim = _claim(resource)
        self._sending = redis.register_script(_SENDING)
        self._record = redis.register_script(_RECORD)

    def steps(self) -> dict[int, Step]:
        kept = self._redis.hgetall(self._name)
        return {int(index): must_read(Step, raw) for index, raw in kept.items()}

    def sending(self, index: int, action: str) -> None:
        step = Step(index=index, state="sent", action=action)
        arguments: list[str | int] = [self._ticket.id, self._fence, index, step.model_dump_json(), KEEP_S, HOLD_MS]
        if not self._sending(keys=[self._claim, self._name], args=arguments):
            raise SupersededError(self._ticket.id)

    def record(self, step: Step) -> None:
        ids = (step.request_id,) if step.request_id else ()
        details = {"call": step.action, "outcome": step.state, "by_reading": step.by_reading, "kept": dict(step.kept)}
        record = record_of(
            self._ticket,
            "rejected" if step.state == "rejected" else "wrote",
            self._clock(),
            self._ticket.approved_by,
            text=step.text,
            request_ids=ids,
            details=details,
        )
        arguments: list[str | int] = [
            self._ticket.id,
            self._fence,
            step.index,
            step.state,
            step.request_id or "",
            step.model_dump_json(),
            KEEP_S,
            audit.FIELD,
            record.model_dump_json(),
        ]
        if self._record(keys=[self._claim, self._name, audit.stream()], args=arguments):
            audit.log(record)

    @property
    def _name(self) -> str:
        return key("fix-journal", self._ticket.id)


def _claim(resource: str) -> str:
    return key("fix-claim", digest(resource))


def _fence(resource: str) -> str:
    return key("fix-fence", digest(resource))
