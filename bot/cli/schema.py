"""The JSON Schemas of what --json prints: `python -m bot.cli.schema alarms > docs/alarms.schema.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bot.cli.output import write

if TYPE_CHECKING:
    from pydantic import BaseModel


def schema(
    what: Annotated[
        Literal["report", "alarms", "doctor", "scan"], typer.Argument(help="Whose answer it describes.")
    ] = "report",
) -> None:
    """Print the JSON Schema of what --json gives."""
    texts = {
        "report": schema_text,
        "alarms": alarms_schema_text,
        "doctor": doctor_schema_text,
        "scan": scan_schema_text,
    }
    write(texts[what]())


def schema_text() -> str:
    """The schema of the report as it stands in docs/, ending in a line break."""
    from diagnostics.report import SCHEMA, Report

    return _text(Report, SCHEMA)


def alarms_schema_text() -> str:
    """The schema of `alb502 alarms --json` as it stands in docs/, ending in a line break."""
    from bot.cli.alarms_answer import SCHEMA, AlarmsAnswer

    return _text(AlarmsAnswer, SCHEMA)


def doctor_schema_text() -> str:
    """The schema of `alb502 doctor --json` as it stands in docs/, ending in a line break."""
    from bot.doctor.finding import SCHEMA, Examination

    return _text(Examination, SCHEMA)


def scan_schema_text() -> str:
    """The schema of `alb502 scan --json` as it stands in docs/, ending in a line break."""
    from diagnostics.scan.answer import SCHEMA, Scan

    return _text(Scan, SCHEMA)


def _text(model: type[BaseModel], name: str) -> str:
    from pydantic.json_schema import GenerateJsonSchema

    class EveryKeyIsPrinted(GenerateJsonSchema):
        """A field with a default is printed as well, so readers may rely on its key, unless it says when it is not."""

        def field_is_required(self, field: Mapping[str, object], total: bool) -> bool:
            return "serialization_exclude_if" not in field

    described = model.model_json_schema(by_alias=True, mode="serialization", schema_generator=EveryKeyIsPrinted)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": name}
    return json.dumps(head | described, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    typer.run(schema)
