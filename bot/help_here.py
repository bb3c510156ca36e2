"""What one person may do in one channel, for the help."""

from __future__ import annotations

from typing import Final

from bot.settings import Settings
from bot.slack_side import SlackSide
from handlers.ask import Origin
from handlers.views.help import Fixes, Here

MAX_LISTED: Final = 100


class HelpHere:
    """Asks Slack about the person, unless it has told within the last minutes."""

    def __init__(self, slack: SlackSide, settings: Settings) -> None:
        self._slack = slack
        self._settings = settings

    def __call__(self, origin: Origin) -> Here:
        """Raises `SlackLaterError`."""
        refusal = self._slack.refusal(None, origin)
        if refusal is not None:
            return Here(refusal=refusal)
        scope = self._slack.rules.scopes.rules.get(origin.channel)
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
        approves = user in wanted.approvers.users or self._slack.people.groups_of(user, groups)
        return "approve" if approves else "ask"
