"""Who may ask, where, and about what. Pure: what Slack says comes in, a decision goes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from diagnostics.facts.fact import Frozen
from diagnostics.question import Ambiguous, Question, Refused, Unknown
from diagnostics.report import Report
from handlers.ask import Answer
from handlers.asking import shown


class Person(Frozen):
    """What decides about a person: https://docs.slack.dev/reference/objects/user-object"""

    id: str
    team: str | None = None
    enterprise: str | None = None
    restricted: bool = False
    stranger: bool = False
    bot: bool = False
    deleted: bool = False


class Channel(Frozen):
    """`shared`: people of another organisation read it. `known` False: the bot may not look at it."""

    id: str
    shared: bool = False
    known: bool = True


@dataclass(frozen=True, slots=True)
class ScopeRule:
    """What may be asked in one channel; empty allows everything."""

    accounts: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings that decide. `teams` are workspace ids, `account_ids` maps an account's name to its id."""

    teams: frozenset[str]
    enterprise: str | None = None
    ask_users: frozenset[str] = frozenset()
    ask_groups: frozenset[str] = frozenset()
    shared_channels_allowed: bool = False
    scopes: Mapping[str, ScopeRule] = field(default_factory=dict)
    account_ids: Mapping[str, str] = field(default_factory=dict)


def refusal_of_person(person: Person, groups: frozenset[str], rules: Rules) -> str | None:
    """One line if this person may not ask, else None. `groups` are the asking groups that the person is in."""
    if person.bot or person.deleted:
        return "Only people can ask."
    of_us = person.team in rules.teams or (person.enterprise is not None and person.enterprise == rules.enterprise)
    if person.stranger or not of_us:
        return "Only members of this workspace can ask; you belong to another organisation."
    if person.restricted:
        return "Guests cannot ask; ask a full member of this workspace to do it."
    listed = rules.ask_users or rules.ask_groups
    if listed and person.id not in rules.ask_users and not groups & rules.ask_groups:
        return "You are not among the people who may ask; the setting `slack.ask` lists them."
    return None


def must_be_private(channel: Channel, rules: Rules) -> bool:
    """Whether the answer is for the asker's eyes only, since another organisation reads the channel."""
    return channel.shared and not rules.shared_channels_allowed


def refusal_of_question(question: Question, channel_id: str, rules: Rules) -> str | None:
    """One line if this may not be asked in this channel, else None; decided again once the target is known."""
    scope = rules.scopes.get(channel_id)
    if scope is None:
        return None
    if scope.accounts and question.account is not None and not _is_account(question.account, scope, rules):
        return f"Account {shown(question.account)} is not for this channel; here: {_listed(scope.accounts)}."
    if scope.services and question.words not in scope.services:
        return f"{shown(question.words)} is not for this channel; here: {_listed(scope.services)}."
    return None


def within_scope(answer: Answer, channel_id: str, rules: Rules) -> Answer:
    """The answer as this channel may see it: nothing of accounts that its scope leaves out."""
    scope = rules.scopes.get(channel_id)
    if scope is None or not scope.accounts:
        return answer
    if isinstance(answer, Report):
        name, number = answer.target.account_name, answer.target.account
        if _is_account(number, scope, rules) or (name is not None and name in scope.accounts):
            return answer
        return Refused(message="That is in an account that is not for this channel.", bad_request=True)
    if isinstance(answer, Ambiguous):
        kept = tuple(one for one in answer.candidates if _is_account(one.account, scope, rules))
        return answer.model_copy(update={"candidates": kept, "more": 0})
    if isinstance(answer, Unknown):
        kept = tuple(one for one in answer.nearest if _is_account(one.account, scope, rules))
        return answer.model_copy(update={"nearest": kept})
    return answer


def _is_account(account: str, scope: ScopeRule, rules: Rules) -> bool:
    return account in scope.accounts or account in {rules.account_ids.get(name) for name in scope.accounts}


def _listed(names: frozenset[str]) -> str:
    return ", ".join(shown(name) for name in sorted(names)[:10])
