"""`alb502 serve`: runs the bot until it is told to stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bot.cli import configured, exits, output
from bot.cli.exits import CommandError

if TYPE_CHECKING:
    from bot.settings import Settings

EXAMPLE: Final = "Example: alb502 serve --role web"


class Role(StrEnum):
    """`all`: one process. `web` takes Slack's requests, `worker` diagnoses."""

    ALL = "all"
    WEB = "web"
    WORKER = "worker"


def serve(
    role: Annotated[Role, typer.Option("--role", help="Which part of the bot runs in this process.")] = Role.ALL,
) -> None:
    """Run the bot: in Socket Mode when SLACK_APP_TOKEN is set, else over HTTP."""
    settings = configured.settings()
    complaints = missing(settings, role)
    if complaints:
        raise CommandError(*complaints, status=exits.BAD_USAGE)
    from bot.telemetry import logs

    logs.configure()
    with stopped_by_signals() as stopped:
        _run(settings, role, stopped)


def missing(settings: Settings, role: Role) -> list[str]:
    """What this role cannot do without, one line each."""
    lines = []
    if settings.slack_bot_token is None:
        lines.append("SLACK_BOT_TOKEN is not set; the Slack app's page OAuth & Permissions shows it (xoxb-…)")
    takes_requests = role is not Role.WORKER
    if takes_requests and settings.slack_app_token is None and settings.slack_signing_secret is None:
        lines.append("set SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP)")
    if role is not Role.ALL and settings.redis_url is None:
        lines.append(f"--role {role} needs REDIS_URL: split roles meet in one Redis")
    return lines
