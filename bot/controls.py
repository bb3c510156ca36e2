"""Works on clicks on controls: finds out who clicked and whether they may, has the control decide, and tells.

Whatever comes of a click is told: in the modal that it opened, else to the person alone. A failure has a name and a
reference that is in the log.
"""

from __future__ import annotations

from typing import Final

import structlog
from redis.exceptions import RedisError

from bot.clock import Now, utc_now
from bot.slack_side import SlackSide
from bot.store.control_clicks import ControlClicks
from bot.store.marks import Buttons
from bot.store.reports import Reports
from bot.telemetry.logs import correlated
from bot.telemetry.metrics import CLICKS
from handlers import admission
from handlers.actions import ELSEWHERE, EXPIRED
from handlers.ask import Refresh
from handlers.commands import COMMAND
from handlers.controls import catalogue
from handlers.controls.control import Click, ControlSpec, Outcome, Visit, Window
from handlers.controls.hands import Hands
from handlers.effects import SupersededError
from handlers.permission import must_be_private
from handlers.slack_calls import SlackLaterError
from handlers.views.blocks import Message
from handlers.views.escape import code, words
from handlers.views.modals import telling

MAX_PUT_OFFS: Final = 40
COUNTS_FOR_S: Final = 300.0
"""What was clicked longer ago does nothing any more: whoever clicked has gone on."""
ASK_AGAIN: Final = f"Ask again: `{COMMAND} TARGET`, or `@alb502 TARGET` in this thread."
WINDOW_EXPIRED: Final = "This window has expired. Press the button below the answer again."
FORGOTTEN: Final = f"The report behind this answer is forgotten. {ASK_AGAIN}"
SHARED: Final = "Another organisation reads this channel, so nothing is told or done here."
UNKNOWN: Final = "I cannot tell who reads this channel, so nothing is told or done here. Type `/invite @alb502` first."
FAILED: Final = "Something went wrong on my side; nothing may have been done. Press again"
MAX_LABEL: Final = 24
MAX_TEXT: Final = 600

_log: Final = structlog.get_logger(__name__)


class _RefusedError(Exception):
    """Why this click does nothing, in one line of mrkdwn."""


class Controls:
    def __init__(
        self,
        clicks: ControlClicks,
        buttons: Buttons,
        reports: Reports,
        slack: SlackSide,
        hands: Hands,
        now: Now = utc_now,
    ) -> None:
        self._clicks = clicks
        self._buttons = buttons
        self._reports = reports
        self._slack = slack
        self._hands = hands
        self._now = now

    def work(self, click_id: str) -> None:
        """One job: a click that was taken in. Raises `SlackLaterError`."""
        click = self._clicks.get(click_id)
        if click is None or self._clicks.is_done(click_id):
            return
        with correlated(click.correlation_id, control=click.control):
            _log.info("control", step=click.step, user=click.user, channel=click.channel)
            try:
                result = self._work(click)
            except SlackLaterError:
                if self._clicks.tries(click_id) <= MAX_PUT_OFFS:
                    raise
                _log.error("click not answered: Slack keeps asking for patience")
                result = "given up"
            CLICKS.labels(control=click.control, result=result).inc()
        self._clicks.done(click_id)

    def _work(self, click: Click) -> str:
        try:
            click = self._placed(click)
            outcome: Outcome = self._decide(click)
        except _RefusedError as refused:
            _log.info("refused", why=str(refused))
            self._tell(click, Message(_referred(str(refused), click)))
            return "refused"
        except (SlackLaterError, SupersededError, RedisError):
            raise
        except Exception as error:  # noqa: BLE001 - a control must not end in silence; the log has all of it
            _log.exception("control failed", error=type(error).__name__)
            self._tell(click, Message(_referred(FAILED, click)))
            return "failed"
        if isinstance(outcome, Window):
            self._slack.fill(click.view_id, outcome.view)
        elif outcome is not None:
            self._tell(click, outcome)
        return "done"

    def _placed(self, click: Click) -> Click:
        """What was submitted belongs where its modal was opened, and to the person who opened it."""
        if click.step == "pressed":
            return click
        opened = self._clicks.get(click.opened_by or "")
        if opened is None or (opened.user, opened.control) != (click.user, click.control):
            raise _RefusedError(WINDOW_EXPIRED)
        places = ("about", "channel", "message_ts", "thread_ts", "private", "response_url")
        return click.model_copy(update={name: getattr(opened, name) for name in places})

    def _decide(self, click: Click) -> Outcome:
        spec = catalogue().get(click.control)
        function = None if spec is None else spec.pressed if click.step == "pressed" else spec.submitted
        if spec is None or function is None:
            raise _RefusedError(EXPIRED)
        waited_s = (self._now() - click.at).total_seconds()
        if waited_s > COUNTS_FOR_S:
            raise _RefusedError(f"Your click waited {waited_s:,.0f} s in my queue, so nothing was done; press again")
        return function(self._visit(click, spec))

    def _visit(self, click: Click, spec: ControlSpec) -> Visit:
        about = self._buttons.get(click.about)
        if about is None or about.report is None:
            raise _RefusedError(EXPIRED)
        if click.channel != about.place.channel:
            raise _RefusedError(ELSEWHERE)
        self._admit(click, about, spec)
        report = self._reports.load(about.report)
        if report is None:
            raise _RefusedError(FORGOTTEN)
        outside = self._slack.rules.scopes.refusal_of_target(report.target, about.place.channel)
        if outside is not None:
            raise _RefusedError(words(outside.message, MAX_TEXT))
        return Visit(click=click, about=about, report=report, hands=self._hands, now=self._now())

    def _admit(self, click: Click, about: Refresh, spec: ControlSpec) -> None:
        """Slack is asked anew about the person and the channel: an answer of some minutes ago lets nobody in."""
        people, rules = self._slack.people.anew(), self._slack.rules
        refused = admission.refusal(people, rules, about.question, click.origin)
        if refused is not None:
            raise _RefusedError(refused)
        seen_by_others = not click.private or spec.reach == "elsewhere"
        channel = people.channel(about.place.channel)
        if seen_by_others and must_be_private(channel, rules):
            raise _RefusedError(SHARED if channel.known else UNKNOWN)

    def _tell(self, click: Click, message: Message) -> None:
        """In the modal if one is open, else to the person alone."""
        spec = catalogue().get(click.control)
        title = spec.label[:MAX_LABEL] if spec else "alb502"
        if self._slack.fill(click.view_id, telling(title, message, f"control-{click.control}")):
            return
        if not click.channel or not self._slack.thread.whisper(click.origin, lambda _: message):
            _log.warning("person not told", text=message.text)


def _referred(text: str, click: Click) -> str:
    return f"{text.rstrip('.')} (reference {code(click.correlation_id)})."
