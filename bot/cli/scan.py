"""`alb502 scan`: every load-balanced service, worst first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.cli import configured, diagnose, exits, options, output, progress
from bot.cli.exits import CommandError

if TYPE_CHECKING:
    from diagnostics.scan.answer import Scan

EXAMPLE: Final = "Example: alb502 scan --account prod --region eu-west-1"
MAX_LINES: Final = 10


def scan(
    account: options.Account = None,
    region: options.Region = None,
    as_json: options.AsJson = False,
) -> None:
    """Show what is broken now and what is at risk, worst first. Reads only; nothing in AWS is changed."""
    show(_scanned(account, region), as_json=as_json)


def show(found: Scan, *, as_json: bool) -> None:
    if as_json:
        output.write(found.to_json())
        return
    from bot.cli.drawing.scan import drawn

    output.draw(*drawn(found))


def _scanned(account: str | None, region: str | None) -> Scan:
    """Raises `CommandError` when nothing could be searched."""
    settings = configured.settings()
    from bot.scanning import scanner
    from diagnostics.question import Refused

    scan_all = scanner(settings, diagnose.own_records(settings))
    with progress.bar_on_stderr() as listener:
        found = scan_all(account, region, listener)
    if isinstance(found, Refused):
        raise diagnose.no_report(found)
    if found.unscanned and not found.services and not found.not_looked_at:
        raise CommandError(*(one.line for one in found.unscanned[:MAX_LINES]), status=exits.NO_REPORT)
    return found
