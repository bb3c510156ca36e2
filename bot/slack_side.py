"""Slack as all work on answers, alarms and clicks sees it: how people are reached, and what is known of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog
from redis import Redis
from slack_sdk import WebClient

from bot.settings import Settings
from bot.store.budget import Budget
from bot.store.connection import Wait
from bot.store.effects import Effects
from bot.store.marks import Layouts, Lookups
from bot.telemetry.metrics import SLACK_RETRIES
from bot.telemetry.slack import observed
from diagnostics.question import Question
from handlers import admission
from handlers.ask import Origin
from handlers.people import People
from handlers.permission import Rules, must_be_private
from handlers.slack_calls import SlackCalls, SlackRefusedError
from handlers.thread import Thread

_log: Final = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SlackSide:
    """Everything here may raise `SlackLaterError`."""

    thread: Thread
    calls: SlackCalls
    people: People
    rules: Rules

    def refusal(self, question: Question | None, origin: Origin) -> str | None:
        """One line of mrkdwn if this person may not ask this in this channel, else None."""
        return admission.refusal(self.people, self.rules, question, origin)

    def is_private(self, channel: str) -> bool:
        """Whether nothing may be told there for all to read: another organisation reads along, or may."""
        return must_be_private(self.people.channel(channel), self.rules)

    def fill(self, view_id: str | None, view: Mapping[str, Any]) -> bool:
        """Shows this in a modal that is open. False where there is none, or none any more."""
        if view_id is None:
            return False
        try:
            self.calls.write("views.update", "", {"view_id": view_id, "view": view}, repeatable=True)
        except SlackRefusedError as error:
            _log.info("modal not filled", error=str(error))
            return False
        return True


def slack_side(settings: Settings, redis: Redis, client: WebClient, rules: Rules, wait: Wait) -> SlackSide:
    """Within one budget for all replicas."""
    calls = SlackCalls(client, Budget(redis), wait=wait, again=lambda method: SLACK_RETRIES.labels(method=method).inc())
    thread = Thread(calls, Effects(redis), Layouts(redis), slack_api_url=settings.slack_api_url, observe=observed)
    return SlackSide(thread, calls, People(calls, Lookups(redis)), rules)
