"""Incidents: which alarms of one load balancer are told in one thread. Everything that decides is in the store."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from redis import Redis
from redis.client import Pipeline

from bot.store.keys import DAY_S, digest, key
from handlers.incidents import AlarmChange, Incident, Told, belongs, with_alarm, with_end

KEEP_S: Final = 2 * DAY_S
RETELL_S: Final = 60
"""How long a planned edit keeps others from being planned, should it be lost."""


class Incidents:
    """Every change reads, decides and writes in one step: of two workers that have the same alarm one is first."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def begin(self, fresh: Incident, change: AlarmChange, pointers: int, now: datetime) -> tuple[Incident, Told]:
        """Takes an alarm that began into the incident of its load balancer and channel, which is `fresh` if there is
        none that it belongs to."""

        def decide(known: Incident | None) -> tuple[Incident, Told]:
            story = known if known is not None and belongs(known, now) else fresh
            return with_alarm(story, change, fresh.thread_ts, pointers)

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
            return known.model_copy(update={"ended_after": text}), "table"

        changed: tuple[Incident, Told] | None = self._changed(name if isinstance(name, str) else name.decode(), decide)
        return changed[0] if changed else None

    def of_ask(self, ask_id: str) -> Incident | None:
        """The incident whose answer this question is, as it stands now."""
        name = self._redis.get(key("incident-ask", ask_id))
        return None if name is None else self._load(name if isinstance(name, str) else name.decode())

    def in_thread(self, channel: str, thread_ts: str) -> Incident | None:
        """The incident whose alarm stands at the head of this thread."""
        name = self._redis.get(key("incident-thread", channel, thread_ts))
        return None if name is None else self._load(name if isinstance(name, str) else name.decode())

    def plan_retelling(self, incident_id: str) -> bool:
        """True for the first who wants its message edited; the others' rows are in the same edit."""
        return bool(self._redis.set(key("incident-retell", incident_id), "1", nx=True, ex=RETELL_S))

    def retelling(self, incident_id: str) -> None:
        """The edit begins: what changes from now on needs another one."""
        self._redis.delete(key("incident-retell", incident_id))

    def _load(self, name: str) -> Incident | None:
        raw = self._redis.get(name)
        return None if raw is None else Incident.model_validate_json(raw)

    def _changed(self, name: str, decide: Callable[[Incident | None], Any]) -> Any:
        def step(pipe: Pipeline) -> Any:
            raw = pipe.get(name)  # watched: executed at once
            known = None if raw is None else Incident.model_validate_json(raw)
            decided = decide(known)
            pipe.multi()
            if decided is not None:
                incident: Incident = decided[0]
                pipe.set(name, incident.model_dump_json(), ex=KEEP_S)
                pipe.set(key("incident-ask", incident.ask_id), name, ex=KEEP_S)
                for thread_ts in (incident.thread_ts, *incident.threads[-1:]):
                    pipe.set(key("incident-thread", incident.channel, thread_ts), name, ex=KEEP_S)
            return decided

        return self._redis.transaction(step, name, value_from_callable=True)


class Mutes:
    """Targets that people want to hear no alarms of for a while. What comes meanwhile is counted."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def mute(self, what: str, until: datetime, by: str, now: datetime) -> None:
        seconds = max(1, int((until - now).total_seconds()))
        value = json.dumps({"until": until.isoformat(), "by": by})
        self._redis.set(_mute(what), value, ex=seconds)

    def unmute(self, what: str) -> bool:
        return bool(self._redis.delete(_mute(what)))

    def is_muted(self, what: str) -> bool:
        return bool(self._redis.exists(_mute(what)))

    def count(self, what: str) -> int:
        """Counts one more that nobody was told of."""
        name = key("muted-alarms", digest(what))
        pipe = self._redis.pipeline(transaction=True)
        pipe.incr(name)
        pipe.expire(name, KEEP_S)
        return int(pipe.execute()[0])


def _of(what: str, channel: str) -> str:
    return key("incident", digest(what, channel))


def _mute(what: str) -> str:
    return key("mute", digest(what))
