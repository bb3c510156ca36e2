"""`alb502 alarm-post`: what the bot understands of one message of Slack, before it asks AWS."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final

import typer

from bot.cli.exits import BAD_USAGE, CommandError
from bot.cli.given import STDIN, bytes_of, shown
from bot.cli.output import write

EXAMPLE: Final = "Example: alb502 alarm-post event.json"
MAX_BYTES: Final = 2**20
_EXPECTED: Final = "expected one message event of Slack as JSON, an object with its text, attachments or blocks"


def alarm_post(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A message event of Slack as JSON; standard input without it.")
    ] = STDIN,
) -> None:
    """Show what the bot understands of a post about an alarm, and why. Asks neither AWS nor Slack."""
    from handlers.alarm_formats import read

    understood = read(_event(file))
    post = understood.post
    said = {
        "action": understood.action,
        "why": understood.why,
        "alarm": post.alarm if post else None,
        "region": post.region if post else None,
        "account": post.account if post else None,
        "state": post.state if post else None,
        "load_balancer": post.load_balancer if post else None,
        "target_group": post.target_group if post else None,
        "at": post.at.isoformat() if post else None,
    }
    write(json.dumps(said, ensure_ascii=False, indent=2))


def _event(file: str) -> dict[str, Any]:
    raw = bytes_of(file, MAX_BYTES)
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        raise CommandError(f"{shown(file)} holds no JSON; {_EXPECTED}", status=BAD_USAGE) from None
    inner = found.get("event") if isinstance(found, dict) else None
    event = inner if isinstance(inner, dict) else found
    if not isinstance(event, dict):
        raise CommandError(f"{shown(file)}: {_EXPECTED}", status=BAD_USAGE)
    return event
