"""Questions in work: what was asked, which delivery of the job may act, and where the answer stands."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final, Literal

from redis import Redis

from bot.store.keys import DAY_S, key, text_or_none, texts_of
from bot.store.reading import read
from handlers.ask import Ask, Place

KEEP_S: Final = DAY_S
MAX_ASK_BYTES: Final = 8_192
RESTORED_FENCE: Final = 6
"""Higher than the number of whoever works on what was lost, in all but the worst of cases."""

State = Literal["lost", "open", "finished"]

_BEGIN: Final = """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if ARGV[1] == '1' and redis.call('HEXISTS', KEYS[1], 'finished') == 1 then return 0 end
return redis.call('HINCRBY', KEYS[1], 'fence', 1)
"""

_PROGRESS: Final = """
if redis.call('HEXISTS', KEYS[1], 'finished') == 1 then return 0 end
return redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
"""


_LOOK_AT_ALL: Final = """
local states = {}
for number, name in ipairs(KEYS) do
    states[number] = redis.call('HEXISTS', name, 'ask') == 0 and 0 or 2 - redis.call('HEXISTS', name, 'finished')
end
return states
"""
"""One answer of small numbers about a thousand questions: who asks takes commands in meanwhile."""
_STATES: Final[tuple[State, ...]] = ("lost", "finished", "open")


class Asks:
    """Each delivery of a job raises the fence of its ask; only the newest delivery may post."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._begin = redis.register_script(_BEGIN)
        self._progress = redis.register_script(_PROGRESS)
        self._states = redis.register_script(_LOOK_AT_ALL)

    def save(self, ask: Ask) -> None:
        """Keeps a new ask for a day. An ask that is there already (a second delivery of its event) stays as it is."""
        pipe = self._redis.pipeline(transaction=True)
        self.saving(ask)(pipe)
        pipe.execute()

    def saving(self, ask: Ask) -> Callable[[Redis], object]:
        """What `save` sends, for who sends it along with something else."""
        text = ask.model_dump_json()
        if len(text) > MAX_ASK_BYTES:
            raise ValueError("an ask is bounded by its parser and by Slack")

        def send(redis: Redis) -> None:
            redis.hsetnx(fence_key(ask.id), "ask", text)
            redis.expire(fence_key(ask.id), KEEP_S)

        return send

    def restore(self, ask: Ask, since_s: int) -> None:
        """Keeps an ask that the store has lost. What was said for it since `since_s` (Unix time) is not known any more;
        whoever works on the lost one without knowing is overtaken."""
        self.save(ask)
        pipe = self._redis.pipeline(transaction=True)
        pipe.hset(fence_key(ask.id), "restored", since_s)
        pipe.hsetnx(fence_key(ask.id), "fence", RESTORED_FENCE)
        pipe.execute()

    def states(self, ask_ids: Sequence[str]) -> list[State]:
        """What has become of each."""
        return [_STATES[int(state)] for state in self._states(keys=[fence_key(ask_id) for ask_id in ask_ids])]

    def load(self, ask_id: str) -> Ask | None:
        """The ask, or None once it is forgotten."""
        return read(Ask, self._redis.hget(fence_key(ask_id), "ask"))

    def begin(self, ask_id: str, *, open_only: bool = False) -> int:
        """The fencing number of this delivery, counted from 1; 0 if the ask is forgotten. `open_only`: or finished.
        Whoever has nothing to do must not overtake somebody who has."""
        self._alive(ask_id)
        return int(self._begin(keys=[fence_key(ask_id)], args=[int(open_only)]))

    def place(self, ask_id: str) -> Place | None:
        """Where the answer stands so far."""
        return read(Place, self._redis.hget(fence_key(ask_id), "place"))

    def put_place(self, ask_id: str, place: Place) -> None:
        self._redis.hset(fence_key(ask_id), "place", place.model_dump_json())

    def answer_id(self, ask_id: str) -> str | None:
        """Which answer the person has, once it was delivered."""
        return text_or_none(self._redis.hget(fence_key(ask_id), "answer"))

    def put_answer(self, ask_id: str, answer_id: str) -> None:
        self._redis.hset(fence_key(ask_id), "answer", answer_id)

    def finish(self, ask_id: str) -> None:
        """The person has the answer; later deliveries of the job have nothing to do."""
        pipe = self._redis.pipeline(transaction=True)
        pipe.hset(fence_key(ask_id), "finished", "1")
        pipe.zrem(_in_progress(), ask_id)
        pipe.execute()

    def in_progress(self, ask_id: str) -> None:
        """A message of this ask says that it is being worked on, or its asker waits unseen, until it is finished."""
        self._progress(keys=[fence_key(ask_id), _in_progress()], args=[ask_id, time.time()])

    def is_in_progress(self, ask_id: str) -> bool:
        return self._redis.zscore(_in_progress(), ask_id) is not None

    def silent(self, for_s: float, limit: int) -> tuple[str, ...]:
        """Asks in progress of which nothing was heard for so long, the longest silent first."""
        before = time.time() - for_s
        return tuple(texts_of(self._redis.zrangebyscore(_in_progress(), "-inf", before, start=0, num=limit)))

    def forget_progress(self, ask_id: str) -> None:
        """Nothing can be done for it any more."""
        self._redis.zrem(_in_progress(), ask_id)

    def is_finished(self, ask_id: str) -> bool:
        return bool(self._redis.hexists(fence_key(ask_id), "finished"))

    def awaited(self, ask_id: str) -> int:
        """How often others have looked whether it is answered, this time included."""
        return int(self._redis.hincrby(fence_key(ask_id), "awaited", 1))

    def put_off(self, ask_id: str) -> int:
        """How often Slack has put this ask off, this time included."""
        self._alive(ask_id)
        return int(self._redis.hincrby(fence_key(ask_id), "put-offs", 1))

    def put_offs(self, ask_id: str) -> int:
        """How often this ask has been put off, for whatever reason."""
        return sum(int(raw or 0) for raw in self._redis.hmget(fence_key(ask_id), "put-offs", "waits", "overtaken"))

    def overtaken(self, ask_id: str) -> int:
        """It has to wait for a later ask; how often it had to, this time included."""
        self._alive(ask_id)
        return int(self._redis.hincrby(fence_key(ask_id), "overtaken", 1))

    def wait_for(self, ask_id: str, account: str) -> int:
        """It has to wait for this account; how often it had to wait for any, this time included."""
        self._alive(ask_id)
        pipe = self._redis.pipeline(transaction=True)
        pipe.hset(fence_key(ask_id), "account", account)
        pipe.hincrby(fence_key(ask_id), "waits", 1)
        return int(pipe.execute()[1])

    def waits_for(self, ask_id: str) -> str | None:
        """The account that it had to wait for last."""
        return text_or_none(self._redis.hget(fence_key(ask_id), "account"))

    def _alive(self, ask_id: str) -> None:
        self._redis.zadd(_in_progress(), {ask_id: time.time()}, xx=True)


def fence_key(ask_id: str) -> str:
    """The hash whose field ``fence`` is the number that effects are checked against."""
    return key("ask", ask_id)


def _in_progress() -> str:
    return key("in-progress")
