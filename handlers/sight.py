"""Which channels' answers one person may be told of outside of them, such as in Home."""

from __future__ import annotations

from typing import Final

from handlers.people import People
from handlers.permission import Rules, must_be_private

MAX_ASKED_ABOUT: Final = 5
"""Channels whose members Slack is asked for; what stands in further ones is left out."""


class Sight:
    """What this person asked for, and what stands where they could read it: in a public channel, or in a private one
    that they are in. Nothing else: a private channel has its readers, and a shared one is answered privately.

    Where there are several workspaces, a public channel of one is not public in the others, so each counts as private.
    """

    def __init__(self, people: People, rules: Rules, user: str) -> None:
        self._people = people
        self._rules = rules
        self._user = user
        self._known: dict[str, bool] = {}
        self._asked_about = 0

    def has(self, channel: str, asked_by: str) -> bool:
        """Raises `SlackLaterError`."""
        if asked_by == self._user:
            return True
        if channel not in self._known:
            self._known[channel] = self._reads(channel)
        return self._known[channel]

    def _reads(self, channel: str) -> bool:
        found = self._people.channel(channel)
        if not found.known or must_be_private(found, self._rules):
            return False
        if not found.private and not self._rules.of_several_workspaces:
            return True
        self._asked_about += 1
        return self._asked_about <= MAX_ASKED_ABOUT and self._people.is_in(self._user, channel)
