"""The JSON Schema of the report: `python -m bot.cli.schema > docs/report.schema.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pydantic.json_schema import GenerateJsonSchema

from bot.cli.output import write
from diagnostics.report import SCHEMA, Report


def schema() -> None:
    """Print the JSON Schema of the report that --json gives."""
    write(schema_text())


def schema_text() -> str:
    """The schema as it stands in docs/, ending in a line break."""
    described = Report.model_json_schema(by_alias=True, mode="serialization", schema_generator=_EveryKeyIsPrinted)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA}
    return json.dumps(head | described, indent=2, ensure_ascii=False) + "\n"


class _EveryKeyIsPrinted(GenerateJsonSchema):
    """A field with a default is printed as well, so readers may rely on its key, unless it says when it is not."""

    def field_is_required(self, field: Mapping[str, object], total: bool) -> bool:
        return "serialization_exclude_if" not in field


if __name__ == "__main__":
    schema()
