"""What works on alarms, put together."""

from __future__ import annotations

from redis import Redis

from bot.alarming import Alarming, AlarmJobs, AskAws
from bot.answering import Answering, Diagnose
from bot.jobs import Lane, Send
from bot.settings import Settings
from bot.store.alarms import AlarmShelf
from bot.store.asks import Asks
from bot.store.incidents import Incidents, Mutes
from handlers.alarms import Listened
from handlers.thread import Thread


def alarming(
    settings: Settings, redis: Redis, thread: Thread, ask_aws: AskAws | None, diagnose: Diagnose
) -> Alarming | None:
    """None where AWS cannot be asked."""
    if ask_aws is None:
        return None
    return Alarming(
        shelf=AlarmShelf(redis),
        asks=Asks(redis),
        incidents=Incidents(redis),
        mutes=Mutes(redis),
        thread=thread,
        ask_aws=ask_aws,
        diagnose=diagnose,
        pointers=settings.alarms.threshold_notes,
    )


def alarm_jobs(lane: Lane, works: Alarming | None, answers: Answering | None) -> Send:
    """The jobs of alarms, in their own queue: a storm of them holds up no person's question. Gives what queues one."""
    take = lane.job("alarm", works.take if works else _nowhere)
    retell = lane.job("retell", answers.redraw if answers else _nowhere)
    recheck = lane.job("recheck", works.recheck if works else _nowhere)
    if works is not None:
        works.connect(AlarmJobs(answer=lane.answer, retell=retell, recheck=recheck))
    return take


def listened(settings: Settings) -> Listened:
    return Listened(channels=frozenset(settings.alarms.channels), senders=frozenset(settings.alarms.senders))


def _nowhere(_: str) -> None:
    """In a process that only takes requests no job runs."""
