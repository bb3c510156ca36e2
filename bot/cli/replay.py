"""`alb502 replay`: diagnoses again from a saved snapshot, without a call to AWS."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bot.cli import configured, formats
from bot.cli.exits import BAD_USAGE, CommandError
from diagnostics import printable

if TYPE_CHECKING:
    from diagnostics.snapshot import Snapshot

EXAMPLE: Final = "Example: alb502 replay incident.json --format markdown"
MAX_SNAPSHOT_BYTES: Final = 200_000_000
MAX_SHOWN: Final = 120
STDIN: Final = "-"
REPORT_SCHEMA: Final = "alb502.report/"


def replay(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A snapshot from `alb502 diagnose --save`; - reads standard input.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    form: Annotated[formats.Format | None, typer.Option("--format", help="How to print the report.")] = None,
) -> None:
    """Diagnose again from a saved snapshot; AWS is not called."""
    shape = formats.chosen(form, as_json)
    snapshot = load(file)
    settings = configured.settings()
    from bot.remediating import remedied
    from diagnostics.engine import diagnose
    from diagnostics.question import Diagnosed

    formats.show(remedied(Diagnosed(report=diagnose(snapshot), snapshot=snapshot), settings).report, shape)


def load(file: str) -> Snapshot:
    """Raises `CommandError` when it cannot be read or is no snapshot."""
    from pydantic import ValidationError

    import diagnostics.facts as _registered  # noqa: F401 - a snapshot can hold any fact, so all have to be known
    from diagnostics.snapshot import Snapshot

    raw = _bytes_of(file)
    try:
        return Snapshot.model_validate_json(raw)
    except ValidationError as error:
        if _is_report(raw):
            raise CommandError(
                f"{_shown(file)} is a report; what is needed here is the file that"
                " `alb502 diagnose TARGET --save FILE` makes",
                status=BAD_USAGE,
            ) from None
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        why = f"{place}: {first['msg']}" if place else first["msg"]
        raise CommandError(
            f"{_shown(file)} is no snapshot of alb502 ({why}); `diagnose --save` writes one", status=BAD_USAGE
        ) from None


def _is_report(raw: bytes) -> bool:
    """Whether it is what `--json` prints, of any version."""
    try:
        read = json.loads(raw)
    except (ValueError, RecursionError):
        return False
    return isinstance(read, dict) and str(read.get("schema", "")).startswith(REPORT_SCHEMA)


def _bytes_of(file: str) -> bytes:
    try:
        if file == STDIN:
            raw = sys.stdin.buffer.read(MAX_SNAPSHOT_BYTES + 1)
        else:
            with Path(file).open("rb") as opened:
                raw = opened.read(MAX_SNAPSHOT_BYTES + 1)
    except (OSError, ValueError) as error:
        why = (getattr(error, "strerror", None) or "not a file name").lower()
        raise CommandError(f"{_shown(file)} cannot be read: {why}", status=BAD_USAGE) from None
    if len(raw) > MAX_SNAPSHOT_BYTES:
        raise CommandError(f"{_shown(file)} is larger than {MAX_SNAPSHOT_BYTES:,} bytes", status=BAD_USAGE)
    return raw


def _shown(file: str) -> str:
    return printable.line(file, MAX_SHOWN)
