"""What controls have done: posts, mutes, watches, what people say of answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import structlog

from bot.cli.drawing import markdown
from bot.slack_side import SlackSide
from bot.store.asks import Asks
from bot.store.control_clicks import ControlClicks
from bot.store.feedback import StoredFeedback
from bot.store.keys import digest
from bot.telemetry.metrics import FEEDBACK
from bot.watching import Watching
from diagnostics.question import Question
from diagnostics.report import Report
from handlers.ask import Ask, Origin
from handlers.controls.control import Visit
from handlers.controls.hands import Posted
from handlers.feedback import Feedback
from handlers.muting import MuteWish
from handlers.permission import must_be_private
from handlers.slack_calls import SlackRefusedError
from handlers.thread import Draw, UnreachableError
from handlers.watches import Watch

NO_ALARMS: Final = "This bot does not look at alarms, so there are none to mute."
PRIVATE_MUTE: Final = "Mute it with `/alb502 mute TARGET 2h` in the channel that its alarms are posted in."
NOT_SEEN: Final = "I cannot look at that channel. Type `/invite @alb502` there, then share again."
SHARED: Final = "another organisation reads that channel."
NOT_A_MEMBER: Final = "that channel is private and you are not in it."

_log: Final = structlog.get_logger(__name__)


class BotHands:
    """Implements `handlers.controls.hands.Hands`. `mute` None: nobody could work on it."""

    def __init__(
        self,
        slack: SlackSide,
        asks: Asks,
        clicks: ControlClicks,
        feedback: StoredFeedback,
        watching: Watching,
        mute: Callable[[MuteWish], None] | None,
    ) -> None:
        self._slack = slack
        self._asks = asks
        self._clicks = clicks
        self._feedback = feedback
        self._watching = watching
        self._mute = mute

    def watch(self, visit: Visit) -> tuple[Watch, bool] | str:
        return self._watching.begin(visit)

    def mute(self, visit: Visit, seconds: int) -> str | None:
        if self._mute is None:
            return NO_ALARMS
        if visit.about.place.private:
            return PRIVATE_MUTE
        asked, click = visit.about.question, visit.click
        self._mute(
            MuteWish(
                id=f"mute-{click.id}",
                correlation_id=click.correlation_id,
                verb="mute",
                origin=Origin(team=click.team, channel=click.channel, user=click.user, thread_ts=click.thread_ts),
                at=click.at,
                question=Question(words=asked.words, account=asked.account, region=asked.region),
                seconds=seconds,
            )
        )
        return None

    def keep(self, feedback: Feedback) -> bool:
        is_new = self._feedback.keep(feedback)
        FEEDBACK.labels(verdict=feedback.verdict).inc()
        said = feedback.model_dump(mode="json", include={"report", "verdict", "user", "named", "real"})
        _log.info("feedback", is_new=is_new, **said)
        return is_new

    def why_not_told(self, visit: Visit, channel: str) -> str | None:
        people, rules, report = self._slack.people.anew(), self._slack.rules, visit.report
        found = people.channel(channel)
        if not found.known:
            return NOT_SEEN
        if must_be_private(found, rules):
            return SHARED
        if found.private and not people.is_in(visit.click.user, channel):
            return NOT_A_MEMBER
        refused = rules.scopes.refusal_of_target(report.target, channel)
        return rules.scopes.refusal(visit.about.question, channel) or (refused.message if refused else None)

    def post(self, visit: Visit, name: str, draw: Draw, channel: str | None = None) -> Posted:
        place, click = visit.about.place, visit.click
        there = channel or place.channel
        ask = Ask(
            id=f"{name}-{digest(visit.report.id, there, click.thread_ts or '')[:20]}",
            correlation_id=click.correlation_id,
            kind="command",
            question=visit.about.question,
            origin=Origin(team=click.team, channel=there, user=click.user),
            asked_at=visit.now,
        )
        self._asks.save(ask)
        if self._asks.is_finished(ask.id) or not self._clicks.claim(ask.id, click.id):
            return "known"
        thread_ts = click.thread_ts if channel is None else None
        try:
            self._slack.thread.post(ask, self._asks.begin(ask.id), name, draw, thread_ts)
        except (UnreachableError, SlackRefusedError) as error:
            _log.warning("not posted", control=name, error=str(error))
            return "unreachable"
        self._asks.finish(ask.id)
        return "posted"

    def address(self, visit: Visit) -> str | None:
        ts = visit.about.place.parent_ts or visit.click.message_ts
        return self._slack.thread.permalink(visit.about.place.channel, ts) if ts else None

    def markdown(self, report: Report) -> str:
        return markdown.post_mortem(report)
