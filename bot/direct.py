"""An answer without the store: for the minutes in which Redis is away and people still ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import structlog
from slack_sdk import WebClient

from bot.answer_views import summary_view
from bot.answering import Diagnose
from bot.clock import utc_now
from bot.store.budget import OwnBudget
from bot.telemetry.logs import correlated
from bot.telemetry.slack import observed
from diagnostics.question import Diagnosed
from handlers import admission, views
from handlers.ask import Ask
from handlers.effects import Claim, Dress
from handlers.people import People
from handlers.permission import Rules
from handlers.slack_calls import SlackCalls, SlackLaterError
from handlers.thread import Thread

MAX_TRIES: Final = 3
MAX_WAIT_S: Final = 30.0

_log: Final = structlog.get_logger(__name__)


class _Nothing:
    """Stands for ledger, layouts and memory: what is said to one person alone needs none of them."""

    def claim(self, ask_id: str, name: str, fence: int) -> Claim:
        return Claim()

    def confirm(self, ask_id: str, name: str, ts: str) -> None:
        return None

    def renew(self, ask_id: str, name: str, fence: int) -> None:
        return None

    def doubt(self, ask_id: str, name: str, fence: int) -> None:
        return None

    def release(self, ask_id: str, name: str, fence: int) -> None:
        return None

    def check(self, ask_id: str, fence: int) -> None:
        return None

    def is_plain(self, team: str, dress: Dress = "answer") -> bool:
        return True

    def mark_plain(self, team: str, dress: Dress = "answer") -> None:
        return None

    def get(self, kind: str, name: str) -> str | None:
        return None

    def put(self, kind: str, name: str, text: str) -> None:
        return None


class DirectAnswers:
    """Asks Slack who the person is each time, shows no progress, and answers only the asker."""

    def __init__(
        self,
        client: WebClient,
        rules: Rules,
        diagnose: Diagnose,
        *,
        slack_api_url: str,
        wait: Callable[[float], object],
    ) -> None:
        nothing = _Nothing()
        calls = SlackCalls(client, OwnBudget(), wait=wait)
        self._people = People(calls, nothing)
        self._thread = Thread(calls, nothing, nothing, slack_api_url=slack_api_url, observe=observed)
        self._wait = wait
        self._rules = rules
        self._diagnose = diagnose

    def __call__(self, ask: Ask) -> None:
        """Answers by the ask's response URL. Whatever fails is told there in one line."""
        with correlated(ask.correlation_id, ask_id=ask.id):
            try:
                message = self._message(ask)
            except Exception as error:  # noqa: BLE001 - the top of this piece of work; the person is told
                _log.exception("direct answer failed", error=type(error).__name__)
                message = views.failed(ask.correlation_id)
            if self._told(ask, message):
                _log.info("answered directly", kind=ask.kind)
            else:
                _log.error("direct answer not delivered")

    def _told(self, ask: Ask, message: views.Message) -> bool:
        for _ in range(MAX_TRIES):
            try:
                return self._thread.whisper(ask.origin, lambda _: message)
            except SlackLaterError as later:
                self._wait(min(later.after_s, MAX_WAIT_S))
        return False

    def _message(self, ask: Ask) -> views.Message:
        refusal = admission.refusal(self._people, self._rules, ask.question, ask.origin)
        if refusal is not None:
            return views.Message(refusal)
        outcome = self._diagnose(ask.question, lambda _: None)
        found = outcome.report if isinstance(outcome, Diagnosed) else outcome
        answer = self._rules.scopes.within(found, ask.origin.channel)
        return summary_view(answer, utc_now, None, plain=True)
