"""The JSON Schemas of what --json prints: `python -m bot.cli.schema alarms > docs/alarms.schema.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Final, Literal

import typer
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from bot.cli.alarms_answer import SCHEMA as ALARMS
from bot.cli.alarms_answer import AlarmsAnswer
from bot.cli.output import write
from bot.doctor.finding import SCHEMA as DOCTOR
from bot.doctor.finding import Examination
from diagnostics.report import SCHEMA as REPORT
from diagnostics.report import Report
from diagnostics.scan.answer import SCHEMA as SCAN
from diagnostics.scan.answer import Scan

Answer = Literal["report", "alarms", "doctor", "scan"]
_ANSWERS: Final[Mapping[Answer, tuple[type[BaseModel], str]]] = {
    "report": (Report, REPORT),
    "alarms": (AlarmsAnswer, ALARMS),
    "doctor": (Examination, DOCTOR),
    "scan": (Scan, SCAN),
}


def schema_text(what: Answer = "report") -> str:
    """The schema of an answer as it stands in docs/, ending in a line break."""
    model, name = _ANSWERS[what]
    described = model.model_json_schema(by_alias=True, mode="serialization", schema_generator=_EveryKeyIsPrinted)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": name}
    return json.dumps(head | described, indent=2, ensure_ascii=False) + "\n"


class _EveryKeyIsPrinted(GenerateJsonSchema):
    """A field with a default is printed as well, so readers may rely on its key, unless it says when it is not."""

    def field_is_required(self, field: Mapping[str, object], total: bool) -> bool:
        return "serialization_exclude_if" not in field


def _print(what: Annotated[Answer, typer.Argument(help="Whose answer it describes.")] = "report") -> None:
    """Print the JSON Schema of what --json gives."""
    write(schema_text(what))


if __name__ == "__main__":
    typer.run(_print)
