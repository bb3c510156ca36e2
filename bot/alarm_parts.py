"""What works on alarms, put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from redis import Redis

from bot.alarm_crowd import AlarmCrowd
from bot.alarming import Alarming, AlarmJobs, AskAws
from bot.answering import Diagnose
from bot.jobs import Lane, Queue, Send
from bot.muting import Muting
from bot.pointing import Pointing
from bot.settings import Settings
from bot.slack_side import SlackSide
from bot.store.alarms import AlarmShelf
from bot.store.asks import Asks
from bot.store.incidents import Incidents
from bot.store.mutes import Mutes
from bot.store.wishes import Wishes
from handlers.alarms import AlarmNews, Listened
from handlers.muting import MuteWish
from handlers.pointing import Pointed


@dataclass(frozen=True, slots=True)
class AlarmWorks:
    """What jobs about alarms do."""

    alarming: Alarming
    pointing: Pointing
    muting: Muting
    redraw: Callable[[str], None]


class AlarmIntake:
    """Keeps and queues what comes in about alarms. What it takes survives the process. Raises `RedisError`."""

    def __init__(self, redis: Redis, lanes: Mapping[Queue, Lane], works: AlarmWorks | None = None) -> None:
        self._shelf, self._lane = AlarmShelf(redis), lanes["alarms"]
        self._crowd = AlarmCrowd(self._shelf, self._lane.waiting)
        self._pointed = Wishes(redis, Pointed)
        self._mutes = Wishes(redis, MuteWish)
        self._take = _alarm_jobs(lanes, works)
        people = lanes["people"]
        self._point = people.job("point", works.pointing.work if works else None)
        self._mute = people.job("mute", works.muting.work if works else None)
        if works is not None:
            works.pointing.connect(people.answer)
            works.muting.connect(people.job("mute-end", works.muting.end))

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
    settings: Settings,
    redis: Redis,
    slack: SlackSide,
    ask_aws: AskAws,
    diagnose: Diagnose,
    redraw: Callable[[str], None],
) -> AlarmWorks:
    """`redraw` edits the answer of an incident whose alarms have changed."""
    asks, incidents, mutes = Asks(redis), Incidents(redis), Mutes(redis)
    return AlarmWorks(
        alarming=Alarming(
            shelf=AlarmShelf(redis),
            asks=asks,
            incidents=incidents,
            mutes=mutes,
            slack=slack,
            ask_aws=ask_aws,
            diagnose=diagnose,
            pointers=settings.alarms.threshold_notes,
        ),
        pointing=Pointing(
            wishes=Wishes(redis, Pointed),
            asks=asks,
            incidents=incidents,
            slack=slack,
            ask_aws=ask_aws,
        ),
        muting=Muting(
            wishes=Wishes(redis, MuteWish),
            mutes=mutes,
            asks=asks,
            slack=slack,
            find=ask_aws.find,
        ),
        redraw=redraw,
    )


def listened(settings: Settings) -> Listened:
    return Listened(
        channels=frozenset(settings.alarms.channels),
        senders=frozenset(settings.alarms.senders),
        teams=frozenset(settings.slack.teams),
    )


def _alarm_jobs(lanes: Mapping[Queue, Lane], works: AlarmWorks | None) -> Send:
    """The jobs of alarms, in their own queues: a storm of them holds up no person's question, and what its first alarms
    need does not wait until the last is looked at. Gives what queues an alarm."""
    alarms, incidents = lanes["alarms"], lanes["incidents"]
    if works is None:
        return alarms.job("alarm")
    jobs = AlarmJobs(
        answer=incidents.answer,
        retell=incidents.job("retell", works.redraw),
        recheck=incidents.job("recheck", works.alarming.recheck),
        pointer=incidents.job("pointer", works.alarming.point),
    )
    works.alarming.connect(jobs)
    return alarms.job("alarm", works.alarming.take)
