"""The ledger of effects: each message is claimed before it is posted and confirmed afterwards."""

from __future__ import annotations

from typing import Final

from redis import Redis

from bot.store.asks import fence_key
from bot.store.keys import DAY_S, SECOND_MS, key
from handlers.effects import Claim, SupersededError

KEEP_S: Final = DAY_S
WHISPER: Final = "whisper-"

POSTING_MS: Final = 12 * SECOND_MS
"""Longer than a call to Slack waits for its answer. For so long nobody else posts what somebody may be posting."""

# The fence is compared in the same step as the claim is made, and the post follows directly. A second delivery in that
# time would find nothing in Slack yet and post it too, so it waits until the first has ended or a call cannot last any
# longer. A process that is stopped between claim and post for longer than that can still post after its successor: the
# successor then finds the claim unconfirmed and looks for the message in Slack, so what remains is a pause between its
# look and its own post.
_NOW: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
"""

_CLAIM: Final = (
    _NOW
    + """
if redis.call('HGET', KEYS[1], 'fence') ~= ARGV[1] then return {'superseded', '', '0'} end
local state = redis.call('HGET', KEYS[2], 'state')
local at = time[1]
if state == 'done' then return {'done', redis.call('HGET', KEYS[2], 'ts'), '0'} end
if state == 'claimed' then
  local posting_for = (redis.call('HGET', KEYS[2], 'posting') or 0) + ARGV[4] - now
  if posting_for > 0 and redis.call('HGET', KEYS[2], 'by') ~= ARGV[1] then
    return {'posting', '', tostring(posting_for)}
  end
  redis.call('HSET', KEYS[2], 'by', ARGV[1], 'posting', now)
  return {'doubt', '', redis.call('HGET', KEYS[2], 'at')}
end
redis.call('HSET', KEYS[2], 'state', 'claimed', 'at', at, 'by', ARGV[1], 'posting', now)
redis.call('EXPIRE', KEYS[2], ARGV[2])
local since = ARGV[3] == '1' and redis.call('HGET', KEYS[1], 'restored')
if since then return {'doubt', '', since} end
return {'clear', '', at}
"""
)

_IF_MINE: Final = "if redis.call('HGET', KEYS[1], 'by') ~= ARGV[1] then return 0 end\n"
_RENEW: Final = _NOW + _IF_MINE + "redis.call('HSET', KEYS[1], 'posting', now)\nreturn 1"
_DOUBT: Final = _IF_MINE + "redis.call('HSET', KEYS[1], 'posting', 0)\nreturn 1"
_RELEASE: Final = _IF_MINE + "redis.call('DEL', KEYS[1])\nreturn 1"


class Effects:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._claim = redis.register_script(_CLAIM)
        self._renew = redis.register_script(_RENEW)
        self._doubt = redis.register_script(_DOUBT)
        self._release = redis.register_script(_RELEASE)

    def claim(self, ask_id: str, name: str, fence: int) -> Claim:
        """Claims the effect for this delivery. Raises `SupersededError` if a newer delivery has begun.

        For an ask that the store had lost, every message that can be looked for is in doubt. What is said to one person
        cannot be found again, and is rather said twice than never.
        """
        keys = [fence_key(ask_id), _effect(ask_id, name)]
        can_be_found = int(not name.startswith(WHISPER))
        state, ts, at = (
            part.decode() for part in self._claim(keys=keys, args=[fence, KEEP_S, can_be_found, POSTING_MS])
        )
        if state == "superseded":
            raise SupersededError(ask_id)
        if state == "posting":
            return Claim(posting_for_s=int(at) / SECOND_MS)
        return Claim(done_ts=ts or None, in_doubt_since_s=int(at) if state == "doubt" else None)

    def confirm(self, ask_id: str, name: str, ts: str) -> None:
        """The message stands in Slack as `ts`."""
        effect = _effect(ask_id, name)
        pipe = self._redis.pipeline(transaction=True)
        pipe.hset(effect, mapping={"state": "done", "ts": ts})
        pipe.expire(effect, KEEP_S)
        pipe.execute()

    def renew(self, ask_id: str, name: str, fence: int) -> None:
        """Whoever claimed it has looked or waited since. Raises `SupersededError` if somebody else has it by now; a
        newer delivery that waits for this one is no reason to stop."""
        if not self._renew(keys=[_effect(ask_id, name)], args=[fence]):
            raise SupersededError(ask_id)

    def doubt(self, ask_id: str, name: str, fence: int) -> None:
        """Nothing posts it any more; whether it stands in Slack is to be looked for."""
        self._doubt(keys=[_effect(ask_id, name)], args=[fence])

    def release(self, ask_id: str, name: str, fence: int) -> None:
        """The message was certainly not posted; it may be claimed again."""
        self._release(keys=[_effect(ask_id, name)], args=[fence])

    def check(self, ask_id: str, fence: int) -> None:
        """Raises `SupersededError` if a newer delivery has begun."""
        raw = self._redis.hget(fence_key(ask_id), "fence")
        if raw is None or int(raw) != fence:
            raise SupersededError(ask_id)


def _effect(ask_id: str, name: str) -> str:
    return key("effect", ask_id, name)
