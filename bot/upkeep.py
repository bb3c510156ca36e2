"""What keeps a diagnosis quick between questions: clients made ahead, and a young service index."""

from __future__ import annotations

from typing import Final

import structlog

from diagnostics.aws_access import AwsAccess, CallMeter, explain
from diagnostics.facts.fact import Gap
from diagnostics.locate import ServiceIndex, refresh

MAX_COMPLAINTS: Final = 50

_log: Final = structlog.get_logger(__name__)


class Upkeep:
    """One round of upkeep for each call; to be called again and again by one thread.

    What could not be read is logged when it begins and when it is over, not in every round.
    """

    def __init__(self, access: AwsAccess, index: ServiceIndex) -> None:
        self._access = access
        self._index = index
        self._is_warm = False
        self._complaints: frozenset[tuple[str, str, str]] = frozenset()

    def __call__(self) -> None:
        if not self._is_warm:
            self._access.warm()
            self._is_warm = True
        done = refresh(self._access, self._index, CallMeter())
        if done.read:
            _log.info("service index read", places=len(done.read))
        self._tell(done.gaps)

    def _tell(self, gaps: tuple[Gap, ...]) -> None:
        found = {(gap.action, gap.resource, gap.error): gap for gap in gaps[:MAX_COMPLAINTS]}
        for name in found.keys() - self._complaints:
            gap = found[name]
            _log.warning(
                "service index incomplete", action=gap.action, where=gap.resource, error=gap.error, why=explain(gap)
            )
        if self._complaints and not found:
            _log.info("service index complete again")
        self._complaints = frozenset(found)
