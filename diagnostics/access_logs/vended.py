"""Rows that reach CloudWatch Logs instead of S3: plain lines, or JSON whose key casing AWS does not document.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-logs.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from diagnostics.access_logs.row import FIELDS, joined

MAX_MESSAGE: Final = 65_536
_OTHER_NAMES: Final = {
    "clientport": "client",
    "elbstatus": "elb_status_code",
    "requestline": "request",
    "targetport": "target",
    "timestamp": "time",
}
_BY_LETTERS: Final = {name.replace("_", ""): name for name in FIELDS}
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
    return _line(message, _from_json)


def health_line_of(message: str) -> str | None:
    """The same for a row of a health check log, whose fields hold no spaces."""
    return _line(message, _health_from_json)


def _line(message: str, from_json: Callable[[Mapping[str, Any]], str | None]) -> str | None:
    text = message.strip()[:MAX_MESSAGE]
    if not text.startswith("{"):
        return _BREAK.sub(" ", text) or None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return from_json(found) if isinstance(found, Mapping) else None


def _health_from_json(found: Mapping[str, Any]) -> str | None:
    by_letters = {_NOT_A_LETTER.sub("", str(key).lower()): value for key, value in found.items()}
    by_field = {name: by_letters[letters] for letters, name in _HEALTH_BY_LETTERS.items() if letters in by_letters}
    if "time" not in by_field or "status" not in by_field:
        return None
    values = (by_field.get(name) for name in _HEALTH_FIELDS)
    return " ".join("-" if value in (None, "") else _SPACE.sub("_", str(value)) for value in values)


def _from_json(found: Mapping[str, Any]) -> str | None:
    """`elb_status_code`, `elbStatusCode` and `ELB-Status-Code` are the same field."""
    by_field = {name: value for name, value in ((_field(str(key)), value) for key, value in found.items()) if name}
    if "elb_status_code" not in by_field or "time" not in by_field:
        return None
    values = (by_field.get(name) for name in FIELDS)
    return joined(["-" if value in (None, "") else _BREAK.sub(" ", str(value)) for value in values])


def _field(key: str) -> str | None:
    letters = _NOT_A_LETTER.sub("", key.lower())
    return _BY_LETTERS.get(letters) or _OTHER_NAMES.get(letters)
