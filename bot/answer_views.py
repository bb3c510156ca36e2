"""An answer as a message: which view draws it, and what its examples begin with. Pure, but for the reference
of what is being worked on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from bot.clock import Now
from diagnostics.question import Ambiguous, Refused, Unknown
from diagnostics.reference import REFERENCE
from diagnostics.report import Report
from handlers import views
from handlers.ask import Answer, Ask, Place
from handlers.commands import COMMAND
from handlers.mentions import MENTION
from handlers.thread import Draw
from handlers.views.controls import controls
from handlers.views.escape import code


def summary_view(
    answer: Answer,
    now: Now,
    facts_at: datetime | None,
    plain: bool,
    *,
    refresh: str | None = None,
    command: str = COMMAND,
    fix_ids: Mapping[str, str] = MappingProxyType({}),
    choices: Sequence[str] = (),
) -> views.Message:
    """The answer as a message. `now` is asked when it is drawn: how old its facts are changes while it waits for its
    turn. `command` is what the examples in it begin with, `choices` the ids behind what the words can mean."""
    match answer:
        case Report():
            at = now()
            age_s = None if facts_at is None else max(0.0, (at - facts_at).total_seconds())
            buttons = views.fix_buttons(answer, fix_ids)
            below = controls(answer, refresh) if refresh else ()
            return views.summary(
                answer, now=at, age_s=age_s, plain=plain, refresh=refresh, fixes=buttons, controls=below
            )
        case Ambiguous():
            return views.ambiguous(answer, command, choices)
        case Unknown():
            return views.unknown(answer, command, choices)
        case Refused():
            return views.refused(answer, REFERENCE.get())


def headline_of(answer: Answer, ask: Ask) -> views.Message:
    if isinstance(answer, Report):
        return views.parent_headline(answer, ask.origin.user)
    return views.parent_without_report(ask.origin.user, ask.question.words, answer)


def command_for(place: Place) -> str:
    """What asks again where the answer stands: Slack takes no slash command in a thread.

    Source: https://docs.slack.dev/interactivity/implementing-slash-commands
    """
    answers_a_mention = place.parent_ts is None and not place.private
    return MENTION if answers_a_mention else COMMAND


def said(text: str) -> Draw:
    return lambda _: views.Message(text)


def refused_to(ask: Ask, refusal: str) -> Draw:
    """Why this was not answered. Of a click it is said with the reference that is in the log."""
    clicked = ask.kind == "refresh"
    return said(f"{refusal.rstrip('.')} (reference {code(ask.correlation_id)})." if clicked else refusal)
