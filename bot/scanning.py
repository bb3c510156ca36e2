"""The scan that these settings describe: `alb502 scan`."""

from __future__ import annotations

from bot.clock import utc_now
from bot.diagnosing import access_of, log_options_of, nicknames_of
from bot.settings import Settings
from diagnostics.collect.own_records import OwnMemory, OwnRecords
from diagnostics.scan.scanner import BUDGET_S, Scanner, cheap


def scanner(settings: Settings, own: OwnRecords | None = None) -> Scanner:
    """Makes no call."""
    return Scanner(
        access=access_of(settings),
        nicknames=nicknames_of(settings),
        logs=cheap(log_options_of(settings)),
        budget_s=max(BUDGET_S, settings.limits.diagnosis_s),
        clock=utc_now,
        own=OwnMemory(own),
    )
