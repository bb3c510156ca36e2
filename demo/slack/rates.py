"""How often Slack lets an app call it: tiers by method, one message a second and channel, some bursts on top.

https://docs.slack.dev/apis/web-api/rate-limits. How large the bursts are that it tolerates is not published.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

TIERS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "chat.delete": 50,
        "chat.postEphemeral": 100,
        "chat.update": 50,
        "conversations.history": 50,
        "conversations.info": 50,
        "conversations.list": 20,
        "conversations.members": 100,
        "conversations.replies": 50,
        "reactions.add": 50,
        "reactions.remove": 20,
        "team.info": 50,
        "usergroups.list": 20,
        "usergroups.users.list": 20,
        "users.conversations": 50,
        "users.info": 100,
        "users.list": 20,
        "views.open": 100,
        "views.publish": 100,
        "views.push": 100,
        "views.update": 100,
    }
)
"""Calls a minute, for one app in one workspace."""
POSTING: Final = frozenset({"chat.postMessage", "chat.postEphemeral"})
POSTS_A_MINUTE: Final = 60
POST_BURST: Final = 8
TIER_BURST: Final = 1 / 3
"""Of a minute's calls."""
WORKSPACE_POSTS_A_MINUTE: Final = 360
WORKSPACE_BURST: Final = 30


class Rates:
    """Counts calls and says which one Slack would refuse. A refused call counts for nothing."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._empty_at: dict[str, float] = {}
        self._lock = threading.Lock()

    def retry_after_s(self, method: str, channel: str) -> int | None:
        """None if the call may be made; else what the header ``Retry-After`` says."""
        with self._lock:
            now, filled, wait_s = self._clock_s(), {}, 0.0
            for name, a_minute, burst in _buckets(method, channel):
                each_s = 60 / a_minute
                filled[name] = max(self._empty_at.get(name, 0.0), now) + each_s
                wait_s = max(wait_s, filled[name] - now - burst * each_s)
            if wait_s > 0:
                return math.ceil(wait_s)
            self._empty_at.update(filled)
            return None


def _buckets(method: str, channel: str) -> list[tuple[str, int, int]]:
    found = []
    if (tier := TIERS.get(method)) is not None:
        found.append((method, tier, int(tier * TIER_BURST)))
    if method in POSTING:
        found.append((f"{method} {channel}", POSTS_A_MINUTE, POST_BURST))
    if method == "chat.postMessage":
        found.append((method, WORKSPACE_POSTS_A_MINUTE, WORKSPACE_BURST))
    return found
