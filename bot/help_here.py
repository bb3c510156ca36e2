"""What one person may do in one channel, for the help."""

from __future__ import annotations

from typing import Final

from bot.settings import Settings
from handlers import admission
from handlers.ask import Origin
from handlers.people import People
from handlers.permission import Rules
from handlers.slack_calls import SlackRefusedError
from handlers.views.help import Fixes, Here

MAX_LISTED: Final = 100


class HelpHere:
    """Asks Slack about the person, unless it has told within the last minutes."""

    def __init__(self, people: People, rules: Rules, settings: Settings) -> None:
        self._people = people
        self._rules = rules
        self._settings = settings

    def __call__(self, origin: Origin) -> Here:
        """Raises `SlackLaterError`."""
        refusal = admission.refusal(self._people, self._rules, None, origin)
        if refusal is not None:
            return Here(refusal=refusal)
        scope = self._rules.scopes.rules.get(origin.channel)
        return Here(
            services=tuple(sorted(scope.services)[:MAX_LISTED]) if scope else (),
            accounts=tuple(sorted(scope.accounts)[:MAX_LISTED]) if scope else (),
            fixes=self._fixes(origin.user),
        )

    def _fixes(self, user: str) -> Fixes:
        wanted = self._settings.remediations
        if wanted.mode == "off":
            return "off"
        if wanted.mode == "suggest" or not any(account.remediate_role for account in self._settings.accounts):
            return "commands"
        groups = frozenset(wanted.approvers.groups)
        try:
            approves = user in wanted.approvers.users or bool(self._people.groups_of(user, groups))
        except SlackRefusedError:
            approves = False  # of a group that Slack does not tell about, nobody is a member
        return "approve" if approves else "ask"
