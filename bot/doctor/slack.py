"""Whether Slack takes the tokens, they may do what the bot does, and what the settings name is there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from pydantic import SecretStr

from bot.doctor.finding import Finding, Paste, Role
from bot.doctor.slack_channels import channel_findings
from bot.doctor.slack_people import people_findings
from bot.doctor.slack_reads import Answer, NoAnswer, SlackReads
from bot.settings import Settings
from handlers.scopes import APP_SCOPES, BOT_SCOPES, Scope

SECRET: Final = re.compile(r"[0-9a-f]{32}")
"""What Slack's signing secrets look like. https://docs.slack.dev/authentication/verifying-requests-from-slack"""
SCOPES_PAGE: Final = "the Slack app, OAuth & Permissions, Bot Token Scopes; then install the app anew"
FOR_GROUPS: Final = "usergroups:read"

Reads = Callable[[str], SlackReads]
"""Given a token."""

_problem = partial(Finding, status="problem", area="slack")
_less = partial(Finding, status="less", area="slack")
_unchecked = partial(Finding, status="unchecked", area="slack")
_well = partial(Finding, status="well", area="slack")


def findings(settings: Settings, role: Role | None, reads: Reads) -> Iterator[Finding]:
    """What a missing token means was said before."""
    if settings.slack_bot_token is not None:
        yield from _bot_token(settings, reads(_plain(settings.slack_bot_token)))
    if role in (None, "all", "web"):
        yield from _door(settings, reads)


def _bot_token(settings: Settings, read: SlackReads) -> Iterator[Finding]:
    answer = read("auth.test")
    if isinstance(answer, NoAnswer):
        yield _problem(
            id="slack-unreachable",
            says=f"Slack cannot be reached at {settings.slack_api_url}: {answer.word}",
            to_do="check the network and its proxy (HTTPS_PROXY)",
        )
        return
    if not isinstance(answer, Answer):
        yield _problem(
            id="slack-bot-token",
            where="SLACK_BOT_TOKEN",
            says=f"Slack refuses SLACK_BOT_TOKEN ({answer.word}): nothing is answered",
            to_do="copy the Bot User OAuth Token (xoxb-…) of the installed app from its page OAuth & Permissions",
        )
        return
    lacking = _lacking(settings, answer.scopes)
    yield from _workspace(settings, answer.data)
    yield from _scopes(answer.scopes, lacking)
    missing = frozenset(scope.name for scope in lacking)
    yield from people_findings(settings, read, missing, str(answer.data.get("team_id", "")))
    yield from channel_findings(settings, read, missing)


def _workspace(settings: Settings, data: Mapping[str, Any]) -> Iterator[Finding]:
    team, enterprise = str(data.get("team_id", "")), data.get("enterprise_id")
    listed = settings.slack.teams
    if listed and not {team, enterprise} & set(listed):
        yield _problem(
            id="slack-teams",
            where="slack.teams",
            says=f"Nobody of the app's own workspace may ask: {team} is not in slack.teams",
            to_do=f"add {team} to slack.teams, or leave the list empty",
        )
    else:
        says = f"Slack: the bot token is good in workspace {team}"
        yield _well(id="slack-bot-token", says=says)


def _lacking(settings: Settings, granted: frozenset[str] | None) -> tuple[Scope, ...]:
    if granted is None:
        return ()
    unused = frozenset() if _names_groups(settings) else frozenset({FOR_GROUPS})
    return tuple(scope for scope in BOT_SCOPES if scope.name not in granted | unused)


def _names_groups(settings: Settings) -> bool:
    fixes = settings.remediations
    people = [settings.slack.ask, fixes.approvers, *(one.approvers for one in fixes.overrides)]
    return any(one is not None and one.groups for one in people)


def _scopes(granted: frozenset[str] | None, lacking: tuple[Scope, ...]) -> Iterator[Finding]:
    if granted is None:
        why = "Slack's answer did not list them, which something between may have taken out"
        says = "the scopes of the bot token"
        yield _unchecked(id="slack-scopes", says=says, why=why)
    elif lacking:
        names = ", ".join(scope.name for scope in lacking)
        yield _problem(
            id="slack-scopes",
            where="SLACK_BOT_TOKEN",
            says=f"The bot token lacks {names}",
            why="; ".join(dict.fromkeys(scope.without for scope in lacking)),
            to_do="`alb502 manifest` prints the whole manifest, with all scopes",
            paste=(Paste(into=SCOPES_PAGE, text="\n".join(scope.name for scope in lacking)),),
        )
    else:
        yield _well(id="slack-scopes", says="Slack: the bot token has every scope")


def _door(settings: Settings, reads: Reads) -> Iterator[Finding]:
    if settings.slack_app_token is not None:
        yield from _socket_mode(reads(_plain(settings.slack_app_token)))
    elif settings.slack_signing_secret is not None:
        yield from _http(_plain(settings.slack_signing_secret))


def _socket_mode(read: SlackReads) -> Iterator[Finding]:
    answer = read("apps.connections.open")
    if isinstance(answer, Answer):
        yield _well(id="slack-app-token", says="Slack: Socket Mode can be opened")
    elif isinstance(answer, NoAnswer):
        says = "whether Socket Mode can be opened"
        yield _unchecked(id="slack-app-token", says=says, why=f"no answer ({answer.word})")
    else:
        scope = APP_SCOPES[0].name
        yield _problem(
            id="slack-app-token",
            where="SLACK_APP_TOKEN",
            says=f"{APP_SCOPES[0].without}, so that nothing reaches the bot: Slack answers {answer.word}",
            to_do=f"turn Socket Mode on, and make an app-level token (xapp-…) with {scope} at Basic Information, "
            "App-Level Tokens",
        )


def _http(secret: str) -> Iterator[Finding]:
    if not SECRET.fullmatch(secret):
        yield _less(
            id="slack-signing-secret",
            where="SLACK_SIGNING_SECRET",
            says="SLACK_SIGNING_SECRET does not look like one: with a wrong one every request of Slack is refused",
            to_do="copy the Signing Secret (32 hexadecimal digits) from the app's page Basic Information",
        )
    yield _unchecked(
        id="slack-http",
        says="whether Slack reaches the bot over HTTP, and whether the signing secret is the app's",
        why="only a request from Slack tells: save the request URL in the app's page Event Subscriptions, which asks",
    )


def _plain(secret: SecretStr) -> str:
    return secret.get_secret_value()
