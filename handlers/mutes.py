"""What a channel is not told of for a while."""

from __future__ import annotations

from datetime import datetime

from diagnostics.facts.fact import Frozen


class Mute(Frozen):
    """Alarms of something that a channel is not told of. `what` names it as incidents do, `label` as people do.

    `counted`: the last changes that were counted, shortened, so that each counts once, whoever posts it.
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
    counted: tuple[str, ...] = ()
