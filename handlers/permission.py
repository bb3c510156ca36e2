"""Who may ask, and who may see the answer. Pure: what Slack says comes in, a decision goes out."""

from __future__ import annotations

from dataclasses import dataclass, field

from diagnostics.facts.fact import Frozen
from handlers.scope import Scopes
from remediations.approval import Kind


class Person(Frozen):
    """What decides about a person: https://docs.slack.dev/reference/objects/user-object

    `teams`: the workspaces of an Enterprise that they belong to; `team` may then be only the one that was asked.
    """

    id: str
    team: str | None = None
    enterprise: str | None = None
    teams: frozenset[str] = frozenset()
    restricted: bool = False
    stranger: bool = False
    bot: bool = False
    name: str = ""
    deleted: bool = False


class Channel(Frozen):
    """`shared`: people of another organisation read it. `known` False: the bot may not look at it. `private`: only its
    members may read it."""

    id: str
    shared: bool = False
    private: bool = False
    known: bool = True

    @property
    def is_direct(self) -> bool:
        """A conversation of one person with the bot; who reads it is known without being allowed to look at it."""
        return self.id.startswith("D")


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings that decide. `teams` are ids of workspaces, or of a whole Enterprise; `enterprise`: all of its
    workspaces count."""

    teams: frozenset[str]
    enterprise: str | None = None
    ask_users: frozenset[str] = frozenset()
    ask_groups: frozenset[str] = frozenset()
    shared_channels_allowed: bool = False
    scopes: Scopes = field(default_factory=Scopes)

    @property
    def of_several_workspaces(self) -> bool:
        return self.enterprise is not None or len(self.teams) > 1 or any(team.startswith("E") for team in self.teams)


def kind_of(person: Person, rules: Rules) -> Kind:
    """What somebody is, for those who decide about fixes."""
    if person.deleted:
        return "deactivated"
    if person.bot:
        return "bot"
    if person.stranger or not _is_of_us(person, rules):
        return "foreign"
    return "guest" if person.restricted else "member"


def refusal_of_person(person: Person, groups: frozenset[str], rules: Rules) -> str | None:
    """One line if this person may not ask, else None. `groups` are the asking groups that the person is in."""
    if person.bot or person.deleted:
        return "Only people can ask."
    if person.stranger or not _is_of_us(person, rules):
        return "Only members of this workspace can ask; you belong to another organisation or workspace."
    if person.restricted:
        return "Guests cannot ask; ask a full member of this workspace to do it."
    listed = rules.ask_users or rules.ask_groups
    if listed and person.id not in rules.ask_users and not groups & rules.ask_groups:
        return "You are not among the people who may ask; the setting `slack.ask` lists them."
    return None


def _is_of_us(person: Person, rules: Rules) -> bool:
    """A workspace of the same Enterprise counts only where it is listed, or where all of them do."""
    if person.enterprise is not None and person.enterprise in {rules.enterprise, *rules.teams}:
        return True
    return bool(person.teams & rules.teams) if person.teams else person.team in rules.teams


def must_be_private(channel: Channel, rules: Rules) -> bool:
    """Whether the answer is for the asker's eyes only: another organisation reads the channel, or may for all that is
    known."""
    return (channel.shared or not (channel.known or channel.is_direct)) and not rules.shared_channels_allowed
