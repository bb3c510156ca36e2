"""What is said of an answer while somebody watches it, and how that ended."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from diagnostics.report import Report
from handlers.views.alarms import spell
from handlers.views.blocks import Block, Message, Part, compose, context, in_a_section, parts_of
from handlers.views.escape import code, moment, person
from handlers.watches import CALM_LOOKS, Watch, is_calm

MAX_NAME: Final = 120
MORE: Final = "Press *Watch until recovery* to go on."


def with_watch(message: Message, watch: Watch, report: Report, now: datetime) -> Message:
    """The answer with a line above it that says who watches, until when, and when it was looked at last."""
    line = _line(watch, report, now)
    return compose(message.text, [Part(0, (line,)), *parts_of(message)])


def ended(watch: Watch, now: datetime) -> Message:
    """Said in the thread once: it has recovered, or nobody looks any more."""
    return in_a_section(_ended(watch, now))


def _line(watch: Watch, report: Report, now: datetime) -> Block:
    if not is_calm(report):
        until, asker = moment(watch.until, now), person(watch.origin.user)
        return context(f":eyes: Watched for {asker} until {until} at most · seen {moment(now, now)}")
    if watch.calm + 1 < CALM_LOOKS:
        return context(f":eyes: Nothing wrong at {moment(now, now)}; I look once more before I call it over.")
    return context(f":white_check_mark: *Recovered* · seen {moment(now, now)}")


def _ended(watch: Watch, now: datetime) -> str:
    name, asker = code(watch.label, MAX_NAME), person(watch.origin.user)
    watched = spell(now - watch.began_at)
    if watch.state == "recovered":
        since = f" since {moment(watch.calm_since, now)}" if watch.calm_since else ""
        return f":white_check_mark: {asker} {name} has recovered: nothing wrong{since}, after {watched} of watching."
    if watch.state == "blind":
        return f":warning: {asker} I stopped watching {name}: the last looks brought no report. {MORE}"
    return f":hourglass: {asker} {name} has not recovered within {watched}; I stopped watching. {MORE}"
