"""Whether the people and user groups of the settings are there, and may do what they are named for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from bot.doctor.finding import Finding
from bot.doctor.slack_reads import Answer, SlackReads
from bot.settings import Settings
from bot.settings.models import People

MAX_PEOPLE: Final = 50
GROUPS: Final = "usergroups:read"
PEOPLE: Final = "users:read"

_problem = partial(Finding, status="problem", area="slack")
_unchecked = partial(Finding, status="unchecked", area="slack")
_well = partial(Finding, status="well", area="slack")


def people_findings(settings: Settings, read: SlackReads, lacking: frozenset[str], team: str) -> Iterator[Finding]:
    """`lacking`: scopes that the token does not have; what that means was said. `team`: the app's own workspace."""
    named = dict(_named(settings))
    groups = {one: setting for setting, people in named.items() for one in people.groups}
    users = {one: setting for setting, people in named.items() for one in people.users}
    if groups and GROUPS not in lacking:
        yield from _groups(groups, read)
    if users and PEOPLE not in lacking:
        yield from _users(dict(list(users.items())[:MAX_PEOPLE]), read, team)
        if (more := len(users) - MAX_PEOPLE) > 0:
            why = f"only the first {MAX_PEOPLE} are looked at"
            yield _unchecked(id="slack-user", says=f"{more} people of the settings", why=why)


def _named(settings: Settings) -> Iterator[tuple[str, People]]:
    yield "slack.ask", settings.slack.ask
    fixes = settings.remediations
    if fixes.mode == "approve":
        yield "remediations.approvers", fixes.approvers
        for index, one in enumerate(fixes.overrides):
            if one.approvers is not None:
                yield f"remediations.overrides[{index}].approvers", one.approvers


def _groups(wanted: Mapping[str, str], read: SlackReads) -> Iterator[Finding]:
    answer = read("usergroups.list", include_disabled="true", include_count="true")
    if not isinstance(answer, Answer):
        why = f"usergroups.list was not answered ({answer.word})"
        yield _unchecked(id="slack-groups", says="the user groups of the settings", why=why)
        return
    listed = {str(one.get("id")): one for one in _objects(answer.data.get("usergroups"))}
    wrong = [(group, setting, _wrong_group(listed.get(group))) for group, setting in sorted(wanted.items())]
    for group, setting, what in wrong:
        if what is not None:
            yield _problem(
                id="slack-group",
                where=setting,
                says=f"User group {group} in {setting} {what}: nobody is meant by it",
                to_do="copy the id of a user group from its page in Slack, More, Copy group ID",
            )
    if not any(what for _, _, what in wrong):
        says = "Slack: the user groups of the settings are there"
        yield _well(id="slack-groups", says=says)


def _wrong_group(group: Mapping[str, Any] | None) -> str | None:
    if group is None:
        return "does not exist in this workspace"
    if group.get("date_delete"):
        return "is disabled"
    return "has no members" if str(group.get("user_count", "")) == "0" else None


def _users(wanted: Mapping[str, str], read: SlackReads, team: str) -> Iterator[Finding]:
    for user, setting in sorted(wanted.items()):
        answer = read("users.info", user=user)
        if isinstance(answer, Answer):
            what = _wrong_user(answer.data.get("user"), team)
        elif answer.word == "user_not_found":
            what = "does not exist in this workspace"
        else:
            why = f"Slack gives no answer ({answer.word})"
            yield _unchecked(id="slack-user", where=setting, says=f"{user} in {setting}", why=why)
            continue
        if what is not None:
            yield _problem(
                id="slack-user",
                where=setting,
                says=f"{user} in {setting} {what}, and may do nothing",
                to_do="copy the id of a full member from their profile in Slack, More, Copy member ID",
            )


def _wrong_user(user: object, team: str) -> str | None:
    if not isinstance(user, dict):
        return None
    if user.get("deleted"):
        return "is deactivated"
    if user.get("is_bot"):
        return "is a bot"
    if user.get("is_restricted") or user.get("is_ultra_restricted"):
        return "is a guest"
    return "belongs to another organisation" if user.get("is_stranger") and user.get("team_id") != team else None


def _objects(value: object) -> Iterable[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
