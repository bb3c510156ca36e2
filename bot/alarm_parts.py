"""What works on alarms, put together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from redis import Redis

from bot.alarm_crowd import AlarmCrowd
from bot.alarming import Alarming, AlarmJobs, AskAws
from bot.answering import Answering, Diagnose
from bot.fix_clicks import Slack
from bot.jobs import Lane, Queue, Send
from bot.muting import Muting
from bot.pointing import Pointing, heads_of
from bot.settings import Settings
from bot.store.alarms import AlarmShelf
from bot.store.asks import Asks
from bot.store.incidents import Incidents
from bot.store.mutes import Mutes
from bot.store.wishes import Wishes
from handlers import admission
from handlers.alarms import AlarmNews, Listened
from handlers.muting import MuteWish
from handlers.pointing import Pointed


@dataclass(frozen=True, slots=True)
class AlarmWorks:
    """What jobs about alarms do."""

    alarming: Alarming
    pointing: Pointing
    muting: Muting


class AlarmIntake:
    """Keeps and queues what comes in about alarms. What it takes survives the process. Raises `RedisError`."""

    def __init__(
        self, redis: Redis, lanes: Mapping[Queue, Lane], works: AlarmWorks | None, answers: Answering | None
    ) -> None:
        self._shelf, self._lane = AlarmShelf(redis), lanes["alarms"]
        self._crowd = AlarmCrowd(self._shelf, self._lane.waiting)
        self._pointed = Wishes(redis, Pointed)
        self._mutes = Wishes(redis, MuteWish)
        self._take = _alarm_jobs(lanes, works.alarming if works else None, answers)
        people = lanes["people"]
        self._point = people.job("point", works.pointing.work if works else _nowhere)
        self._mute = people.job("mute", works.muting.work if works else _nowhere)
        ends = people.job("mute-end", works.muting.end if works else _nowhere)
        if works is not None:
            works.pointing.connect(people.answer)
            works.muting.connect(ends)

    def take(self, news: AlarmNews) -> bool:
        """False if it was kept before, or the same waits already. What was kept before is queued again, since whoever
        kept it may have died before. Raises `NotQueuedError` when too many wait."""
        if not self._crowd.has_room_for(news):
            return False
        return bool(self._lane.kept_and_queued(self._shelf.putting(news), lambda: self._take(news.id)))

    def point(self, pointed: Pointed) -> None:
        self._pointed.put(pointed.id, pointed)
        self._point(pointed.id)

    def mute(self, wish: MuteWish) -> None:
        self._mutes.put(wish.id, wish)
        self._mute(wish.id)


def alarm_works(
    settings: Settings, redis: Redis, slack: Slack, ask_aws: AskAws | None, diagnose: Diagnose
) -> AlarmWorks | None:
    """None where AWS cannot be asked."""
    if ask_aws is None:
        return None
    asks, incidents, mutes = Asks(redis), Incidents(redis), Mutes(redis)
    return AlarmWorks(
        alarming=Alarming(
            shelf=AlarmShelf(redis),
            asks=asks,
            incidents=incidents,
            mutes=mutes,
            thread=slack.thread,
            ask_aws=ask_aws,
            diagnose=diagnose,
            why_not_told=partial(admission.why_not_told, slack.people, slack.rules),
            pointers=settings.alarms.threshold_notes,
        ),
        pointing=Pointing(
            wishes=Wishes(redis, Pointed),
            asks=asks,
            incidents=incidents,
            thread=slack.thread,
            people=slack.people,
            rules=slack.rules,
            head=heads_of(slack.calls.read),
            ask_aws=ask_aws,
        ),
        muting=Muting(
            wishes=Wishes(redis, MuteWish),
            mutes=mutes,
            asks=asks,
            thread=slack.thread,
            people=slack.people,
            rules=slack.rules,
            find=ask_aws.find,
        ),
    )


def listened(settings: Settings) -> Listened:
    return Listened(
        channels=frozenset(settings.alarms.channels),
        senders=frozenset(settings.alarms.senders),
        teams=frozenset(settings.slack.teams),
    )


def _alarm_jobs(lanes: Mapping[Queue, Lane], works: Alarming | None, answers: Answering | None) -> Send:
    """The jobs of alarms, in their own queues: a storm of them holds up no person's question, and what its first alarms
    need does not wait until the last is looked at. Gives what queues an alarm."""
    alarms, incidents = lanes["alarms"], lanes["incidents"]
    take = alarms.job("alarm", works.take if works else _nowhere)
    retell = incidents.job("retell", answers.redraw if answers else _nowhere)
    recheck = incidents.job("recheck", works.recheck if works else _nowhere)
    pointer = incidents.job("pointer", works.point if works else _nowhere)
    if works is not None:
        works.connect(AlarmJobs(answer=incidents.answer, retell=retell, recheck=recheck, pointer=pointer))
    return take


def _nowhere(_: str) -> None:
    """In a process that only takes requests no job runs."""
