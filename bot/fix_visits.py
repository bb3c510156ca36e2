"""Who clicked on a fix, and from where: as Slack tells it now, and not as it told it some minutes ago."""

from __future__ import annotations

from typing import Final

from diagnostics.report import ReportTarget
from handlers.fixes import FixClick
from handlers.people import People
from handlers.permission import Rules, kind_of, refusal_of_person
from handlers.slack_calls import SlackRefusedError
from remediations import permission
from remediations.approval import Denied, Person
from remediations.audit import Who

SHARED: Final = Denied(text="Another organisation reads this channel, so nothing is asked for or done from here.")
UNKNOWN: Final = Denied(
    text="It could not be told who reads this channel, so nothing is asked for or done from here; invite the bot first."
)


class Visit:
    """One click. Slack is asked anew about the person, their groups and the channel, each once."""

    def __init__(self, click: FixClick, people: People, rules: Rules) -> None:
        self._click = click
        self._people = people.anew()
        self._rules = rules

    def person(self, approvers: permission.People) -> Person:
        """Whoever clicked, with those of the approvers' groups that they are in."""
        try:
            known = self._people.person(self._click.user)
        except SlackRefusedError:
            return Person(who=Who(id=self._click.user))
        groups = self._people.groups_of(known.id, approvers.groups)
        return Person(who=Who(id=known.id, name=known.name), kind=kind_of(known, self._rules), groups=groups)

    def may_not_ask(self, person: Person) -> Denied | None:
        """By `slack.ask`. Who is no member at all is denied by the desk, with its line in the audit."""
        if person.kind != "member":
            return None
        groups = self._people.groups_of(person.who.id, self._rules.ask_groups)
        refusal = refusal_of_person(self._people.person(person.who.id), groups, self._rules)
        return Denied(text=refusal) if refusal else None

    def out_of_scope(self, target: ReportTarget, *channels: str | None) -> Denied | None:
        """By `scopes`, which may differ from those that the answer was made under."""
        refusals = (self._rules.scopes.refusal_of_target(target, channel) for channel in self._places(channels))
        return next((Denied(text=refusal.message) for refusal in refusals if refusal is not None), None)

    def among_strangers(self, *channels: str | None) -> Denied | None:
        """Nothing is asked for or done where another organisation reads along, or may for all that is known."""
        if self._rules.shared_channels_allowed:
            return None
        for channel in self._places(channels) or ("",):
            found = self._people.channel(channel)
            if found.shared or not found.known:
                return SHARED if found.shared else UNKNOWN
        return None

    def _places(self, channels: tuple[str | None, ...]) -> tuple[str, ...]:
        """Where it was clicked, and where what it is about was asked for."""
        return tuple(dict.fromkeys(filter(None, (self._click.channel, *channels))))
