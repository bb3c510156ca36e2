"""The ledger of effects: each message is claimed before it is posted and confirmed afterwards."""

from __future__ import annotations

from typing import Final

from redis import Redis

from bot.store.asks import fence_key
from bot.store.keys import DAY_S, key
from handlers.effects import Claim, SupersededError

KEEP_S: Final = DAY_S
WHISPER: Final = "whisper-"

# The fence is compared in the same step as the claim is made, and the post follows directly. A process that is stopped
# between the two for longer than the queue's heartbeat can still post after its successor: the successor then finds the
# claim unconfirmed and looks for the message in Slack, so what remains is a pause between its look and its own post.
_CLAIM: Final = """
if redis.call('HGET', KEYS[1], 'fence') ~= ARGV[1] then return {'superseded', '', '0'} end
local state = redis.call('HGET', KEYS[2], 'state')
local at = redis.call('TIME')[1]
if state == 'done' then return {'done', redis.call('HGET', KEYS[2], 'ts'), '0'} end
if state == 'claimed' then return {'doubt', '', redis.call('HGET', KEYS[2], 'at')} end
redis.call('HSET', KEYS[2], 'state', 'claimed', 'at', at)
redis.call('EXPIRE', KEYS[2], ARGV[2])
local since = ARGV[3] == '1' and redis.call('HGET', KEYS[1], 'restored')
if since then return {'doubt', '', since} end
return {'clear', '', at}
"""


class Effects:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._claim = redis.register_script(_CLAIM)

    def claim(self, ask_id: str, name: str, fence: int) -> Claim:
        """Claims the effect for this delivery. Raises `SupersededError` if a newer delivery has begun.

        For an ask that the store had lost, every message that can be looked for is in doubt. What is said to one person
        cannot be found again, and is rather said twice than never.
        """
        keys = [fence_key(ask_id), _effect(ask_id, name)]
        can_be_found = int(not name.startswith(WHISPER))
        state, ts, at = (part.decode() for part in self._claim(keys=keys, args=[fence, KEEP_S, can_be_found]))
        if state == "superseded":
            raise SupersededError(ask_id)
        return Claim(done_ts=ts or None, in_doubt_since_s=int(at) if state == "doubt" else None)

    def confirm(self, ask_id: str, name: str, ts: str) -> None:
        """The message stands in Slack as `ts`."""
        effect = _effect(ask_id, name)
        pipe = self._redis.pipeline(transaction=True)
        pipe.hset(effect, mapping={"state": "done", "ts": ts})
        pipe.expire(effect, KEEP_S)
        pipe.execute()

    def release(self, ask_id: str, name: str) -> None:
        """The message was certainly not posted; it may be claimed again."""
        self._redis.delete(_effect(ask_id, name))

    def check(self, ask_id: str, fence: int) -> None:
        """Raises `SupersededError` if a newer delivery has begun."""
        raw = self._redis.hget(fence_key(ask_id), "fence")
        if raw is None or int(raw) != fence:
            raise SupersededError(ask_id)


def _effect(ask_id: str, name: str) -> str:
    return key("effect", ask_id, name)
