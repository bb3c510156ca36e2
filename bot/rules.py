"""Who may ask what, from the settings."""

from __future__ import annotations

from bot.diagnosing import nicknames_of
from bot.settings import Settings
from bot.slack_app import Identity
from handlers.permission import Rules
from handlers.scope import ScopeRule, Scopes


def rules_of(settings: Settings, identity: Identity) -> Rules:
    """Who may ask what, from the settings and from whose token it is."""
    return Rules(
        teams=frozenset(settings.slack.teams or (identity.team,)),
        enterprise=None if settings.slack.teams else identity.enterprise,
        ask_users=frozenset(settings.slack.ask.users),
        ask_groups=frozenset(settings.slack.ask.groups),
        shared_channels_allowed=settings.slack.shared_channels == "allow",
        scopes=_scopes_of(settings),
    )


def _scopes_of(settings: Settings) -> Scopes:
    return Scopes(
        rules={
            channel: ScopeRule(accounts=frozenset(scope.accounts), services=frozenset(scope.services))
            for channel, scope in settings.scopes.items()
        },
        account_ids={account.name: account.id for account in settings.accounts},
        nicknames=nicknames_of(settings),
    )
