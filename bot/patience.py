"""Questions that cannot go on now: when they are tried again, and what their threads say meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog

from bot.account_shares import AccountFullError
from bot.jobs import MIN_PUT_OFF_S
from bot.store.asks import Asks
from diagnostics.question import Progress, Refused
from handlers import views
from handlers.ask import Ask, Place
from handlers.slack_calls import TROUBLE_RETRY_AFTER_S
from handlers.thread import Thread

MAX_TROUBLE_PUT_OFF_S: Final = 30
MAX_WAITS: Final = 130
"""About ten minutes: after that the person is told that there will be no answer."""
MAX_UNASKED_WAITS: Final = 1_000
LONGEST_WAIT_S: Final = 5.0

_log: Final = structlog.get_logger(__name__)


def again_after_s(asked_for_s: float, tries: int) -> float:
    """When a job that Slack put off so often is tried again: soon where others' calls were in the way, less and less
    often where Slack is in trouble, so that the tries last for more than ten minutes."""
    in_trouble = asked_for_s >= TROUBLE_RETRY_AFTER_S
    return max(asked_for_s, MIN_PUT_OFF_S, float(min(tries, MAX_TROUBLE_PUT_OFF_S)) if in_trouble else 0.0)


def room_again_s(full: AccountFullError, waits: int) -> float:
    """When a job that has waited so often for an account is tried again."""
    return min(full.after_s + waits / 10, LONGEST_WAIT_S)


def too_slow(full: AccountFullError) -> str:
    """What a person is told who has waited `MAX_WAITS` times."""
    return (
        f"Account {full.label} answers slowly, and other questions about it have kept this one waiting for minutes; "
        "ask again later. Questions about other accounts are not affected."
    )


class AccountPatience:
    """Has questions wait, without a thread, for an account that has no thread left for them.

    `check` raises `AccountFullError` where a job would find no place now.
    """

    def __init__(self, asks: Asks, thread: Thread, check: Callable[[str], None]) -> None:
        self._asks = asks
        self._thread = thread
        self._check = check

    def look(self, ask: Ask) -> None:
        """Before anything is looked up: whether the account that it waited for has room. Raises `AccountFullError`."""
        account = self._asks.waits_for(ask.id)
        if account is not None:
            self._check(account)

    def wait(self, full: AccountFullError, ask: Ask, fence: int, place: Place, now: datetime) -> Refused:
        """Raises `AccountFullError` until it has waited for too long; then returns what the person is told."""
        waits = self._asks.wait_for(ask.id, full.account)
        if waits > (MAX_UNASKED_WAITS if ask.kind in {"alarm", "watch"} else MAX_WAITS):
            _log.error("question given up: its account does not keep up", account=full.account, waits=waits)
            return Refused(message=too_slow(full))
        if waits & (waits - 1) == 0:  # now and then: an edit that Slack has no room for is left out
            _log.info("waiting for an account", account=full.account, waits=waits)
            if ask.kind != "watch":
                text = f"waiting for account {full.label}, where other questions are in work"
                step = Progress(step="finding", text=text)
                self._thread.progress(ask, fence, place, lambda _: views.progress(step, ask.question.words, now))
        raise AccountFullError(full.account, full.label, room_again_s(full, waits))
