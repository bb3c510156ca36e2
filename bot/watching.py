"""Watches: a job that looks, judges what was seen, and puts itself back on the queue until it is over.

All that decides is in the store, so a watch goes on after a restart. A job that is delivered twice does nothing the
second time: each has a number, and only the one that the watch waits for may act.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from bot.clock import Now, utc_now
from bot.jobs import MIN_PUT_OFF_S, PutOffError, Send
from bot.store.asks import Asks
from bot.store.reports import Reports
from bot.store.watches import MAX_WATCHES, Watches
from bot.telemetry.logs import correlated
from diagnostics.question import Question
from diagnostics.report import Report
from handlers.ask import Ask, Origin, new_id
from handlers.controls.control import Visit
from handlers.slack_calls import SlackRefusedError
from handlers.thread import Thread, UnreachableError
from handlers.views.watching import ended
from handlers.watches import LONGEST, Watch, seen

JUDGE_AFTER: Final = timedelta(seconds=8)
"""A diagnosis takes a few seconds; one that takes longer is waited for."""
JUDGE_AGAIN_S: Final = 4.0
MAX_AWAITED: Final = 60
BETWEEN: Final = ":"
TOO_MANY: Final = f"{MAX_WATCHES} answers are watched already, so this one is not. Press Refresh to look again."
NOT_HERE: Final = "Only an answer that stands in a channel can be watched: this one is seen by you alone."

_log: Final = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WatchJobs:
    """The queue's jobs: `answer` a question, and the next `step` of a watch."""

    answer: Callable[[str], None]
    step: Send


class Watching:
    def __init__(
        self,
        watches: Watches,
        asks: Asks,
        reports: Reports,
        thread: Thread,
        is_private: Callable[[str], bool],
        now: Now = utc_now,
    ) -> None:
        """`is_private`: of which channel nothing is told in it any more, since another organisation reads it."""
        self._watches = watches
        self._asks = asks
        self._reports = reports
        self._thread = thread
        self._is_private = is_private
        self._now = now
        self._jobs: WatchJobs | None = None

    def connect(self, jobs: WatchJobs) -> None:
        """To be called once, before any job runs."""
        self._jobs = jobs

    def begin(self, visit: Visit) -> tuple[Watch, bool] | str:
        """The watch over the message of this click, and whether it is new; a line when there can be none."""
        click, place = visit.click, visit.about.place
        if click.private or place.private or click.message_ts is None or self._jobs is None:
            return NOT_HERE
        fresh = Watch(
            id=new_id("watch"),
            label=visit.report.target.label,
            question=_open_ended(visit.about.question),
            origin=Origin(team=click.team, channel=place.channel, user=click.user, thread_ts=click.thread_ts),
            place=place.model_copy(update={"reply_ts": click.message_ts}),
            began_at=visit.now,
            until=visit.now + LONGEST,
        )
        begun = self._watches.begin(fresh, visit.now)
        if begun is None:
            return TOO_MANY
        if begun[1]:
            _log.info("watch begun", watch=fresh.id, user=click.user)
            self._jobs.step(_step_of(fresh))
        return begun

    def step(self, about: str) -> None:
        """One job: looks, or judges the last look. Raises `PutOffError`, `SlackLaterError`."""
        watch_id, _, number = about.rpartition(BETWEEN)
        watch = self._watches.by_id(watch_id)
        if watch is None or self._jobs is None:
            return
        if number == str(watch.step + 1):
            raise PutOffError(MIN_PUT_OFF_S)  # whoever queued this one has not noted it yet
        if number != str(watch.step):
            return
        with correlated(f"c-{watch.id[-20:]}", watch=watch.id):
            if watch.state != "on":
                self._close(watch, self._jobs)
            elif watch.look is None:
                self._look(watch, self._jobs)
            else:
                self._judge(watch, watch.look, self._jobs)

    def _look(self, watch: Watch, jobs: WatchJobs) -> None:
        ask = self._ask(watch)
        self._asks.save(ask)
        jobs.answer(ask.id)
        self._go_on(watch, watch.model_copy(update={"look": ask.id}), JUDGE_AFTER, jobs)

    def _judge(self, watch: Watch, look: str, jobs: WatchJobs) -> None:
        answer_id = self._asks.answer_id(look)
        if answer_id is None and not self._asks.is_finished(look) and self._asks.awaited(look) <= MAX_AWAITED:
            raise PutOffError(JUDGE_AGAIN_S)
        kept = self._reports.answer(answer_id) if answer_id is not None else None
        report = kept[0] if kept is not None and isinstance(kept[0], Report) else None
        judged = seen(watch, report, self._now()).model_copy(update={"look": None})
        pause = timedelta(0) if judged.state != "on" else watch.pause - JUDGE_AFTER
        self._go_on(watch, judged, pause, jobs)

    def _close(self, watch: Watch, jobs: WatchJobs) -> None:
        """Tells the thread, and has the message say no more that it is watched."""
        ask = self._ask(watch)
        self._asks.save(ask)
        if not self._is_private(watch.place.channel):
            self._tell(ask, watch)
        self._watches.end(watch)
        _log.info("watch ended", state=watch.state)
        if watch.state != "recovered":
            jobs.answer(ask.id)

    def _tell(self, ask: Ask, watch: Watch) -> None:
        fence, thread_ts = self._asks.begin(ask.id), watch.origin.thread_ts
        try:
            self._thread.post(ask, fence, "watch-ended", lambda _: ended(watch, self._now()), thread_ts)
        except (UnreachableError, SlackRefusedError) as error:
            _log.warning("end of a watch not told", error=str(error))

    def _go_on(self, before: Watch, after: Watch, pause: timedelta, jobs: WatchJobs) -> None:
        """The next job is queued first: whoever dies in between leaves it waiting, and this one is delivered again."""
        after = after.model_copy(update={"step": before.step + 1})
        jobs.step(_step_of(after), pause.total_seconds())
        self._watches.step(before, after)

    def _ask(self, watch: Watch) -> Ask:
        """One look, named after its step, so that a second delivery is the same question."""
        return Ask(
            id=f"{watch.id}-{watch.step}",
            correlation_id=f"c-{watch.id[-20:]}",
            kind="watch",
            question=watch.question,
            origin=watch.origin,
            asked_at=self._now(),
            place=watch.place,
        )


def _open_ended(question: Question) -> Question:
    """A time that has ended shows no recovery."""
    return question.model_copy(update={"start": None, "end": None, "refresh": False})


def _step_of(watch: Watch) -> str:
    return f"{watch.id}{BETWEEN}{watch.step}"
