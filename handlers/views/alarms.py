"""What an alarm's thread shows besides the answer: the alarms of the incident, pointers, and how it ended."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from diagnostics.locate.seen import Where
from handlers.incidents import AlarmRow, Incident
from handlers.mutes import Mute
from handlers.views.blocks import Block, Message, Part, compose, context, in_a_section, parts_of, section
from handlers.views.escape import code, link, moment, person, words

MAX_LISTED: Final = 12
MAX_NAME: Final = 120
MAX_WHAT: Final = 220
MAX_PLACES: Final = 5
FIRST: Final = "the thread of the first alarm"
MAX_COMMAND: Final = 400


def pointer(incident: Incident, permalink: str | None) -> Message:
    """Under the post of a later alarm: where the answer stands."""
    there = (link(permalink, FIRST) if permalink else None) or FIRST
    count = f"{incident.count} alarms so far" if incident.count > 1 else "one alarm so far"
    text = f"Same load balancer as another alarm: the diagnosis is in {there} ({count})."
    return Message(text=text, blocks=(context(text),))


def announced(name: str, region: str | None, at: datetime, now: datetime) -> Message:
    """The line of an alarm that nobody else posts: it came by SNS."""
    where = f" in {code(region)}" if region else ""
    return in_a_section(f":rotating_light: Alarm {code(name, MAX_NAME)}{where} since {moment(at, now)}")


def which_alarm(name: str, places: Sequence[Where]) -> Message:
    """Under a post that does not say which of several alarms of one name it is about."""
    head = f"{len(places)} accounts or regions have an alarm called {code(name, MAX_NAME)}. Ask for one:"
    asked = [f"{shlex.quote(name)} in {one.account_name or one.account} region {one.region}" for one in places]
    lines = [f"• {code(f'@alb502 {words_}', MAX_COMMAND)}" for words_ in asked[:MAX_PLACES]]
    more = [f"_and {len(places) - MAX_PLACES} more_"] if len(places) > MAX_PLACES else []
    return in_a_section("\n".join([head, *lines, *more]))


def the_thread(permalink: str | None) -> str:
    """Where an answer stands; without an address it is the thread where it is said."""
    return (link(permalink, FIRST) if permalink else None) or "this thread"


def not_an_alarm_of_ours(name: str, why: str) -> Message:
    """For somebody who points at an alarm that leads nowhere."""
    named = f"{code(name, MAX_NAME)}: " if name else ""
    return in_a_section(f"There is nothing to diagnose. {named}{words(why, MAX_WHAT)}.")


def mute_begun(mute: Mute, seconds: int, now: datetime) -> Message:
    """Said in the channel: who will hear nothing of what, until when, and how to end it."""
    until = f"until {moment(mute.until, now)} ({spell(timedelta(seconds=seconds))})"
    return in_a_section(
        f":no_bell: {person(mute.by)} has muted the alarms of {code(mute.label, MAX_NAME)} in this channel {until}. "
        f"They are counted meanwhile; {code(f'/alb502 unmute {mute.words}', MAX_WHAT)} ends it."
    )


def unmuted(mute: Mute, by: str) -> Message:
    return in_a_section(
        f":bell: {person(by)} has unmuted the alarms of {code(mute.label, MAX_NAME)}: {_counted(mute)}."
    )


def mute_ended(mute: Mute) -> Message:
    return in_a_section(
        f":bell: The alarms of {code(mute.label, MAX_NAME)} are told again; {person(mute.by)} had muted them: "
        f"{_counted(mute)}."
    )


def not_muted(label: str) -> Message:
    return in_a_section(f"The alarms of {code(label, MAX_NAME)} are not muted in this channel.")


def muted(mutes: Sequence[Mute], now: datetime) -> Message:
    """What is muted in a channel, by whom, until when, and what came meanwhile."""
    if not mutes:
        return Message("Nothing is muted in this channel. `/alb502 mute TARGET 2h` mutes alarms.")
    lines = [
        f"• {code(one.label, MAX_NAME)} until {moment(one.until, now)} by {person(one.by)}: {_counted(one)}"
        for one in mutes[:MAX_LISTED]
    ]
    more = [f"_and {len(mutes) - MAX_LISTED} more_"] if len(mutes) > MAX_LISTED else []
    return in_a_section("\n".join(["*Muted in this channel*", *lines, *more]))


def _counted(mute: Mute) -> str:
    return {0: "no alarm came", 1: "one alarm came"}.get(mute.count, f"{mute.count} alarms came")


def with_incident(message: Message, incident: Incident, now: datetime) -> Message:
    """The answer with its alarms below it, and above it that it is over, once it is."""
    above = tuple(_ended(incident, now))
    below = tuple(_table(incident, now))
    text = "\n".join([*(_words_of(block) for block in above), message.text])
    return compose(text, [Part(0, above), *parts_of(message), Part(1, below, "the alarms of this incident")])


def _ended(incident: Incident, now: datetime) -> Iterable[Block]:
    if incident.closed_at is None:
        return
    later = spell(incident.closed_at - incident.opened_at)
    after = f" · {words(incident.ended_after, MAX_WHAT)}" if incident.ended_after else ""
    yield section(
        f":white_check_mark: *Recovered at {moment(incident.closed_at, now)}, {later} after the first alarm*{after}"
    )


def _table(incident: Incident, now: datetime) -> Iterable[Block]:
    if incident.count < 2:
        return
    rows = sorted(incident.rows, key=lambda row: row.last_at, reverse=True)
    lines = [_line(row, now) for row in rows[:MAX_LISTED]]
    left_out = len(rows) - len(lines) + incident.more_rows
    more = [f"_showing {len(lines)} of {len(lines) + left_out} alarms_"] if left_out else []
    yield context("\n".join(["*Alarms of this incident*", *lines, *more]))


def _line(row: AlarmRow, now: datetime) -> str:
    times = f", {row.count} times" if row.count > 1 else ""
    state = "in ALARM since" if row.state == "ALARM" else "OK since"
    return f"{code(row.name, MAX_NAME)}{times}: {state} {moment(row.last_at, now)}"


def spell(span: timedelta) -> str:
    """``40 s``, ``19 min``, ``2 h 5 min``, ``2 h``."""
    seconds = max(0, int(span.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    hours, minutes = divmod(seconds // 60, 60)
    return " ".join(f"{number} {unit}" for number, unit in ((hours, "h"), (minutes, "min")) if number)


def _words_of(block: Block) -> str:
    return str(block["text"]["text"])
