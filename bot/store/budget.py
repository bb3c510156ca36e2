"""One budget of Slack calls for all processes of the bot, per method and channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from redis import Redis

from bot.store.keys import SECOND_MS, key

MAX_PAUSE_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class Rate:
    """One call each `interval_ms`, of which `burst` may come at once; `reserve` of them are for what cannot wait."""

    interval_ms: int
    burst: int
    reserve: int = 0


# https://docs.slack.dev/apis/web-api/rate-limits: a message per second and channel with short bursts, tier 3 (50 a
# minute) for updates and reading. The workspace-wide limit of posts is not published; this stays far below complaints.
PER_CHANNEL: Final[Mapping[str, Rate]] = MappingProxyType(
    {
        "chat.postMessage": Rate(1_000, burst=4, reserve=3),
        "chat.postEphemeral": Rate(1_000, burst=4),
    }
)
PER_METHOD: Final[Mapping[str, Rate]] = MappingProxyType(
    {
        "chat.postMessage": Rate(200, burst=20),
        "chat.update": Rate(1_200, burst=12, reserve=8),
        "conversations.replies": Rate(1_200, burst=10),
        "conversations.history": Rate(1_200, burst=10),
    }
)

# Generic cell rate: each key holds the moment at which the budget would be empty of debt. Redis's clock is used, so the
# clocks of the bot's machines need not agree. Nothing is taken unless every limit has room.
_TAKE: Final = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local paused = tonumber(redis.call('GET', KEYS[1]) or '0')
if paused > now then return paused - now end
local wait, debts = 0, {}
for i = 2, #KEYS do
  local interval, room = tonumber(ARGV[(i - 2) * 2 + 1]), tonumber(ARGV[(i - 2) * 2 + 2])
  local debt = math.max(tonumber(redis.call('GET', KEYS[i]) or '0'), now) + interval
  debts[i] = debt
  wait = math.max(wait, debt - interval * room - now)
end
if wait > 0 then return wait end
for i = 2, #KEYS do
  redis.call('SET', KEYS[i], string.format('%.0f', debts[i]), 'PX', math.ceil(debts[i] - now) + 1000)
end
return 0
"""

_PAUSE: Final = """
local t = redis.call('TIME')
local till = t[1] * 1000 + math.floor(t[2] / 1000) + tonumber(ARGV[1])
if till > tonumber(redis.call('GET', KEYS[1]) or '0') then
  redis.call('SET', KEYS[1], string.format('%.0f', till), 'PX', ARGV[1])
end
"""


class Budget:
    def __init__(
        self, redis: Redis, per_channel: Mapping[str, Rate] = PER_CHANNEL, per_method: Mapping[str, Rate] = PER_METHOD
    ) -> None:
        self._per_channel = per_channel
        self._per_method = per_method
        self._take = redis.register_script(_TAKE)
        self._pause = redis.register_script(_PAUSE)

    def take(self, method: str, channel: str, *, spare: bool = False) -> float:
        """0.0 if the call may be made now, else the seconds after which it may be tried again."""
        keys = [_paused(method)]
        args: list[int] = []
        limits = ((key("budget", method), self._per_method), (key("budget", method, channel), self._per_channel))
        for name, rates in limits:
            if rate := rates.get(method):
                keys.append(name)
                args += [rate.interval_ms, max(1, rate.burst - rate.reserve) if spare else rate.burst]
        return int(self._take(keys=keys, args=args)) / SECOND_MS

    def pause(self, method: str, seconds: float) -> None:
        """Nothing of this method is sent for `seconds`, by any process; at most ten minutes."""
        self._pause(keys=[_paused(method)], args=[max(1, int(min(seconds, MAX_PAUSE_S) * SECOND_MS))])


def _paused(method: str) -> str:
    return key("budget", method, "paused")
