"""Incidents: which alarms of one load balancer are told in one thread. Everything that decides is in the store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from redis import Redis
from redis.client import Pipeline

from bot.store.keys import DAY_S, digest, key, text_of
from bot.store.once import is_first
from bot.store.reading import read
from handlers.incidents import AlarmChange, Incident, Told, belongs, with_alarm, with_end, with_reason

KEEP_S: Final = 2 * DAY_S
RETELL_S: Final = 10
"""How long a planned edit keeps others from being planned. Shorter than it takes until the jobs of a dead process are
run again (`bot.queue`), so that one which died between planning and queueing plans anew."""

ANNOUNCING_S: Final = 30
"""How long others wait for whoever announces an incident, should it die of it."""

# Of two edits the later one may be confirmed first.
_TOLD: Final = """
if tonumber(redis.call('GET', KEYS[1]) or '-1') < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
end
"""


class Incidents:
    """Every change reads, decides and writes in one step: of two workers that have the same alarm one is first."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._told = redis.register_script(_TOLD)

    def begin(self, fresh: Incident, change: AlarmChange, pointers: int, now: datetime) -> tuple[Incident, Told]:
        """Takes an alarm that began into the incident of its load balancer and channel, which is `fresh` if there is
        none that it belongs to. The news behind it is named by `fresh.ask_id`."""

        def decide(known: Incident | None) -> tuple[Incident, Told]:
            story = known if known is not None and belongs(known, now) else fresh
            return with_alarm(story, change, fresh.ask_id, fresh.thread_ts, pointers)

        found: tuple[Incident, Told] = self._changed(_of(fresh.what, fresh.channel), decide)
        return found

    def end(self, what: str, channel: str, change: AlarmChange) -> tuple[Incident, Told] | None:
        """Takes the end of an alarm in. None when no incident knows it."""

        def decide(known: Incident | None) -> tuple[Incident, Told] | None:
            return None if known is None else with_end(known, change)

        found: tuple[Incident, Told] | None = self._changed(_of(what, channel), decide)
        return found

    def open(self, what: str, channel: str, now: datetime) -> Incident | None:
        """The incident that an alarm which begins now belongs to."""
        known = self._load(_of(what, channel))
        return known if belongs(known, now) else None

    def ended_after(self, ask_id: str, text: str) -> Incident | None:
        """Notes what changed last before the incident was over, unless it goes on by now."""
        name = self._redis.get(key("incident-ask", ask_id))
        if name is None:
            return None

        def decide(known: Incident | None) -> tuple[Incident, Told] | None:
            if known is None or not known.is_over or known.ask_id != ask_id:
                return None
            return with_reason(known, text), "table"

        changed: tuple[Incident, Told] | None = self._changed(text_of(name), decide)
        return changed[0] if changed else None

    def of_ask(self, ask_id: str) -> Incident | None:
        """The incident whose answer this question is, as it stands now."""
        found = self._named(key("incident-ask", ask_id))
        return found if found is not None and found.ask_id == ask_id else None

    def in_thread(self, channel: str, thread_ts: str) -> Incident | None:
        """The incident of the alarm at the head of this thread."""
        found = self._named(key("incident-thread", channel, thread_ts))
        return found if found is not None and thread_ts in {found.thread_ts, *found.threads} else None

    def announce(self, what: str, channel: str, news_id: str) -> bool:
        """Whether this news may announce an incident that nobody has posted; False while another one does."""
        return is_first(self._redis, key("incident-announced", digest(what, channel)), news_id, ANNOUNCING_S)

    def plan_retelling(self, incident: Incident) -> bool:
        """True for the first who wants its message edited; the others' rows are in the same edit. False when people
        see it as it stands."""
        if self.is_told(incident):
            return False
        return bool(self._redis.set(key("incident-retell", incident.id), "1", nx=True, ex=RETELL_S))

    def retelling(self, incident_id: str) -> None:
        """The edit begins: what changes from now on needs another one."""
        self._redis.delete(key("incident-retell", incident_id))

    def told(self, incident: Incident) -> None:
        """People see this version."""
        self._told(keys=[key("incident-told", incident.id)], args=[incident.version, KEEP_S])

    def is_told(self, incident: Incident) -> bool:
        told = self._redis.get(key("incident-told", incident.id))
        return told is not None and int(told) >= incident.version

    def _named(self, pointer: str) -> Incident | None:
        name = self._redis.get(pointer)
        return None if name is None else self._load(text_of(name))

    def _load(self, name: str) -> Incident | None:
        return read(Incident, self._redis.get(name))

    def _changed(self, name: str, decide: Callable[[Incident | None], Any]) -> Any:
        def step(pipe: Pipeline) -> Any:
            decided = decide(read(Incident, pipe.get(name)))  # watched: executed at once
            pipe.multi()
            if decided is not None:
                incident: Incident = decided[0]
                pipe.set(name, incident.model_dump_json(), ex=KEEP_S)
                pipe.set(key("incident-ask", incident.ask_id), name, ex=KEEP_S)
                for thread_ts in (incident.thread_ts, *incident.threads[-1:]):
                    pipe.set(key("incident-thread", incident.channel, thread_ts), name, ex=KEEP_S)
            return decided

        return self._redis.transaction(step, name, value_from_callable=True)


def _of(what: str, channel: str) -> str:
    return key("incident", digest(what, channel))
