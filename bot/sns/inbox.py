"""What verified messages of SNS are about: alarms, for the channel of their topic, and ECS's events, for the memory."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Protocol

import structlog
from redis.exceptions import RedisError

from bot.sns.envelope import Envelope
from bot.sns.receiving import NotTakenError
from bot.store.task_memory import StoredTasks
from diagnostics.collect.ecs_events import stopped_task
from diagnostics.collect.task_memory import with_task
from handlers.alarm_formats import read
from handlers.alarms import AlarmDesk, news_by_sns
from handlers.ask import NotQueuedError

MAX_MESSAGE_CHARS: Final = 256 * 1024

_log: Final = structlog.get_logger(__name__)


class Now(Protocol):
    def __call__(self) -> datetime: ...


class SnsInbox:
    """Implements `bot.sns.receiving.Inbox`. `channels`: topic to channel."""

    def __init__(self, channels: Mapping[str, str], desk: AlarmDesk, tasks: StoredTasks, now: Now) -> None:
        self._channels = channels
        self._desk = desk
        self._tasks = tasks
        self._now = now

    def take(self, envelope: Envelope) -> bool:
        try:
            return self._take(envelope)
        except (NotQueuedError, RedisError) as error:
            raise NotTakenError(type(error).__name__) from error

    def _take(self, envelope: Envelope) -> bool:
        event = _object(envelope.message)
        found = stopped_task(event)
        if found is not None:
            service, task = found
            self._tasks.change(service, lambda known: with_task(known, task, self._now()))
            _log.info("stopped task noted", service=service)
            return True
        # The formats read what Slack has escaped; this text comes from SNS itself.
        said = {"bot_id": "sns", "ts": str(envelope.at.timestamp()), "text": html.escape(envelope.message, quote=False)}
        understood = read(said)
        post = understood.post if understood.action != "ignore" else None
        news = news_by_sns(post, envelope.id, self._channels[envelope.topic]) if post else None
        if news is None:
            _log.info("message of SNS left alone", reason=understood.why)
            return True
        return self._desk.take_alarm(news)


def _object(message: str) -> Mapping[str, Any]:
    try:
        found = json.loads(message[:MAX_MESSAGE_CHARS])
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
