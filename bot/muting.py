"""Mutes: finds what is meant, mutes what its alarms are grouped by, and says so, then and when it ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog

from bot.account_shares import AccountFullError
from bot.clock import Now, utc_now
from bot.jobs import PutOffError, Send
from bot.patience import MAX_WAITS, room_again_s, too_slow
from bot.slack_side import SlackSide
from bot.store.asks import Asks
from bot.store.mutes import Mutes
from bot.store.wishes import Wishes
from bot.telemetry.logs import correlated
from diagnostics.engine import target_of
from diagnostics.locate.alarm_truth import watched_thing
from diagnostics.question import Ambiguous, Question, Refused, Unknown
from diagnostics.snapshot import Subject
from handlers import views
from handlers.ask import Ask, Origin
from handlers.commands import COMMAND
from handlers.mutes import Mute
from handlers.muting import MuteWish
from handlers.slack_calls import SlackLaterError, SlackRefusedError
from handlers.thread import UnreachableError
from handlers.views import Message

MAX_PUT_OFFS: Final = 40
LONGEST_DELAY_S: Final = 86_400.0
"""The queue delays a job for less than a week."""

Find = Callable[[Question], Subject | Ambiguous | Unknown | Refused]

_log: Final = structlog.get_logger(__name__)


class Muting:
    def __init__(
        self,
        *,
        wishes: Wishes[MuteWish],
        mutes: Mutes,
        asks: Asks,
        slack: SlackSide,
        find: Find,
        now: Now = utc_now,
    ) -> None:
        self._wishes = wishes
        self._mutes = mutes
        self._asks = asks
        self._slack = slack
        self._find = find
        self._now = now
        self._ends: Send | None = None

    def connect(self, ends: Send) -> None:
        """The job that tells of a mute's end. To be called once, before any job runs."""
        self._ends = ends

    def work(self, wish_id: str) -> None:
        """Does what somebody wishes. Raises `PutOffError`."""
        wish = self._wishes.get(wish_id)
        if wish is None:
            return
        with correlated(wish.correlation_id):
            try:
                self._do(wish)
            except SlackLaterError:
                if self._wishes.tries(wish_id) <= MAX_PUT_OFFS:
                    raise
                _log.error("wish to mute not told: Slack keeps asking for patience")
        self._wishes.done(wish_id)

    def end(self, mute_id: str) -> None:
        """Says what came while it was muted. Raises `PutOffError`."""
        mute = self._mutes.by_id(mute_id)
        if mute is None:
            return
        left_s = (mute.until - self._now()).total_seconds()
        if left_s > 0:
            raise PutOffError(min(left_s, LONGEST_DELAY_S))
        self._tell(mute, mute.id, "ended", views.mute_ended(mute))
        self._mutes.end(mute)

    def _do(self, wish: MuteWish) -> None:
        refused = self._slack.refusal(wish.question, wish.origin)
        if refused is not None:
            return self._whisper(wish.origin, Message(refused))
        if wish.question is None:
            muted = self._mutes.all_of(wish.origin.channel, self._now())
            return self._whisper(wish.origin, views.muted(muted, self._now()))
        found = self._found(wish, wish.question)
        if isinstance(found, Subject):
            outside = self._slack.rules.scopes.refusal_of_target(target_of(found), wish.origin.channel)
            if outside is not None:
                return self._whisper(wish.origin, views.refused(outside))
            return self._mute(wish, found) if wish.verb == "mute" else self._unmute(wish, found)
        return self._whisper(wish.origin, self._not_found(wish, found))

    def _found(self, wish: MuteWish, question: Question) -> Subject | Ambiguous | Unknown | Refused:
        try:
            return self._find(question)
        except AccountFullError as full:
            waits = self._wishes.tries(wish.id, "account")
            if waits <= MAX_WAITS:
                raise PutOffError(room_again_s(full, waits)) from full
            return Refused(message=too_slow(full))

    def _not_found(self, wish: MuteWish, found: Ambiguous | Unknown | Refused) -> Message:
        answer, command = self._slack.rules.scopes.within(found, wish.origin.channel), f"{COMMAND} {wish.verb}"
        match answer:
            case Ambiguous():
                return views.ambiguous(answer, command)
            case Unknown():
                return views.unknown(answer, command)
            case Refused():
                return views.refused(answer)
        raise TypeError(type(answer).__name__)

    def _mute(self, wish: MuteWish, subject: Subject) -> None:
        mute = Mute(
            id=wish.id,
            what=watched_thing(subject),
            label=label_of(subject),
            words=wish.question.words if wish.question else "",
            channel=wish.origin.channel,
            team=wish.origin.team,
            by=wish.origin.user,
            until=wish.at + timedelta(seconds=wish.seconds),
        )
        self._mutes.mute(mute, self._now())
        if self._ends is not None:
            self._ends(mute.id, min(max(0.0, (mute.until - self._now()).total_seconds()), LONGEST_DELAY_S))
        _log.info("muted", what=mute.what, until=mute.until.isoformat(), user=mute.by)
        self._tell_all(wish, mute, views.mute_begun(mute, wish.seconds, self._now()))

    def _unmute(self, wish: MuteWish, subject: Subject) -> None:
        mute = self._mutes.of(watched_thing(subject), wish.origin.channel, self._now())
        if mute is None:
            return self._whisper(wish.origin, views.not_muted(label_of(subject)))
        ended = self._mutes.end(mute) or mute
        _log.info("unmuted", what=mute.what, user=wish.origin.user)
        return self._tell_all(wish, ended, views.unmuted(ended, wish.origin.user))

    def _tell_all(self, wish: MuteWish, mute: Mute, message: Message) -> None:
        """The channel, since it concerns everybody in it; where that cannot be, the person."""
        if self._slack.is_private(mute.channel):
            return self._whisper(wish.origin, message)
        if not self._tell(mute, wish.id, wish.verb, message):
            self._whisper(wish.origin, message)
        return None

    def _tell(self, mute: Mute, wish_id: str, name: str, message: Message) -> bool:
        if self._slack.is_private(mute.channel):
            return False
        ask = Ask(
            id=f"mute-{wish_id}-{name}",
            correlation_id=f"c-{wish_id[-20:]}",
            kind="command",
            question=Question(words=mute.words),
            origin=Origin(team=mute.team, channel=mute.channel, user=mute.by),
            asked_at=self._now(),
        )
        self._asks.save(ask)
        try:
            self._slack.thread.post(ask, self._asks.begin(ask.id), name, lambda _: message, None)
        except (UnreachableError, SlackRefusedError) as error:
            _log.warning("mute not told", error=str(error))
            return False
        return True

    def _whisper(self, origin: Origin, message: Message) -> None:
        self._slack.thread.whisper(origin, lambda _: message)


def label_of(subject: Subject) -> str:
    """What is muted, in words: alarms are grouped by load balancer, whatever was typed."""
    if subject.load_balancers:
        return f"load balancer {subject.load_balancers[0].rpartition(':loadbalancer/')[2]}"
    return subject.label
