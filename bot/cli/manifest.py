"""`alb502 manifest`: the Slack app for this configuration, ready to paste."""

from __future__ import annotations

import json
import re
from enum import StrEnum
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import typer

from bot.cli import configured
from bot.cli.exits import BAD_USAGE, CommandError
from bot.cli.output import note, write
from diagnostics import printable

EXAMPLE: Final = "Example: alb502 manifest --http https://alb502.example.com --format yaml"
EVENTS_PATH: Final = "/slack/events"
UNKNOWN_HOST: Final = "YOUR-HOST"
MAX_URL: Final = 500
MAX_SHOWN: Final = 60
YAML_WIDTH: Final = 120

_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ADDRESS: Final = re.compile(
    rf"(?i:https://{_LABEL}(?:\.{_LABEL})+)(?::[0-9]{{1,5}})?(?:/(?!\.\.?(?:/|$))[\w.~%-]*)*", re.ASCII
)


class Form(StrEnum):
    JSON = "json"
    YAML = "yaml"


def manifest(
    socket_mode: Annotated[
        bool, typer.Option("--socket-mode", help="For Socket Mode; the default when SLACK_APP_TOKEN is set.")
    ] = False,
    http: Annotated[
        str | None, typer.Option("--http", metavar="URL", help="For HTTP: where Slack reaches the bot, with https://.")
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="Slack takes both.")] = Form.JSON,
) -> None:
    """Print the manifest of the Slack app: its command, shortcut, Home, events and scopes."""
    if socket_mode and http is not None:
        raise CommandError("give either --socket-mode or --http", status=BAD_USAGE)
    request_url = None if socket_mode else _request_url(http)
    from handlers.manifest import manifest as made

    write(_formed(made(request_url), form))
    if request_url is not None and UNKNOWN_HOST in request_url:
        note(
            f"replace {UNKNOWN_HOST} by the name under which Slack reaches the bot, or give --http URL; "
            "--socket-mode needs none"
        )


def _request_url(http: str | None) -> str | None:
    """Where Slack sends everything; None in Socket Mode. Raises `CommandError` for what Slack would not take."""
    if http is None:
        socket_mode = configured.settings().slack_app_token is not None
        return None if socket_mode else f"https://{UNKNOWN_HOST}{EVENTS_PATH}"
    if not _is_usable(http):
        from bot.telemetry.logs import hidden

        shown = printable.line(hidden(http), MAX_SHOWN)
        raise CommandError(f"--http {shown!r}: give an address such as https://alb502.example.com", status=BAD_USAGE)
    base = http.rstrip("/")
    return base if base.endswith(EVENTS_PATH) else f"{base}{EVENTS_PATH}"


def _is_usable(url: str) -> bool:
    """Whether it is an https address of a DNS name, with nothing after its path; Slack calls no other."""
    if len(url) > MAX_URL:
        return False
    try:
        has_port = urlsplit(url).port != 0
    except ValueError:
        return False
    return has_port and _ADDRESS.fullmatch(url) is not None


def _formed(document: dict[str, Any], form: Form) -> str:
    if form is Form.JSON:
        return json.dumps(document, indent=2)
    import yaml

    return yaml.safe_dump(document, sort_keys=False, width=YAML_WIDTH)
