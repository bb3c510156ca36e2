"""What stands below and above answers in Slack besides their words: choices, watches; and what Home tells of them."""

from __future__ import annotations

from typing import Final

from bot.clock import Now, utc_now
from bot.mended_answers import Mends
from bot.store.marks import Buttons
from bot.store.recent import Recent, RecentAnswers
from bot.store.watches import Watches
from diagnostics.digest import digest
from diagnostics.question import Ambiguous, Unknown
from diagnostics.report import Report
from handlers.ask import Answer, Ask, Place, Refresh, new_id
from handlers.thread import Draw
from handlers.views.watching import with_watch

MAX_CHOICES: Final = 20
QUIET: Final = frozenset({"well", "unread"})


class BelowAnswers:
    def __init__(
        self, buttons: Buttons, watches: Watches, recent: RecentAnswers, mends: Mends, now: Now = utc_now
    ) -> None:
        self._buttons = buttons
        self._watches = watches
        self._recent = recent
        self._mends = mends
        self._now = now

    def choices(self, answer: Answer, ask: Ask, place: Place) -> tuple[str, ...]:
        """An id for each thing that the words of a question can mean."""
        candidates = answer.candidates if isinstance(answer, Ambiguous) else ()
        candidates = answer.nearest if isinstance(answer, Unknown) else candidates
        ids = []
        for one in candidates[:MAX_CHOICES]:
            meant = {"words": one.words, "account": one.account_name or one.account, "region": one.region}
            ids.append(new_id("b"))
            self._buttons.put(ids[-1], Refresh(question=ask.question.model_copy(update=meant), place=place))
        return tuple(ids)

    def above(self, drawn: Draw, place: Place, answer: Answer) -> Draw:
        """The answer, or its headline, with the fix that has ended what it tells of."""
        return self._mends.above(drawn, place, answer)

    def watched(self, summary: Draw, place: Place, answer: Answer) -> Draw:
        """The answer with what is said of it while somebody watches it."""
        watch = self._watches.of(place) if isinstance(answer, Report) and place.reply_ts else None
        if watch is None or watch.state != "on" or not isinstance(answer, Report):
            return summary
        return lambda plain: with_watch(summary(plain), watch, answer, self._now())

    def stands(self, ask: Ask, place: Place, answer: Answer) -> None:
        """People see the answer."""
        self._mends.stands(ask, place, answer)
        if not isinstance(answer, Report) or place.private or (mood := digest(answer).mood) in QUIET:
            return
        self._recent.add(
            Recent(
                report=answer.id,
                label=answer.target.label,
                headline=answer.headline,
                mood=mood,
                at=answer.made_at,
                channel=ask.origin.channel,
                ts=place.parent_ts or place.reply_ts,
                user=ask.origin.user,
            )
        )
