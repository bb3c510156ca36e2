"""What Slack says of people, channels and groups, remembered for a few minutes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, Protocol

import structlog

from diagnostics import printable
from handlers.permission import Channel, Person
from handlers.slack_calls import SlackCalls, SlackRefusedError

_log: Final = structlog.get_logger(__name__)

MAX_GROUPS: Final = 20
MAX_NAME: Final = 80
MAX_TEAMS: Final = 1_000
MEMBER_PAGE: Final = 1_000
MAX_MEMBER_PAGES: Final = 5
NOT_FOUND: Final = "user_not_found"
SLACKBOT: Final = "USLACKBOT"
"""Of this one Slack says that it is no bot. https://docs.slack.dev/reference/objects/user-object"""


class Memory(Protocol):
    def get(self, kind: str, name: str) -> str | None: ...

    def put(self, kind: str, name: str, text: str) -> None: ...


class People:
    def __init__(self, calls: SlackCalls, memory: Memory) -> None:
        self._calls = calls
        self._memory = memory

    def anew(self) -> People:
        """The same, which asks Slack once more about everything: for what must not rest on what was true before."""
        return People(self._calls, _Anew(self._memory))

    def person(self, user_id: str) -> Person:
        """The person as Slack knows them. Raises `SlackRefusedError` for one it does not know, `SlackLaterError`."""
        known = self._memory.get("person", user_id)
        if known is not None:
            return Person.model_validate_json(known)
        user = self._calls.read("users.info", user=user_id).get("user")
        if not isinstance(user, dict):
            raise SlackRefusedError("users.info", NOT_FOUND)
        person = _person(user)
        self._memory.put("person", user_id, person.model_dump_json())
        return person

    def channel(self, channel_id: str) -> Channel:
        """The channel; one that the bot may not look at comes back unknown. Raises `SlackLaterError`."""
        known = self._memory.get("channel", channel_id)
        if known is not None:
            return Channel.model_validate_json(known)
        try:
            info = self._calls.read("conversations.info", channel_id).get("channel")
        except SlackRefusedError:
            info = None
        if not isinstance(info, dict):
            return Channel(id=channel_id, known=False)
        shared = any(info.get(flag) is True for flag in ("is_ext_shared", "is_pending_ext_shared"))
        private = any(info.get(flag) is True for flag in ("is_private", "is_im", "is_mpim"))
        channel = Channel(id=channel_id, shared=shared, private=private)
        self._memory.put("channel", channel_id, channel.model_dump_json())
        return channel

    def is_in(self, user_id: str, channel_id: str) -> bool:
        """Whether the person is seen among the members of a channel. Raises `SlackLaterError`."""
        cursor = ""
        for _ in range(MAX_MEMBER_PAGES):
            try:
                page = self._calls.read("conversations.members", channel_id, limit=MEMBER_PAGE, cursor=cursor)
            except SlackRefusedError:
                return False
            if user_id in _listed(page.get("members")):
                return True
            cursor = str(_object(page.get("response_metadata")).get("next_cursor") or "")
            if not cursor:
                return False
        return False

    def groups_of(self, user_id: str, groups: frozenset[str]) -> frozenset[str]:
        """Those of the user groups that the person is in; of one that Slack does not tell about, nobody is a member.
        Raises `SlackLaterError`."""
        return frozenset(group for group in sorted(groups)[:MAX_GROUPS] if user_id in self._members(group))

    def _members(self, group: str) -> list[str]:
        known = self._memory.get("group", group)
        if known is not None:
            return [str(member) for member in json.loads(known)]
        try:
            answer = self._calls.read("usergroups.users.list", usergroup=group)
        except SlackRefusedError as refused:
            _log.warning("user group not read", group=group, error=str(refused))
            return []
        members = [str(one) for one in _listed(answer.get("users"))]
        self._memory.put("group", group, json.dumps(members))
        return members


class _Anew:
    """Remembers for others, and by itself only what it was told."""

    def __init__(self, others: Memory) -> None:
        self._others = others
        self._told: dict[tuple[str, str], str] = {}

    def get(self, kind: str, name: str) -> str | None:
        return self._told.get((kind, name))

    def put(self, kind: str, name: str, text: str) -> None:
        self._told[kind, name] = text
        self._others.put(kind, name, text)


def _person(user: Mapping[str, Any]) -> Person:
    enterprise = _object(user.get("enterprise_user"))
    return Person(
        id=str(user.get("id", "")),
        team=_text(user.get("team_id")),
        enterprise=_text(enterprise.get("enterprise_id")),
        teams=frozenset(str(team) for team in _listed(enterprise.get("teams"))[:MAX_TEAMS]),
        restricted=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        stranger=bool(user.get("is_stranger")),
        bot=bool(user.get("is_bot")) or user.get("id") == SLACKBOT,
        name=printable.line(str(user.get("real_name") or user.get("name") or ""), MAX_NAME),
        deleted=bool(user.get("deleted")),
    )


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
