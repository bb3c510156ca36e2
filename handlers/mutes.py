"""What a channel is not told of for a while."""

from __future__ import annotations

from datetime import datetime

from diagnostics.facts.fact import Frozen


class Mute(Frozen):
    """Alarms of something that a channel is not told of. `what` names it as incidents do, `label` as people do.

    `last_counted`: the last news that was counted, so that it counts once.
    """

    id: str
    what: str
    label: str
    words: str
    channel: str
    team: str
    by: str
    until: datetime
    count: int = 0
    last_counted: str = ""
