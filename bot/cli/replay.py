"""`alb502 replay`: diagnoses again from a saved snapshot, without a call to AWS."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bot.cli import configured, formats, options
from bot.cli.exits import BAD_USAGE, CommandError
from bot.cli.given import bytes_of, shown

if TYPE_CHECKING:
    from diagnostics.snapshot import Snapshot

EXAMPLE: Final = "Example: alb502 replay incident.json --format markdown"
MAX_SNAPSHOT_BYTES: Final = 200_000_000
REPORT_SCHEMA: Final = "alb502.report/"


def replay(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A snapshot from `alb502 diagnose --save`; - reads standard input.")
    ],
    as_json: options.AsJson = False,
    form: options.Form = None,
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

    raw = bytes_of(file, MAX_SNAPSHOT_BYTES)
    try:
        return Snapshot.model_validate_json(raw)
    except ValidationError as error:
        if _is_report(raw):
            raise CommandError(
                f"{shown(file)} is a report; what is needed here is the file that"
                " `alb502 diagnose TARGET --save FILE` makes",
                status=BAD_USAGE,
            ) from None
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        why = f"{place}: {first['msg']}" if place else first["msg"]
        raise CommandError(
            f"{shown(file)} is no snapshot of alb502 ({why}); `diagnose --save` writes one", status=BAD_USAGE
        ) from None


def _is_report(raw: bytes) -> bool:
    """Whether it is what `--json` prints, of any version."""
    try:
        read = json.loads(raw)
    except (ValueError, RecursionError):
        return False
    return isinstance(read, dict) and str(read.get("schema", "")).startswith(REPORT_SCHEMA)
