"""What AWS says of an alarm that was posted, or of the load balancer that a monitor of another tool names."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Final

from diagnostics.aws_access import AwsAccess
from diagnostics.locate import Nickname, Room, ServiceIndex, locate
from diagnostics.locate.alarm_truth import KnownAlarm, NotOurs, alarm_truth, watched_thing
from diagnostics.locate.known_services import service_among
from diagnostics.question import Ambiguous, Question, Refused, Unknown
from diagnostics.snapshot import Subject
from handlers.alarms import AlarmNews

BUDGET_S: Final = 15.0


class AlarmsInAws:
    """Implements `bot.alarming.AskAws`."""

    def __init__(
        self,
        access: AwsAccess,
        index: ServiceIndex | None,
        nicknames: Mapping[str, Nickname],
        room: Room = lambda _: nullcontext(),
    ) -> None:
        self._access = access
        self._room = room
        self._index = index
        self._nicknames = nicknames

    def __call__(self, news: AlarmNews) -> KnownAlarm | NotOurs:
        """Never raises for what AWS does. What `room` raises ends it."""
        if news.alarm is None:
            return self._of_monitor(news)
        with self._room((news.account,) if news.account is not None else ()):
            return self._of_alarm(news, news.alarm)

    def _of_alarm(self, news: AlarmNews, name: str) -> KnownAlarm | NotOurs:
        return alarm_truth(
            name,
            self._access,
            account=news.account,
            region=news.region,
            state=news.state,
            at=news.at,
            index=self._index,
            nicknames=self._nicknames,
            budget_s=BUDGET_S,
        )

    def find(self, question: Question) -> Subject | Ambiguous | Unknown | Refused:
        """What a person's words mean. Never raises for what AWS does."""
        return locate(
            question,
            self._access,
            index=self._index,
            nicknames=self._nicknames,
            budget_s=BUDGET_S,
            room=self._room,
        ).outcome

    def _of_monitor(self, news: AlarmNews) -> KnownAlarm | NotOurs:
        """The load balancer, target group or service has to exist: nothing else proves such a post."""
        question = self._named_by(news)
        if question is None:
            return NotOurs("it names nothing that is known here")
        found, words = self.find(question), question.words
        if isinstance(found, Subject):
            return KnownAlarm(
                name=f"{news.format}: {news.title or words}",
                account=found.account,
                region=found.region,
                state=news.state,
                changed_at=None,
                watches=watched_thing(found),
                words=words,
                subject=found,
            )
        if isinstance(found, Refused):
            return NotOurs(found.message, unread=bool(found.gaps))
        gaps = () if isinstance(found, Ambiguous) else found.gaps
        return NotOurs("what it names is not one thing that exists here", unread=bool(gaps))

    def _named_by(self, news: AlarmNews) -> Question | None:
        words = news.target_group or news.load_balancer
        if words is not None:
            return Question(words=words, account=news.account, region=news.region)
        return service_among(
            news.words,
            self._access,
            index=self._index,
            nicknames=self._nicknames,
            account=news.account,
            region=news.region,
            budget_s=BUDGET_S,
        )
