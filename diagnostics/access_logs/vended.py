"""Rows that reach CloudWatch Logs instead of S3: plain lines, or JSON whose key casing AWS does not document.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-logs.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from diagnostics.access_logs.row import FIELDS, joined

MAX_MESSAGE: Final = 65_536
_BY_LETTERS: Final = {name.replace("_", ""): name for name in FIELDS} | {
    "clientport": "client",
    "elbstatus": "elb_status_code",
    "requestline": "request",
    "targetport": "target",
    "timestamp": "time",
}
_HEALTH_FIELDS: Final = (
    "type",
    "time",
    "latency",
    "target_addr",
    "target_group_id",
    "status",
    "status_code",
    "reason_code",
    "elb",
    "ip_address",
)
_HEALTH_BY_LETTERS: Final = {name.replace("_", ""): name for name in _HEALTH_FIELDS} | {"timestamp": "time"}
_BREAK: Final = re.compile(r"[\r\n]+")
_SPACE: Final = re.compile(r"\s+")
_NOT_A_LETTER: Final = re.compile(r"[^a-z0-9]")


def line_of(message: str) -> str | None:
    """The message of one log event as a plain line; None for anything that is no row."""
    found = _fields(message, _BY_LETTERS)
    if not isinstance(found, Mapping):
        return found
    if "elb_status_code" not in found or "time" not in found:
        return None
    values = (found.get(name) for name in FIELDS)
    return joined(["-" if value in (None, "") else _BREAK.sub(" ", str(value)) for value in values])


def health_line_of(message: str) -> str | None:
    """The same for a row of a health check log, whose fields hold no spaces."""
    found = _fields(message, _HEALTH_BY_LETTERS)
    if not isinstance(found, Mapping):
        return found
    if "time" not in found or "status" not in found:
        return None
    values = (found.get(name) for name in _HEALTH_FIELDS)
    return " ".join("-" if value in (None, "") else _SPACE.sub("_", str(value)) for value in values)


def _fields(message: str, by_letters: Mapping[str, str]) -> dict[str, Any] | str | None:
    """Of JSON the values by field: `elb_status_code`, `elbStatusCode` and `ELB-Status-Code` are the same one. A plain
    line stays as it is."""
    text = message.strip()[:MAX_MESSAGE]
    if not text.startswith("{"):
        return _BREAK.sub(" ", text) or None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, Mapping):
        return None
    named = ((by_letters.get(_NOT_A_LETTER.sub("", str(key).lower())), value) for key, value in found.items())
    return {name: value for name, value in named if name}
