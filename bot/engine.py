"""The engine of a running bot: the diagnosis with cached facts, and the service index that is kept young."""

from __future__ import annotations

import structlog

from bot.app import Engine
from bot.diagnosing import Diagnoser, access_of, nicknames_of
from bot.settings import Settings
from diagnostics.aws_access import CallMeter
from diagnostics.collect.cache import FactCache
from diagnostics.locate import ServiceIndex
from diagnostics.locate.index import refresh

_log = structlog.get_logger(__name__)


def make_engine(settings: Settings, cache: FactCache, index: ServiceIndex) -> Engine:
    """One access to AWS for both. Makes no call yet."""
    access = access_of(settings)
    diagnoser = Diagnoser(
        access,
        nicknames=nicknames_of(settings),
        budget_s=settings.limits.diagnosis_s,
        cache_s=settings.limits.cache_s,
        index=index,
        cache=cache,
    )

    def refresh_index() -> None:
        done = refresh(access, index, CallMeter())
        _log.info("index", read=len(done.read), left=len(done.left), gaps=len(done.gaps))

    return Engine(diagnose=diagnoser, refresh_index=refresh_index)
