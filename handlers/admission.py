"""Whether somebody may ask this here: what Slack says of the person and the channel, held against the settings."""

from __future__ import annotations

from typing import Final

from diagnostics.engine import target_of
from diagnostics.question import Question
from diagnostics.snapshot import Subject
from handlers.ask import Origin
from handlers.people import People
from handlers.permission import Rules, must_be_private, refusal_of_person
from handlers.slack_calls import SlackRefusedError

UNKNOWN_PERSON: Final = "Slack does not tell me who you are, so I cannot answer you."
SHARED: Final = "another organisation reads the channel, or may for all that is known"
OUTSIDE: Final = "it is outside the channel's scope"


def refusal(people: People, rules: Rules, question: Question | None, origin: Origin) -> str | None:
    """One line of mrkdwn if this person may not ask this in this channel, else None. Raises `SlackLaterError`."""
    try:
        person = people.person(origin.user)
    except SlackRefusedError:
        return UNKNOWN_PERSON
    groups = people.groups_of(person.id, rules.ask_groups)
    refused = refusal_of_person(person, groups, rules)
    return refused or (rules.scopes.refusal(question, origin.channel) if question is not None else None)


def why_not_told(
    people: People, rules: Rules, question: Question, channel: str, subject: Subject | None = None
) -> str | None:
    """Why a channel is told nothing of an alarm about this, else None. `subject`: what it watches, where that is one
    thing. Raises `SlackLaterError`."""
    if must_be_private(people.channel(channel), rules):
        return SHARED
    if subject is not None and rules.scopes.refusal_of_target(target_of(subject), channel) is not None:
        return OUTSIDE
    return OUTSIDE if rules.scopes.refusal(question, channel) else None
