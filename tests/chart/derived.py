"""What the chart repeats of the project: its version, the alerts, the dashboard, and which settings there are.

A chart has to be whole when it is packed, and links do not survive everywhere, so it holds copies.
``python -m tests.chart.derived`` writes them anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Set
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

import bot
from bot.settings import Settings, shape

ROOT: Final = Path(__file__).resolve().parents[2]
CHART: Final = ROOT / "helm" / "alb502"
SCHEMA: Final = CHART / "values.schema.json"
COPIES: Final = {
    CHART / "files" / "alerts.yaml": ROOT / "monitoring" / "alerts.yaml",
    CHART / "files" / "dashboard.json": ROOT / "monitoring" / "dashboard.json",
}
SECRETS_DIR: Final = "/run/secrets"

SET_BY_THE_CHART: Final = frozenset(
    {
        *((name,) for name in shape.CUSTOMARY_NAMES),
        ("http_host",),
        ("http_port",),
        ("ops_port",),
        ("state_dir",),
        ("remediations", "approval_key"),
        ("remediations", "approval_key_file"),
    }
)
"""Secrets come from the Secret; ports and places are those of the pods."""

NARROWER: Final[dict[tuple[str, ...], dict[str, Any]]] = {
    ("accounts", "id"): {"type": "string", "pattern": "^[0-9]{12}$"},
    ("accounts", "external_id_file"): {
        "type": ["string", "null"],
        "pattern": f"^{SECRETS_DIR}(/[-._A-Za-z0-9]{{1,253}})+$",
    },
    ("remediations", "mode"): {"enum": ["suggest", "approve", "off", False, None]},
}
"""A number loses the zeros at its front; a file has to stand among the secrets; `off` without quotes is a boolean."""


LEAVES: Final = {int: "integer"}
ANY_KEY: Final = "*"


def config_schema() -> dict[str, Any]:
    """The schema of `config`: every setting that the chart leaves to its user, and no other key."""
    return {"type": "object", **_section(())}


def written_schema() -> dict[str, Any]:
    """The values' schema as it should be: its own part as it stands, `config` as the settings are now."""
    schema: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    schema["properties"]["config"] = config_schema()
    return schema


def _section(path: shape.Path) -> dict[str, Any]:
    model = Settings if not path else shape.kind_at(path)
    keys = {
        name: NARROWER.get(_written(inner)) or _at(inner, {"null"})
        for name in shape.fields_of(model)
        if _written(inner := (*path, name)) not in SET_BY_THE_CHART
    }
    required = [field.alias or name for name, field in model.model_fields.items() if field.is_required()]
    schema: dict[str, Any] = {"additionalProperties": False, "properties": keys}
    return schema | ({"required": required} if required else {})


def _at(path: shape.Path, also: Set[str] = frozenset()) -> dict[str, Any]:
    """`also` has null where nothing stands for the default, as it does in the bot's own file; not so inside lists."""
    kind = shape.kind_at(path)
    if shape.is_section(kind):
        return {"type": ["object", *also], **_section(path)}
    if get_origin(kind) is tuple:
        return {"type": ["array", *also], "items": _at((*path, 0))}
    if shape.is_container(kind):
        return {"type": ["object", *also], "additionalProperties": _at((*path, ANY_KEY))}
    if get_origin(kind) is Literal:
        return {"enum": [*get_args(kind), *([None] if also else [])]}
    return {"type": [LEAVES.get(kind, "string"), *also]}


def _written(path: shape.Path) -> tuple[str, ...]:
    return tuple(step for step in path if isinstance(step, str))


def main() -> None:
    for copy, original in COPIES.items():
        copy.write_bytes(original.read_bytes())
    description = (CHART / "Chart.yaml").read_text(encoding="utf-8")
    with_version = re.sub(r"(?m)^((?:version|appVersion): \"?)[^\"\n]*", rf"\g<1>{bot.__version__}", description)
    (CHART / "Chart.yaml").write_text(with_version, encoding="utf-8")
    SCHEMA.write_text(json.dumps(written_schema(), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
