"""One budget of Slack calls for all processes of the bot, per method, channel and message.

While the store is away each process keeps to the same rates by itself.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import structlog
from redis import Redis
from redis.exceptions import RedisError

from bot.store.keys import MINUTE_S, SECOND_MS, key

MAX_PAUSE_S: Final = 600.0
EDIT_EVERY_S: Final = 3.0
"""So long after an edit of a message nothing that can wait edits it again."""
MAX_LOCAL: Final = 2_000

_log: Final = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Rate:
    """One call each `interval_ms`, of which `burst` may come at once; `reserve` of them are for what cannot wait."""

    interval_ms: int
    burst: int
    reserve: int = 0


def _tier(per_minute: int, reserve: int = 0) -> Rate:
    """The published rate; of the bursts that Slack tolerates beyond it, a quarter of a minute's calls."""
    return Rate(MINUTE_S * SECOND_MS // per_minute, burst=per_minute // 4, reserve=reserve)


# https://docs.slack.dev/apis/web-api/rate-limits: a message per second and channel with short bursts, the rest by
# tiers. The workspace-wide limit of posts is not published; this stays far below complaints.
PER_CHANNEL: Final[Mapping[str, Rate]] = MappingProxyType(
    {
        "chat.postMessage": Rate(1_000, burst=4, reserve=3),
        "chat.postEphemeral": Rate(1_000, burst=4),
    }
)
PER_METHOD: Final[Mapping[str, Rate]] = MappingProxyType(
    {
        "chat.postMessage": Rate(200, burst=20),
        "chat.postEphemeral": _tier(100),
        "chat.update": _tier(50, reserve=8),
        "chat.getPermalink": _tier(100),
        "conversations.history": _tier(50),
        "conversations.info": _tier(50),
        "conversations.members": _tier(100),
        "conversations.replies": _tier(50),
        "usergroups.users.list": _tier(20),
        "users.info": _tier(100),
        "views.publish": _tier(100),
        "views.update": _tier(100),
    }
)

# Generic cell rate: each key holds the moment at which the budget would be empty of debt. Redis's clock is used, so the
# clocks of the bot's machines need not agree. Nothing is taken unless every limit has room. The last key is that of an
# edited message, if one is: what must be said passes it by and keeps back what can wait.
_TAKE: Final = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local paused = tonumber(redis.call('GET', KEYS[1]) or '0')
if paused > now then return paused - now end
local apart, can_wait = tonumber(ARGV[1]), ARGV[2] == '1'
local limits = apart > 0 and #KEYS - 1 or #KEYS
local wait, debts = 0, {}
for i = 2, limits do
  local interval, room = tonumber(ARGV[i * 2 - 1]), tonumber(ARGV[i * 2])
  local debt = math.max(tonumber(redis.call('GET', KEYS[i]) or '0'), now) + interval
  debts[i] = debt
  wait = math.max(wait, debt - interval * room - now)
end
if apart > 0 and can_wait then wait = math.max(wait, tonumber(redis.call('GET', KEYS[#KEYS]) or '0') - now) end
if wait > 0 then return wait end
for i = 2, limits do
  redis.call('SET', KEYS[i], string.format('%.0f', debts[i]), 'PX', math.ceil(debts[i] - now) + 1000)
end
if apart > 0 then redis.call('SET', KEYS[#KEYS], string.format('%.0f', now + apart), 'PX', apart) end
return 0
"""

_PAUSE: Final = """
local t = redis.call('TIME')
local till = t[1] * 1000 + math.floor(t[2] / 1000) + tonumber(ARGV[1])
if till > tonumber(redis.call('GET', KEYS[1]) or '0') then
  redis.call('SET', KEYS[1], string.format('%.0f', till), 'PX', ARGV[1])
end
"""


@dataclass(frozen=True, slots=True)
class _Limit:
    name: str
    rate: Rate

    def room(self, *, spare: bool) -> int:
        return max(1, self.rate.burst - self.rate.reserve) if spare else self.rate.burst


class OwnBudget:
    """The budget of this process alone, for when there is no store to share one in."""

    def __init__(
        self,
        per_channel: Mapping[str, Rate] = PER_CHANNEL,
        per_method: Mapping[str, Rate] = PER_METHOD,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_channel = per_channel
        self._per_method = per_method
        self._clock_s = clock_s
        self._until: dict[str, float] = {}
        self._lock = threading.Lock()

    def take(self, method: str, channel: str, *, spare: bool = False, message: str = "") -> float:
        """As `Budget.take`."""
        with self._lock:
            now = self._clock_s() * SECOND_MS
            paused = self._until.get(_paused(method), 0.0)
            if paused > now:
                return (paused - now) / SECOND_MS
            debts, wait = {}, 0.0
            for limit in _limits(method, channel, self._per_channel, self._per_method):
                debt = max(self._until.get(limit.name, 0.0), now) + limit.rate.interval_ms
                debts[limit.name] = debt
                wait = max(wait, debt - limit.rate.interval_ms * limit.room(spare=spare) - now)
            edited = _edited(channel, message)
            if message and spare:
                wait = max(wait, self._until.get(edited, 0.0) - now)
            if wait > 0:
                return wait / SECOND_MS
            if message:
                debts[edited] = now + EDIT_EVERY_S * SECOND_MS
            self._note(debts, now)
            return 0.0

    def pause(self, method: str, seconds: float) -> None:
        """As `Budget.pause`."""
        with self._lock:
            now = self._clock_s() * SECOND_MS
            name = _paused(method)
            self._note({name: max(self._until.get(name, 0.0), now + min(seconds, MAX_PAUSE_S) * SECOND_MS)}, now)

    def _note(self, until: Mapping[str, float], now: float) -> None:
        if len(self._until) > MAX_LOCAL:
            self._until = {name: at for name, at in self._until.items() if at > now}
        self._until.update(until)


class Budget:
    """The budget that all replicas share."""

    def __init__(
        self, redis: Redis, per_channel: Mapping[str, Rate] = PER_CHANNEL, per_method: Mapping[str, Rate] = PER_METHOD
    ) -> None:
        self._per_channel = per_channel
        self._per_method = per_method
        self._own = OwnBudget(per_channel, per_method)
        self._take = redis.register_script(_TAKE)
        self._pause = redis.register_script(_PAUSE)

    def take(self, method: str, channel: str, *, spare: bool = False, message: str = "") -> float:
        """0.0 if the call may be made now, else the seconds after which it may be tried again."""
        apart_ms = int(EDIT_EVERY_S * SECOND_MS) if message else 0
        keys, args = [_paused(method)], [apart_ms, int(spare)]
        for limit in _limits(method, channel, self._per_channel, self._per_method):
            keys.append(limit.name)
            args += [limit.rate.interval_ms, limit.room(spare=spare)]
        if message:
            keys.append(_edited(channel, message))
        try:
            return int(self._take(keys=keys, args=args)) / SECOND_MS
        except RedisError as error:
            _log.warning("this process keeps to Slack's rates by itself", error=type(error).__name__, seldom=True)
            return self._own.take(method, channel, spare=spare, message=message)

    def pause(self, method: str, seconds: float) -> None:
        """Nothing of this method is sent for `seconds`, by any process; at most ten minutes."""
        self._own.pause(method, seconds)
        try:
            self._pause(keys=[_paused(method)], args=[max(1, int(min(seconds, MAX_PAUSE_S) * SECOND_MS))])
        except RedisError as error:
            _log.warning(
                "other processes are not told that Slack asks for patience", error=type(error).__name__, seldom=True
            )


def _limits(
    method: str, channel: str, per_channel: Mapping[str, Rate], per_method: Mapping[str, Rate]
) -> tuple[_Limit, ...]:
    found = (
        (key("budget", method), per_method.get(method)),
        (key("budget", method, channel), per_channel.get(method)),
    )
    return tuple(_Limit(name, rate) for name, rate in found if rate is not None)


def _paused(method: str) -> str:
    return key("budget", method, "paused")


def _edited(channel: str, message: str) -> str:
    return key("budget", "edited", channel, message)
