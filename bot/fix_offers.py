"""The fixes of an answer: kept with it, and a button for each that has one."""

from __future__ import annotations

from typing import Final

import structlog

from bot.remediating import Remedied
from bot.store.clicks import FixButton, FixButtons
from bot.store.plans import Offers, TicketTooLargeError
from diagnostics.question import Diagnosed
from diagnostics.report import Remediation, Report
from handlers.ask import new_id
from handlers.views.fixes import offered
from remediations.desk import digest_of
from remediations.seals import DIGEST_SIGN

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
            ids[remediation.id] = self._button_id(report, remediation)
            self._buttons.put(ids[remediation.id], FixButton(report=report.id, offer=remediation.id))
        return ids

    def _button_id(self, report: Report, remediation: Remediation) -> str:
        """With the digest of what it asks for, so that whoever presses it is known to have asked for just this."""
        wanted = self._offers.wanted(report, remediation.id) if remediation.allowed else None
        return new_id("f") if wanted is None else f"{new_id('f')}{DIGEST_SIGN}{digest_of(wanted)}"
