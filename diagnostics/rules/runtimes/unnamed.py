"""A variable that says how long connections are kept, by whatever server."""

from __future__ import annotations

import re

from diagnostics.rules.runtimes.server import KeepAlive, Seen, configured

RANK = 90
SETTINGS: dict[str, str] = {}


def keep_alive(seen: Seen) -> KeepAlive | None:
    for name in sorted(seen.environment):
        if re.match(r"(?:(?:HTTP|SERVER|APP)_)*KEEP_?ALIVE", name) and (set_to := seen.variable(name)):
            return configured("the server", set_to)
    return None
