"""The fixes of an answer: kept with it, and a button for each that has one."""

from __future__ import annotations

from typing import Final

import structlog

from bot.remediating import Remedied
from bot.store.clicks import FixButton, FixButtons
from bot.store.plans import Offers, TicketTooLargeError
from diagnostics.question import Diagnosed
from diagnostics.report import Report
from handlers.ask import new_id
from handlers.views.fixes import offered

_log: Final = structlog.get_logger(__name__)


class Fixes:
    def __init__(self, offers: Offers, buttons: FixButtons) -> None:
        self._offers = offers
        self._buttons = buttons

    def keep(self, found: Diagnosed) -> None:
        """Keeps the plans behind a report's fixes, and what is left to do in code after each."""
        if not isinstance(found, Remedied):
            return
        left = {
            remediation.id: (cause.advice,)
            for cause in (*found.report.causes, *found.report.risks)
            for remediation in cause.remediations
            if cause.advice
        }
        try:
            self._offers.save(found.report.id, found.plans, found.reach, left)
        except TicketTooLargeError:
            _log.warning("plans of a report not kept: too large", report_id=found.report.id)

    def buttons(self, report: Report) -> dict[str, str]:
        """An id of a button for each fix that gets one, by the fix."""
        ids: dict[str, str] = {}
        for remediation in offered(report):
            ids[remediation.id] = new_id("f")
            self._buttons.put(ids[remediation.id], FixButton(report=report.id, offer=remediation.id))
        return ids
